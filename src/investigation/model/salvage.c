#include "investigation/model/salvage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "investigation/model/salvage_internal.h"

#define LOOK_BACK_BYTES 120
#define WORK_MAX_BYTES (32 * SALVAGE_MAX_BYTES) /* read in all attempts */

struct search {
	const json_t *tools;
	const char *begin, *end; /* of the text */
	const char *kept;        /* what is before it was given away or taken */
	json_t *calls;
	size_t n_read;
};

static const json_t *find_tool(const json_t *tools, struct str name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(tools, i,
			   tool) if (str_is(name, json_get_text(tool, "name", ""))) return tool;
	return NULL;
}

/* "functions.read_file", "read_file:0" and "default_api.read_file" mean the tool as well. */
static const json_t *find_tool_said(const json_t *tools, const char *said)
{
	const char *dot = strrchr(said, '.');
	const char *name = dot ? dot + 1 : said;

	return find_tool(tools, (struct str) { name, strcspn(name, ":") });
}

static const json_t *member(const json_t *object, const char *const *names)
{
	for (; *names; names++)
		if (json_object_get(object, *names))
			return json_object_get(object, *names);
	return NULL;
}

static bool is_full(const struct search *search)
{
	return json_array_size(search->calls) == SALVAGE_MAX_CALLS;
}

static void add_call(struct search *search, const json_t *tool, json_t *args)
{
	if (is_full(search))
		json_decref(args);
	else
		json_push(search->calls, json_pack("{s:O, s:o}", "name",
						   json_object_get(tool, "name"), "args", args));
}

/* Arguments as an object, as the JSON text of one, or left out. */
static json_t *args_of(const json_t *value)
{
	struct str text;
	json_t *args;

	if (!value || json_is_null(value))
		return json_object();
	if (json_is_object(value))
		return json_deep_copy(value);
	if (!json_is_string(value))
		return NULL;
	text = (struct str) { json_string_value(value), json_string_length(value) };
	args = salvage_json(&text);
	if (json_is_object(args))
		return args;
	json_decref(args);
	return NULL;
}

static bool take_object(struct search *search, const json_t *object)
{
	static const char *const names[] = { "name",   "tool",     "tool_name", "function_name",
					     "action", "function", "call",      NULL };
	static const char *const arguments[] = { "arguments", "parameters",   "args",
						 "input",     "action_input", "tool_input",
						 "params",    "kwargs",       NULL };
	const json_t *name = member(object, names);
	const json_t *tool = json_is_string(name)
				     ? find_tool_said(search->tools, json_string_value(name))
				     : NULL;
	json_t *args;

	if (json_is_object(name))
		return take_object(search, name);
	args = tool ? args_of(member(object, arguments)) : NULL;
	if (!args)
		return false;
	add_call(search, tool, args);
	return true;
}

/* A call, a list of calls, or what wraps one: {"tool_calls": [...]}, {"function_call": {}}. */
static bool take_value(struct search *search, const json_t *value)
{
	static const char *const wrappers[] = { "tool_calls", "function_call", "tool_call",
						"calls",      "actions",       NULL };
	const json_t *inner = member(value, wrappers);
	const json_t *item;
	bool any = false;
	size_t i;

	if (json_is_object(value))
		return take_object(search, value) || (inner && take_value(search, inner));
	json_array_foreach(value, i, item) if (json_is_object(item)) any |=
		take_object(search, item);
	return any;
}

