#include "investigation/loop_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_TOOLS 4
#define PROPOSALS 16
#define WORD_BYTES 48

static const char *const staples[] = { "get_system_overview", "read_journal",  "list_services",
				       "read_file",           "search_logs",   "get_process_list",
				       "list_directory",      "get_disk_usage" };

bool toolbox_shows_all(const struct loop *loop)
{
	return json_array_size(loop->shown) == json_object_size(loop->tools);
}

static bool is_shown(const struct loop *loop, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(loop->shown, i,
			   item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

static void show(struct loop *loop, const char *name, size_t max)
{
	if (json_array_size(loop->shown) < max && json_object_get(loop->tools, name) &&
	    !is_shown(loop, name))
		json_push(loop->shown, json_string(name));
}

/* What the engine would ask next comes first. */
static void show_proposals(struct loop *loop, size_t max)
{
	const struct investigation *investigation = loop->crew->investigation;
	CLEANUP(json)
	json_t *calls = diagnosis_next(investigation->diagnosis, loop->tools, DILIGENCE_THOROUGH,
				       PROPOSALS);
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call) show(loop, json_get_text(call, "tool", ""), max);
}

void toolbox_fill(struct loop *loop, const struct model *model)
{
	bool is_small = model->context_tokens < LOOP_SMALL_CONTEXT_TOKENS;
	size_t max = is_small ? LOOP_FEW_TOOLS : json_object_size(loop->tools);
	const char *name;
	json_t *tool;

	json_decref(loop->shown);
	loop->shown = json_array();
	if (is_small) {
		show_proposals(loop, max / 2);
		for (size_t i = 0; i < ARRAY_LEN(staples); i++)
			show(loop, staples[i], max);
	}
	json_object_foreach((json_t *)loop->tools, name, tool) show(loop, name, max);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(json_get_text(*(json_t *const *)a, "name", ""),
		      json_get_text(*(json_t *const *)b, "name", ""));
}

static json_t *own_tool(const struct loop_tool *own)
{
	struct error err = { 0 };
	json_t *schema = json_parse(own->schema, strlen(own->schema), 64 * KIB, &err);

	return json_pack("{s:s, s:s, s:o}", "name", own->name, "summary", own->summary, "schema",
			 schema);
}

json_t *toolbox_list(const struct loop *loop)
{
	size_t n_shown = json_array_size(loop->shown), n = 0;
	json_t **tools = calloc(n_shown + LOOP_MAX_OWN_TOOLS, sizeof(json_t *));
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	if (!tools)
		abort();
	json_array_foreach(loop->shown, i, name)
	{
		const json_t *tool = json_object_get(loop->tools, json_string_value(name));

		tools[n++] = json_pack("{s:O, s:O, s:O}", "name", json_object_get(tool, "name"),
				       "summary", json_object_get(tool, "summary"), "schema",
				       json_object_get(tool, "schema"));
	}
	for (i = 0; loop->own[i]; i++)
		tools[n++] = own_tool(loop->own[i]);
	qsort(tools, n, sizeof(tools[0]), by_name);
	for (i = 0; i < n; i++)
		json_push(list, tools[i]);
	free(tools);
	return list;
}

/* How many words of the query stand in the tool's name or summary. */
static unsigned score(const json_t *tool, const char *query)
{
	const char *name = json_get_text(tool, "name", "");
	const char *summary = json_get_text(tool, "summary", "");
	unsigned found = 0;

	while (*query) {
		size_t n = 0;
		char word[WORD_BYTES];

		while (isalnum((unsigned char)query[n]))
			n++;
		str_copy((struct str) { query, n }, word, sizeof(word));
		if (n > 2)
			found += (strcasestr(name, word) ? 3 : 0) +
				 (strcasestr(summary, word) ? 1 : 0);
		query += n ? n : 1;
	}
	return found;
}

static const char *best_match(const struct loop *loop, const char *query, const json_t *found)
{
	const char *name, *best = NULL;
	unsigned best_score = 0;
	json_t *tool;

	json_object_foreach((json_t *)loop->tools, name, tool)
	{
		unsigned this_score = json_object_get(found, name) ? 0 : score(tool, query);

		if (this_score <= best_score)
			continue;
		best = name;
		best_score = this_score;
	}
	return best;
}

static void make_room(struct loop *loop)
{
	while (json_array_size(loop->shown) >= LOOP_FEW_TOOLS &&
	       json_array_remove(loop->shown, 0) == 0)
		continue;
}

json_t *toolbox_find(struct loop *loop, const char *query)
{
	json_t *found = json_object();

	for (size_t i = 0; i < FOUND_TOOLS; i++) {
		const char *name = best_match(loop, query, found);

		if (!name)
			break;
		json_put(found, name,
			 json_incref(
				 json_object_get(json_object_get(loop->tools, name), "summary")));
		if (is_shown(loop, name))
			continue;
		make_room(loop);
		json_push(loop->shown, json_string(name));
	}
	return found;
}

/* Loops may have the same tools: then the first of them has taken it away already. */
void toolbox_withdraw(struct loop *loop, struct str names)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *list = json_parse(names.data, names.len, FRAME_BODY_MAX_BYTES, &err);
	const json_t *name;
	size_t i;

	json_array_foreach(list, i, name)
	{
		(void)json_object_del((json_t *)(uintptr_t)loop->tools,
				      json_is_string(name) ? json_string_value(name) : "");
	}
	for (i = json_array_size(loop->shown); i-- > 0;)
		if (!json_object_get(loop->tools,
				     json_string_value(json_array_get(loop->shown, i))))
			(void)json_array_remove(loop->shown, i);
}
