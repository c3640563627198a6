#include "mcp_client/header.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/encoding.h"

#define MARK "x-mcp-header"
#define MAX_DEPTH 16
#define NUMBER_BYTES 32

static bool is_plain(struct str value)
{
	if (!value.len || (value.len >= 2 && memcmp(value.data, "=?", 2) == 0))
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	return value.data[0] != ' ' && value.data[value.len - 1] != ' ';
}

void mcp_header_add(struct str value, struct buf *out)
{
	CLEANUP(text) char *encoded = NULL;

	if (is_plain(value)) {
		buf_add(out, value.data, value.len);
		return;
	}
	encoded = base64_text(value.data, value.len);
	buf_add_format(out, "=?base64?%s?=", encoded);
}

static bool is_token(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("!#$%&'*+-.^_`|~", name[i]))
			return false;
	return len && len < MCP_HEADER_NAME_BYTES;
}

static bool is_primitive(const char *type)
{
	return strcmp(type, "string") == 0 || strcmp(type, "integer") == 0 ||
	       strcmp(type, "boolean") == 0;
}

/* {name in lower case: true} of what was found so far. */
static int check_mark(const json_t *property, json_t *found, struct error *err)
{
	const char *name = json_string_value(json_object_get(property, MARK));
	char lower[MCP_HEADER_NAME_BYTES];

	if (!name || !is_token(name))
		return error_set(err, -EINVAL, "an " MARK " is no name of a header");
	if (!is_primitive(json_get_text(property, "type", "")))
		return error_set(err, -EINVAL,
				 "the " MARK " '%s' is on no text, integer or boolean", name);
	for (size_t i = 0; i <= strlen(name); i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	if (json_object_get(found, lower))
		return error_set(err, -EINVAL, "the " MARK " '%s' stands twice", name);
	json_put(found, lower, json_true());
	if (json_object_size(found) > MCP_MAX_PARAM_HEADERS)
		return error_set(err, -E2BIG, "more than %d " MARK, MCP_MAX_PARAM_HEADERS);
	return 0;
}

/* How many marks stand anywhere, also where none may. */
static size_t count(const json_t *value, unsigned depth)
{
	size_t n = json_object_get(value, MARK) ? 1 : 0, i;
	const char *key;
	json_t *item;

	if (depth > MAX_DEPTH)
		return 0;
	json_object_foreach((json_t *)(uintptr_t)value, key, item) n += count(item, depth + 1);
	json_array_foreach(value, i, item) n += count(item, depth + 1);
	return n;
}

static int check(const json_t *schema, json_t *found, unsigned depth, struct error *err)
{
	const char *key;
	json_t *property;
	int r = 0;

	if (depth > MAX_DEPTH)
		return 0;
	json_object_foreach(json_object_get(schema, "properties"), key, property)
	{
		if (r == 0 && json_object_get(property, MARK))
			r = check_mark(property, found, err);
		if (r == 0)
			r = check(property, found, depth + 1, err);
	}
	return r;
}

int mcp_header_check(const json_t *schema, struct error *err)
{
	CLEANUP(json) json_t *found = json_object();
	int r = check(schema, found, 0, err);

	if (r == 0 && count(schema, 0) != json_object_size(found))
		return error_set(err, -EINVAL, "an " MARK " stands where no argument is");
	return r;
}

static void put_value(const char *name, const json_t *value,
		      void (*put)(const char *name, struct str value, void *data), void *data)
{
	char number[NUMBER_BYTES];

	if (json_is_string(value))
		put(name, (struct str) { json_string_value(value), json_string_length(value) },
		    data);
	if (json_is_boolean(value))
		put(name,
		    json_is_true(value) ? (struct str) { "true", 4 } : (struct str) { "false", 5 },
		    data);
	if (!json_is_integer(value))
		return;
	text_format(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	put(name, (struct str) { number, strlen(number) }, data);
}

void mcp_header_each(const json_t *schema, const json_t *args,
		     void (*put)(const char *name, struct str value, void *data), void *data)
{
	const char *key;
	json_t *property;

	json_object_foreach(json_object_get(schema, "properties"), key, property)
	{
		const char *name = json_string_value(json_object_get(property, MARK));
		const json_t *value = json_object_get(args, key);

		if (name)
			put_value(name, value, put, data);
		else if (json_is_object(value))
			mcp_header_each(property, value, put, data);
	}
}