static bool is_noise_part(struct str part)
{
	static const char *const noise[] = { "json",  "action",   "input", "args", "arguments",
					     "tool",  "argument", "call",  "sep",  "parameters",
					     "begin", "with",     "end",   "code" };
	char lower[16];

	str_copy(part, lower, sizeof(lower));
	for (char *at = lower; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		if (strcmp(noise[i], lower) == 0)
			return true;
	return !part.len || (part.len == 1 && isdigit((unsigned char)*part.data));
}

/* What may stand between a tool's name and its arguments: "tool_call_begin". */
static bool is_noise(struct str word)
{
	for (;;) {
		const char *bar = memchr(word.data, '_', word.len);
		size_t n = bar ? (size_t)(bar - word.data) : word.len;

		if (!is_noise_part((struct str) { word.data, n }))
			return false;
		if (!bar)
			return true;
		word = (struct str) { bar + 1, word.len - n - 1 };
	}
}

/* The word that ends at 'end'. */
static struct str word_before(const char *begin, const char *end)
{
	const char *at = end;

	while (at > begin && salvage_is_name_byte(at[-1]))
		at--;
	return (struct str) { at, (size_t)(end - at) };
}

/* The tool that is named just before an object of arguments: "Action: NAME\nInput: {". */
static const json_t *named_before(const struct search *search, const char *at)
{
	const char *begin =
		at - search->kept > LOOK_BACK_BYTES ? at - LOOK_BACK_BYTES : search->kept;

	while (at > begin) {
		struct str word = word_before(begin, at);
		const json_t *tool = word.len ? find_tool(search->tools, word) : NULL;

		if (tool)
			return tool;
		if (word.len && !is_noise(word))
			return NULL;
		at = word.len ? word.data : at - 1;
		if (memchr(".;!?", *at, 4) && at[1] == ' ')
			return NULL;
	}
	return NULL;
}

/* Returns how many bytes were a call, 0 if none begins here. */
static size_t try_json(struct search *search, const char *at)
{
	struct str text = { at, search->n_read < WORK_MAX_BYTES ? (size_t)(search->end - at) : 0 };
	CLEANUP(json) json_t *value = salvage_json(&text);
	const json_t *tool;

	search->n_read += (size_t)(text.data - at);
	if (!value)
		return 0;
	if (take_value(search, value))
		return (size_t)(text.data - at);
	tool = json_is_object(value) ? named_before(search, at) : NULL;
	if (!tool)
		return 0;
	add_call(search, tool, json_incref(value));
	return (size_t)(text.data - at);
}

static size_t try_python(struct search *search, const char *at, struct str name)
{
	struct str text = { name.data + name.len, (size_t)(search->end - name.data) - name.len };
	const json_t *tool = find_tool(search->tools, name);
	json_t *args = tool ? salvage_python(&text, tool) : NULL;

	if (!args)
		return 0;
	add_call(search, tool, args);
	return (size_t)(text.data - at);
}

/* <function=NAME>, <invoke name="NAME">, <NAME>: the length of the tag, and its tool. */
static size_t open_tag(const struct search *search, const char *at, const json_t **tool_out)
{
	const char *close = memchr(at, '>', (size_t)(search->end - at));
	const char *name = at + 1;

	if (!close || close - at > SALVAGE_NAME_BYTES + 24)
		return 0;
	for (const char *c = at; c < close; c++)
		if (*c == '=')
			name = c + 1;
	while (name < close && memchr("\"' ", *name, 3))
		name++;
	*tool_out = find_tool(search->tools, (struct str) { name, strcspn(name, "\"' >/") });
	return *tool_out ? (size_t)(close + 1 - at) : 0;
}

static size_t try_tags(struct search *search, const char *at)
{
	const json_t *tool;
	size_t n = open_tag(search, at, &tool);
	struct str text = { at + n, (size_t)(search->end - at) - n };
	json_t *args = n ? salvage_parameters(&text) : NULL;

	if (!args)
		return 0;
	add_call(search, tool, args);
	return (size_t)(text.data - at);
}

static bool begins_word(const struct search *search, const char *at)
{
	return salvage_is_name_byte(*at) && (at == search->begin || !salvage_is_name_byte(at[-1]));
}

/* Only where code stands: at the front of a line, or of a list of calls. */
static bool is_at_front(const struct search *search, const char *at)
{
	while (at > search->kept && memchr(" \t[,>`*", at[-1], 7))
		at--;
	return at == search->kept || at[-1] == '\n' || at[-1] == '(' || at[-1] == '.';
}

static size_t try_here(struct search *search, const char *at)
{
	struct str name = { at, 0 };

	if (*at == '{' || *at == '[')
		return try_json(search, at);
	if (*at == '<')
		return try_tags(search, at);
	if (!begins_word(search, at) || !is_at_front(search, at))
		return 0;
	while (at + name.len < search->end && salvage_is_name_byte(at[name.len]))
		name.len++;
	return try_python(search, at, name);
}

json_t *salvage_calls(struct str text, const json_t *tools, struct buf *rest_out)
{
	struct search search = {
		.tools = tools,
		.begin = text.data,
		.end = text.data + (text.len < SALVAGE_MAX_BYTES ? text.len : SALVAGE_MAX_BYTES),
		.kept = text.data,
		.calls = json_array(),
	};

	for (const char *at = search.begin; at < search.end && !is_full(&search);) {
		size_t n = try_here(&search, at);

		if (n) {
			buf_add(rest_out, search.kept, (size_t)(at - search.kept));
			search.kept = at + n;
		}
		at += n ? n : 1;
	}
	buf_add(rest_out, search.kept, (size_t)(text.data + text.len - search.kept));
	return search.calls;
}
