#include "investigation/model/salvage_internal.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

bool salvage_is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void skip(struct str *text, const char *bytes)
{
	while (text->len && *text->data && strchr(bytes, *text->data))
		*text = (struct str) { text->data + 1, text->len - 1 };
}

static const char *positional_name(const json_t *tool, size_t number)
{
	const json_t *required = json_object_get(json_object_get(tool, "schema"), "required");

	return json_string_value(json_array_get(required, number));
}

static bool is_key(struct str text, struct str *key_out)
{
	size_t n = 0;

	while (n < text.len && salvage_is_name_byte(text.data[n]))
		n++;
	*key_out = (struct str) { text.data, n };
	text = (struct str) { text.data + n, text.len - n };
	skip(&text, " \t");
	return n && text.len > 1 && *text.data == '=' && text.data[1] != '=';
}

/* key=value, or a value for the parameter of that number; a bare word is prose. */
static bool take_python_arg(struct str *text, const json_t *tool, size_t number, json_t *args)
{
	char name[SALVAGE_NAME_BYTES] = "";
	json_t *value;
	struct str key;

	if (is_key(*text, &key)) {
		str_copy(key, name, sizeof(name));
		*text = (struct str) { key.data + key.len, text->len - key.len };
		skip(text, " \t=");
	} else if (!text->len || isalpha((unsigned char)*text->data) || *text->data == ')') {
		return false;
	}
	value = salvage_json(text);
	if (!name[0] && json_is_object(value)) {
		(void)json_object_update(args,
					 value); /* of two objects: cannot fail but for memory */
		json_decref(value);
		return true;
	}
	if (!name[0] && positional_name(tool, number))
		text_format(name, sizeof(name), "%s", positional_name(tool, number));
	if (value && name[0])
		json_put(args, name, value);
	else
		json_decref(value);
	return value && name[0];
}

json_t *salvage_python(struct str *text, const json_t *tool)
{
	CLEANUP(json) json_t *args = json_object();
	struct str cursor = *text;

	skip(&cursor, " ");
	if (!cursor.len || *cursor.data != '(')
		return NULL;
	skip(&cursor, "( \t\r\n");
	for (size_t i = 0; cursor.len && *cursor.data != ')'; i++) {
		if (!take_python_arg(&cursor, tool, i, args))
			return NULL;
		skip(&cursor, ", \t\r\n");
	}
	if (cursor.len)
		cursor = (struct str) { cursor.data + 1, cursor.len - 1 };
	*text = cursor;
	return TAKE(args);
}

static json_t *parameter_value(struct str text)
{
	struct str cursor = text;
	json_t *value;

	skip(&text, " \t\r\n");
	while (text.len && memchr(" \t\r\n", text.data[text.len - 1], 4))
		text.len--;
	cursor = text;
	value = text.len && memchr("{[0123456789-tf", *text.data, 15) ? salvage_json(&cursor)
								      : NULL;
	if (value && !cursor.len)
		return value;
	json_decref(value);
	return json_str(text);
}

static bool take_parameter(struct str *text, json_t *args)
{
	const char *end = text->data + text->len;
	const char *close, *stop, *after;
	char tag[SALVAGE_NAME_BYTES + 24], *name;

	skip(text, " \t\r\n");
	close = text->len > 2 && *text->data == '<' && text->data[1] != '/'
			? memchr(text->data, '>', text->len)
			: NULL;
	if (!close || (size_t)(close - text->data) >= sizeof(tag))
		return false;
	str_copy((struct str) { text->data + 1, (size_t)(close - text->data) - 1 }, tag,
		 sizeof(tag));
	name = strrchr(tag, '=');
	name = name ? name + 1 : tag;
	name += strspn(name, "\"' ");
	name[strcspn(name, "\"' ")] = '\0';
	stop = memmem(close, (size_t)(end - close), "</", 2);
	after = stop ? memchr(stop, '>', (size_t)(end - stop)) : NULL;
	if (!*name || !after || !utf8_is_valid(name, strlen(name)))
		return false;
	json_put(args, name,
		 parameter_value((struct str) { close + 1, (size_t)(stop - close) - 1 }));
	*text = (struct str) { after + 1, (size_t)(end - after) - 1 };
	return true;
}

json_t *salvage_parameters(struct str *text)
{
	CLEANUP(json) json_t *args = json_object();
	struct str cursor = *text;

	while (take_parameter(&cursor, args))
		continue;
	skip(&cursor, " \t\r\n");
	if (!json_object_size(args) && !str_starts(cursor, "</"))
		return NULL;
	*text = cursor;
	return TAKE(args);
}
