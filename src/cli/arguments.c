#include "cli/arguments.h"

#include <errno.h>
#include <string.h>

#define VALUE_MAX_BYTES (1 * MIB)
#define MAX_TYPES 6

/* The type names of a schema, in the order in which a word should be tried as one. */
static size_t types_of(const json_t *schema, const char *types[MAX_TYPES])
{
	const json_t *type = json_object_get(schema, "type");
	const json_t *name;
	size_t i, n = 0;

	if (json_is_string(type))
		types[n++] = json_string_value(type);
	json_array_foreach(type, i, name)
	{
		if (n < MAX_TYPES && json_is_string(name))
			types[n++] = json_string_value(name);
	}
	return n;
}

static json_t *number_from(const char *text, const char *type)
{
	const char *at = text;
	int64_t whole;
	double real;

	if (scan_i64(&at, &whole) && !*at)
		return json_integer(whole);
	at = text;
	if (strcmp(type, "number") == 0 && scan_double(&at, &real) && !*at)
		return json_real(real);
	return NULL;
}

static json_t *boolean_from(const char *text)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcmp(text, yes[i]) == 0)
			return json_true();
		if (strcmp(text, no[i]) == 0)
			return json_false();
	}
	return NULL;
}

static json_t *value_from(const json_t *schema, const char *text);

/* "a,b" by the items' schema; one that cannot be an item makes no list. */
static json_t *list_from(const json_t *schema, const char *text)
{
	const json_t *items = json_object_get(schema, "items");
	CLEANUP(json) json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");
		CLEANUP(text) char *word = strndup(text, len);
		json_t *item = word ? value_from(items, word) : NULL;

		if (!item)
			return NULL;
		json_push(list, item);
		text += len + (text[len] == ',');
	}
	return TAKE(list);
}

static json_t *document_from(const char *text)
{
	struct error err = { 0 };

	return json_parse(text, strlen(text), VALUE_MAX_BYTES, &err);
}

static json_t *value_of_type(const json_t *schema, const char *type, const char *text)
{
	if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		return number_from(text, type);
	if (strcmp(type, "boolean") == 0)
		return boolean_from(text);
	if (strcmp(type, "array") == 0)
		return text[0] == '[' ? document_from(text) : list_from(schema, text);
	if (strcmp(type, "object") == 0)
		return text[0] == '{' ? document_from(text) : NULL;
	if (strcmp(type, "null") == 0)
		return strcmp(text, "null") == 0 ? json_null() : NULL;
	return NULL;
}

/* Text last: every word could be one. */
static json_t *value_from(const json_t *schema, const char *text)
{
	const char *types[MAX_TYPES];
	size_t n = types_of(schema, types);
	bool may_be_text = n == 0;

	for (size_t i = 0; i < n; i++) {
		json_t *value = value_of_type(schema, types[i], text);

		if (value)
			return value;
		may_be_text = may_be_text || strcmp(types[i], "string") == 0;
	}
	return may_be_text ? json_text(text, strlen(text)) : NULL;
}

static void list_keys(const json_t *properties, char *text, size_t size)
{
	const char *key;
	json_t *unused;
	size_t len = 0;

	text[0] = '\0';
	json_object_foreach((json_t *)properties, key, unused)
	{
		if (len + 1 < size)
			text_format(text + len, size - len, "%s%s", len ? ", " : "", key);
		len = strlen(text);
	}
}

static int add_word(const json_t *properties, const char *word, json_t *args, struct error *err)
{
	size_t len = strcspn(word, "=");
	CLEANUP(text) char *key = strndup(word, len);
	const json_t *property = key ? json_object_get(properties, key) : NULL;
	char text[256];
	json_t *value;

	if (!key)
		abort();
	if (!word[len])
		return error_set(err, -EINVAL, "'%s' is no argument: write KEY=VALUE or JSON",
				 word);
	if (!property) {
		list_keys(properties, text, sizeof(text));
		return error_set(err, -EINVAL, "no argument '%s'; it takes %s", key,
				 *text ? text : "none");
	}
	value = value_from(property, word + len + 1);
	if (!value) {
		arguments_describe(property, text, sizeof(text));
		return error_set(err, -EINVAL, "%s: '%s' is no %s", key, word + len + 1, text);
	}
	json_put(args, key, value);
	return 0;
}

json_t *arguments_from_words(const json_t *schema, const char *const *words, size_t n,
			     struct error *err)
{
	CLEANUP(json) json_t *args = json_object();

	for (size_t i = 0; i < n; i++)
		if (add_word(json_object_get(schema, "properties"), words[i], args, err) < 0)
			return NULL;
	return TAKE(args);
}

static void add_text(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	if (len + 1 < size)
		text_format(text + len, size - len, "%s", more);
}

static void add_bound(const json_t *property, const char *key, const char *word, char *text,
		      size_t size)
{
	const json_t *bound = json_object_get(property, key);
	char number[48];

	if (!json_is_number(bound))
		return;
	text_format(number, sizeof(number), " %s %.15g", word, json_number_value(bound));
	add_text(text, size, number);
}

static void add_choices(const json_t *property, char *text, size_t size)
{
	const json_t *choice;
	size_t i;

	json_array_foreach(json_object_get(property, "enum"), i, choice)
	{
		add_text(text, size, i ? " | " : ": ");
		add_text(text, size, json_is_string(choice) ? json_string_value(choice) : "?");
	}
}

void arguments_describe(const json_t *property, char *text, size_t size)
{
	const char *types[MAX_TYPES];
	size_t n = types_of(property, types);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		bool is_path = strcmp(json_get_text(property, "format", ""), "path") == 0;

		add_text(text, size, i ? " or " : "");
		add_text(text, size,
			 is_path && strcmp(types[i], "string") == 0 ? "path" : types[i]);
	}
	if (json_object_get(property, "items")) {
		char item[64];

		arguments_describe(json_object_get(property, "items"), item, sizeof(item));
		add_text(text, size, " of ");
		add_text(text, size, item);
	}
	add_choices(property, text, size);
	add_bound(property, "minimum", "from", text, size);
	add_bound(property, "maximum", "to", text, size);
}
