#include "server/inquiry/choice.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "server/api/agent_row.h"

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_HOSTNAME,
	COLUMN_LABELS,
};

static void add_once(json_t *ids, const char *id)
{
	const json_t *other;
	size_t i;

	json_array_foreach(ids, i, other) if (strcmp(json_string_value(other), id) == 0) return;
	json_push(ids, json_string(id));
}

static int add_named(json_t *ids, const struct store_rows *agents, const char *name,
		     struct error *err)
{
	const char *found = NULL;

	for (unsigned i = 0; i < agents->n_rows; i++) {
		const char *id = store_text_at(agents, i, COLUMN_ID);

		if (strcmp(id, name) == 0) {
			found = id;
			break;
		}
		if (strcmp(store_text_at(agents, i, COLUMN_NAME), name) != 0 &&
		    strcmp(store_text_at(agents, i, COLUMN_HOSTNAME), name) != 0)
			continue;
		if (found)
			return error_set(err, -EEXIST,
					 "several agents have the name '%s': give the id", name);
		found = id;
	}
	if (!found)
		return error_set(err, -ENOENT, "no agent has the name '%s'", name);
	add_once(ids, found);
	return 0;
}

static bool has_labels(const struct store_rows *agents, unsigned row, const json_t *body)
{
	CLEANUP(json)
	json_t *labels = json_loads(store_text_at(agents, row, COLUMN_LABELS), 0, NULL);
	const char *key;
	const json_t *value;

	if (!agent_has_label(labels, json_get_text(body, "label", NULL)))
		return false;
	json_object_foreach(json_object_get(body, "labels"), key,
			    value) if (strcmp(json_get_text(labels, key, "\x01"),
					      json_string_value(value)) != 0) return false;
	return true;
}

static int add_labelled(json_t *ids, const struct store_rows *agents, const json_t *body,
			struct error *err)
{
	size_t before = json_array_size(ids);

	for (unsigned i = 0; i < agents->n_rows; i++)
		if (has_labels(agents, i, body))
			add_once(ids, store_text_at(agents, i, COLUMN_ID));
	return json_array_size(ids) > before ? 0
					     : error_set(err, -ENOENT, "no agent has these labels");
}

static bool is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* As a word of its own: "db-1" is not in "db-10", but is at the end of a sentence. */
static bool mentions(const char *prompt, const char *name)
{
	size_t len = strlen(name);

	if (len < 2)
		return false;
	for (const char *at = prompt; (at = strcasestr(at, name)); at++) {
		bool begins = at == prompt || !is_in_name(at[-1]);
		const char *after = at + len;

		if (*after == '.' && !is_in_name(after[1]))
			after++;
		if (begins && (!is_in_name(*after)))
			return true;
	}
	return false;
}

static void add_mentioned(json_t *ids, const struct store_rows *agents, const char *prompt)
{
	for (unsigned i = 0; i < agents->n_rows; i++)
		if (mentions(prompt, store_text_at(agents, i, COLUMN_NAME)) ||
		    mentions(prompt, store_text_at(agents, i, COLUMN_HOSTNAME)))
			add_once(ids, store_text_at(agents, i, COLUMN_ID));
}

static int add_given(json_t *ids, const struct store_rows *agents, const json_t *body,
		     struct error *err)
{
	const char *host = json_get_text(body, "host", NULL);
	const json_t *name;
	size_t i;
	int r = host ? add_named(ids, agents, host, err) : 0;

	json_array_foreach(json_object_get(body, "agents"), i, name) if (r == 0) r =
		add_named(ids, agents, json_string_value(name), err);
	if (r == 0 &&
	    (json_object_get(body, "label") || json_object_size(json_object_get(body, "labels"))))
		r = add_labelled(ids, agents, body, err);
	return r;
}

static int add_unnamed(json_t *ids, const struct store_rows *agents, const json_t *body,
		       struct error *err)
{
	add_mentioned(ids, agents, json_get_text(body, "prompt", ""));
	if (json_array_size(ids))
		return 0;
	if (agents->n_rows == 0)
		return error_set(err, -ENOENT, "no host is enrolled");
	if (agents->n_rows > INQUIRY_MAX_AGENTS)
		return error_set(err, -E2BIG,
				 "which of your %u hosts? Say it in the prompt, or with host, "
				 "agents or labels",
				 agents->n_rows);
	for (unsigned i = 0; i < agents->n_rows; i++)
		add_once(ids, store_text_at(agents, i, COLUMN_ID));
	return 0;
}

json_t *choice_make(const json_t *body, const struct store_rows *agents, bool thread_exists,
		    struct error *err)
{
	CLEANUP(json) json_t *ids = json_array();
	int r = add_given(ids, agents, body, err);

	if (r == 0 && json_array_size(ids) == 0 && !thread_exists)
		r = add_unnamed(ids, agents, body, err);
	if (r == 0 && json_array_size(ids) > INQUIRY_MAX_AGENTS)
		r = error_set(err, -E2BIG, "%zu hosts are meant, %d are the most at once",
			      json_array_size(ids), INQUIRY_MAX_AGENTS);
	return r < 0 ? NULL : TAKE(ids);
}
