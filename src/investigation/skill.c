#include "investigation/skill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/yaml.h"

#define FENCE "---"

/* Keys of the front matter; 'max' is the longest text, 0 for a mapping. */
static const struct key {
	const char *name;
	size_t max;
	bool is_required;
} keys[] = {
	{ "name", SKILL_NAME_MAX_BYTES, true },
	{ "description", SKILL_DESCRIPTION_MAX_BYTES, true },
	{ "license", SKILL_COMPATIBILITY_MAX_BYTES, false },
	{ "compatibility", SKILL_COMPATIBILITY_MAX_BYTES, false },
	{ "allowed-tools", SKILL_DESCRIPTION_MAX_BYTES, false },
	{ "metadata", 0, false },
};

static bool take_line(struct str *rest, struct str *line_out)
{
	const char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;

	if (!rest->len)
		return false;
	*line_out = (struct str) { rest->data, len };
	if (len && rest->data[len - 1] == '\r')
		line_out->len--;
	len += end != NULL;
	*rest = (struct str) { rest->data + len, rest->len - len };
	return true;
}

static bool is_fence(struct str line)
{
	while (line.len && (line.data[line.len - 1] == ' ' || line.data[line.len - 1] == '\t'))
		line.len--;
	return line.len == strlen(FENCE) && memcmp(line.data, FENCE, line.len) == 0;
}

/* Front matter between two lines of dashes, the body after them. */
static int split(struct str text, struct str *matter_out, struct str *body_out, struct error *err)
{
	struct str rest = text, line, matter;

	if (!take_line(&rest, &line) || !is_fence(line))
		return error_set(err, -EBADMSG, "SKILL.md:1: it does not begin with a line of ---");
	matter = rest;
	while (take_line(&rest, &line)) {
		if (!is_fence(line))
			continue;
		*matter_out = (struct str) { matter.data, (size_t)(line.data - matter.data) };
		*body_out = rest;
		return 0;
	}
	return error_set(err, -EBADMSG,
			 "SKILL.md: its front matter does not end with a line of ---");
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int check_metadata(const struct yaml *file, const json_t *value, struct error *err)
{
	const char *name;
	json_t *inner;

	if (!json_is_object(value))
		return yaml_error(file, err, "/metadata", "expected a mapping");
	json_object_foreach((json_t *)value, name, inner)
	{
		if (json_is_object(inner) || json_is_array(inner))
			return yaml_error(file, err, "/metadata", "'%.40s' is no plain value",
					  name);
	}
	return 0;
}

static int check_key(const struct yaml *file, const char *name, const json_t *value,
		     struct error *err)
{
	const struct key *key = find_key(name);
	char pointer[64];

	(void)snprintf(pointer, sizeof(pointer), "/%.50s", name);
	if (!key)
		return yaml_error(file, err, pointer, "is not a key of a skill");
	if (!key->max)
		return check_metadata(file, value, err);
	if (!json_is_string(value) || !json_string_length(value))
		return yaml_error(file, err, pointer, "expected a text that is not empty");
	if (json_string_length(value) > key->max)
		return yaml_error(file, err, pointer, "is longer than %zu bytes", key->max);
	return 0;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static int check_name(const struct yaml *file, const char *name, const char *folder,
		      struct error *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!is_name_char(name[i]) ||
		    (name[i] == '-' && (i == 0 || i + 1 == len || name[i + 1] == '-')))
			return yaml_error(file, err, "/name",
					  "expected lower case letters, digits and single hyphens");
	if (folder && strcmp(folder, name) != 0)
		return yaml_error(file, err, "/name", "is not that of its folder, '%.64s'", folder);
	return 0;
}

static int check_matter(const struct yaml *file, const char *folder, struct error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(file->root))
		return yaml_error(file, err, "", "expected a mapping");
	json_object_foreach(file->root, name, value)
	{
		int r = check_key(file, name, value, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].is_required && !json_object_get(file->root, keys[i].name))
			return yaml_error(file, err, "", "the key '%s' is missing", keys[i].name);
	return check_name(file, json_get_text(file->root, "name", ""), folder, err);
}

int skill_parse(struct skill *skill, const char *name, struct str text, struct error *err)
{
	CLEANUP(yaml) struct yaml file = { 0 };
	struct str matter = { 0 }, body = { 0 };
	int r;

	*skill = (struct skill) { 0 };
	if (text.len > SKILL_FILE_MAX_BYTES || !utf8_is_valid(text.data, text.len) ||
	    memchr(text.data, '\0', text.len))
		return error_set(err, -EBADMSG, "SKILL.md is no UTF-8 text of at most %zu KiB",
				 SKILL_FILE_MAX_BYTES / KIB);
	r = split(text, &matter, &body, err);
	if (r == 0)
		r = yaml_parse(&file, "SKILL.md", matter, err);
	if (r == 0)
		r = check_matter(&file, name, err);
	if (r < 0)
		return r;
	(void)snprintf(skill->name, sizeof(skill->name), "%s",
		       json_get_text(file.root, "name", ""));
	skill->matter = json_incref(file.root);
	skill->body = strndup(body.data, body.len);
	skill->files = json_object();
	if (!skill->body || !skill->files)
		abort();
	return 0;
}

void skill_finish(struct skill *skill)
{
	json_decref(skill->matter);
	json_decref(skill->files);
	free(skill->body);
	*skill = (struct skill) { 0 };
}

void skill_cleanup(struct skill *skill)
{
	skill_finish(skill);
}

const char *skill_description(const struct skill *skill)
{
	return json_get_text(skill->matter, "description", "");
}

json_t *skill_tools(const struct skill *skill)
{
	const char *at = json_get_text(skill->matter, "allowed-tools", "");
	json_t *names = json_array();

	for (at += strspn(at, " \t\n,"); *at; at += strspn(at, " \t\n,")) {
		size_t len = strcspn(at, " \t\n,");

		json_push(names, json_text(at, len));
		at += len;
	}
	return names;
}

static void list_files(const struct skill *skill, struct buf *out)
{
	const char *path;
	json_t *text;

	buf_add_text(out, "SKILL.md");
	json_object_foreach(skill->files, path, text)
	{
		buf_add_text(out, ", ");
		buf_add_text(out, path);
	}
}

const char *skill_file(const struct skill *skill, const char *path, struct error *err)
{
	const json_t *text = json_object_get(skill->files, path);
	CLEANUP(buf) struct buf known = { 0 };

	if (!*path || strcmp(path, "SKILL.md") == 0)
		return skill->body;
	if (text)
		return json_string_value(text);
	buf_init(&known, KIB);
	list_files(skill, &known);
	error_set(err, -ENOENT, "the skill '%s' has no file '%.100s', but %.300s", skill->name,
		  path, buf_text(&known));
	return NULL;
}
