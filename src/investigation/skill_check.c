#include "investigation/skill_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call/schema.h"

#define CALL_MAX_BYTES (4 * KIB)

static const json_t *find_tool(const json_t *catalogue, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(catalogue, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return tool;
	}
	return NULL;
}

static int check_tools(const struct skill *skill, const json_t *catalogue, struct error *err)
{
	CLEANUP(json) json_t *names = skill_tools(skill);
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (!find_tool(catalogue, json_string_value(name)))
			return error_set(err, -EINVAL, "allowed-tools: there is no tool '%.64s'",
					 json_string_value(name));
	}
	return 0;
}

/* One `tool {"x": 1}` of a text: its tool exists and its arguments fit. */
static int check_call(const char *text, size_t len, const json_t *catalogue, struct error *err)
{
	const char *brace = memchr(text, '{', len);
	size_t n_name = (size_t)(brace - text) - 1, n_args = len - (size_t)(brace - text);
	CLEANUP(json) json_t *args = NULL;
	const json_t *tool;
	char name[80];

	(void)snprintf(name, sizeof(name), "%.*s", (int)(n_name < 79 ? n_name : 79), text);
	tool = find_tool(catalogue, name);
	if (!tool)
		return error_set(err, -EINVAL, "`%.*s`: there is no tool '%s'", (int)len, text,
				 name);
	args = json_parse(brace, n_args, CALL_MAX_BYTES, err);
	if (!args || schema_check(json_object_get(tool, "schema"), args, err) < 0)
		return error_wrap(err, "`%.*s`", (int)len, text);
	return 0;
}

/* Code that is a word of a tool's kind, a blank and an object. */
static bool is_call(const char *text, size_t len)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return n > 0 && n + 2 < len && text[n] == ' ' && text[n + 1] == '{';
}

static int check_calls(const char *text, const json_t *catalogue, struct error *err)
{
	const char *at = text;

	while ((at = strchr(at, '`'))) {
		const char *end = strpbrk(at + 1, "`\n");
		size_t len = end ? (size_t)(end - at) - 1 : 0;

		if (!end)
			break;
		if (*end == '`' && is_call(at + 1, len)) {
			int r = check_call(at + 1, len, catalogue, err);

			if (r < 0)
				return r;
		}
		at = end + 1;
	}
	return 0;
}

/* "(references/x.md)" and "`scripts/x.sh`": where a body sends its reader. */
static int check_mentions_of(const struct skill *skill, const char *folder, struct error *err)
{
	for (const char *at = skill->body; (at = strstr(at, folder)); at++) {
		char named[SKILL_PATH_MAX_BYTES + 1];
		size_t len = strcspn(at, " )`\n\"',");

		len -= len && at[len - 1] == '.'; /* of the sentence */
		str_copy((struct str) { at, len }, named, sizeof(named));
		if (!json_object_get(skill->files, named))
			return error_set(err, -ENOENT, "SKILL.md mentions '%s', which is not there",
					 named);
	}
	return 0;
}

static int check_files(const struct skill *skill, struct error *err)
{
	const char *path;
	json_t *text;

	json_object_foreach(skill->files, path, text)
	{
		if (!strstr(skill->body, path))
			return error_set(err, -EINVAL, "SKILL.md does not mention its file '%s'",
					 path);
		if (strncmp(path, "scripts/", 8) == 0 && !skill_script(skill, path, err))
			return err->code;
	}
	return 0;
}

static int check_text(const struct skill *skill, const json_t *catalogue, struct error *err)
{
	int r = check_tools(skill, catalogue, err);

	if (r == 0)
		r = check_files(skill, err);
	if (r == 0)
		r = check_mentions_of(skill, "references/", err);
	if (r == 0)
		r = check_mentions_of(skill, "scripts/", err);
	return r < 0 ? r : check_calls(skill->body, catalogue, err);
}

int skill_check(const struct skill *skill, const json_t *catalogue, struct error *err)
{
	const char *path;
	json_t *text;
	int r = check_text(skill, catalogue, err);

	json_object_foreach(skill->files, path, text)
	{
		if (r == 0 && strncmp(path, "scripts/", 8) != 0)
			r = check_calls(json_string_value(text), catalogue, err);
	}
	return r < 0 ? error_wrap(err, "skill '%s'", skill->name) : 0;
}
