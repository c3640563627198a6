#include <string.h>

#include "call/schema_internal.h"

enum keyword_kind {
	KEYWORD_TYPE,
	KEYWORD_TEXT,
	KEYWORD_ANY,
	KEYWORD_LIST,  /* not empty */
	KEYWORD_NAMES, /* strings */
	KEYWORD_NUMBER,
	KEYWORD_COUNT,
	KEYWORD_FORMAT,
	KEYWORD_SCHEMA,
	KEYWORD_FALSE_OR_SCHEMA,
	KEYWORD_SCHEMAS,
};

static const struct keyword {
	const char *name;
	enum keyword_kind kind;
	const char *wants;
} keywords[] = {
	{ "additionalProperties", KEYWORD_FALSE_OR_SCHEMA, "false or a schema" },
	{ "const", KEYWORD_ANY, "" },
	{ "default", KEYWORD_ANY, "" },
	{ "description", KEYWORD_TEXT, "a string" },
	{ "enum", KEYWORD_LIST, "a list of values, not empty" },
	{ "format", KEYWORD_FORMAT, "\"path\"" },
	{ "items", KEYWORD_SCHEMA, "a schema" },
	{ "maxItems", KEYWORD_COUNT, "a count" },
	{ "maxLength", KEYWORD_COUNT, "a count" },
	{ "maximum", KEYWORD_NUMBER, "a number" },
	{ "minItems", KEYWORD_COUNT, "a count" },
	{ "minLength", KEYWORD_COUNT, "a count" },
	{ "minimum", KEYWORD_NUMBER, "a number" },
	{ "properties", KEYWORD_SCHEMAS, "an object of schemas" },
	{ "required", KEYWORD_NAMES, "a list of names" },
	{ "title", KEYWORD_TEXT, "a string" },
	{ "type", KEYWORD_TYPE, "the name of a type, or a list of them" },
};

static int check_self(const json_t *schema, const struct place *place, struct error *err);

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static bool is_type_name(const json_t *value)
{
	static const char *const names[] = { "object", "array",   "string", "integer",
					     "number", "boolean", "null" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_is_string(value) && strcmp(json_string_value(value), names[i]) == 0)
			return true;
	return false;
}

static bool is_type(const json_t *value)
{
	const json_t *name;
	size_t i;

	if (!json_is_array(value))
		return is_type_name(value);
	json_array_foreach(value, i, name)
	{
		if (!is_type_name(name))
			return false;
	}
	return json_array_size(value) > 0;
}

static bool is_list_of_names(const json_t *value)
{
	const json_t *name;
	size_t i;

	json_array_foreach(value, i, name)
	{
		if (!json_is_string(name))
			return false;
	}
	return json_is_array(value);
}

static bool is_of_kind(const json_t *value, enum keyword_kind kind)
{
	switch (kind) {
	case KEYWORD_TYPE:
		return is_type(value);
	case KEYWORD_TEXT:
		return json_is_string(value);
	case KEYWORD_LIST:
		return json_array_size(value) > 0;
	case KEYWORD_NAMES:
		return is_list_of_names(value);
	case KEYWORD_NUMBER:
		return json_is_number(value);
	case KEYWORD_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case KEYWORD_FORMAT:
		return json_is_string(value) && strcmp(json_string_value(value), "path") == 0;
	case KEYWORD_SCHEMA:
	case KEYWORD_SCHEMAS:
		return json_is_object(value);
	case KEYWORD_FALSE_OR_SCHEMA:
		return json_is_object(value) || json_is_false(value);
	case KEYWORD_ANY:
		break;
	}
	return true;
}

static int check_properties(const json_t *properties, const struct place *place, struct error *err)
{
	const char *key;
	json_t *property;

	json_object_foreach((json_t *)properties, key, property)
	{
		struct place at = place_member(place, key);
		int r = check_self(property, &at, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_keyword(const struct keyword *keyword, const json_t *value,
			 const struct place *place, struct error *err)
{
	struct place at = place_member(place, keyword->name);

	if (!is_of_kind(value, keyword->kind))
		return place_error(&at, err, "must be %s", keyword->wants);
	if (keyword->kind == KEYWORD_SCHEMAS)
		return check_properties(value, &at, err);
	if (keyword->kind == KEYWORD_SCHEMA ||
	    (keyword->kind == KEYWORD_FALSE_OR_SCHEMA && json_is_object(value)))
		return check_self(value, &at, err);
	return 0;
}

static int check_bounds(const json_t *schema, const struct place *place, struct error *err)
{
	static const char *const pairs[][2] = {
		{ "minimum", "maximum" },
		{ "minLength", "maxLength" },
		{ "minItems", "maxItems" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const json_t *low = json_object_get(schema, pairs[i][0]);
		const json_t *high = json_object_get(schema, pairs[i][1]);

		if (low && high && json_number_value(low) > json_number_value(high))
			return place_error(place, err, "%s is above %s", pairs[i][0], pairs[i][1]);
	}
	return 0;
}

/* A required member that may not be there is a schema nothing satisfies. */
static int check_required(const json_t *schema, const struct place *place, struct error *err)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *name;
	size_t i;

	if (!json_is_false(json_object_get(schema, "additionalProperties")))
		return 0;
	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (!json_object_get(properties, json_string_value(name)))
			return place_error(place, err, "requires '%s', which it does not allow",
					   json_string_value(name));
	}
	return 0;
}

static int check_default(const json_t *schema, const struct place *place, struct error *err)
{
	const json_t *value = json_object_get(schema, "default");
	struct place at = place_member(place, "default");
	struct error why;

	if (!value || schema_check(schema, value, &why) == 0)
		return 0;
	return place_error(&at, err, "does not satisfy the schema (%s)", why.text);
}

static int check_self(const json_t *schema, const struct place *place, struct error *err)
{
	const char *key;
	json_t *value;
	int r;

	if (!json_is_object(schema))
		return place_error(place, err, "a schema must be an object");
	if (place->depth > SCHEMA_MAX_DEPTH)
		return place_error(place, err, "is nested deeper than %d", SCHEMA_MAX_DEPTH);
	json_object_foreach((json_t *)schema, key, value)
	{
		const struct keyword *keyword = find_keyword(key);
		struct place at = place_member(place, key);

		if (!keyword)
			return place_error(&at, err, "is not a keyword that is checked here");
		r = check_keyword(keyword, value, place, err);
		if (r < 0)
			return r;
	}
	r = check_bounds(schema, place, err);
	if (r == 0)
		r = check_required(schema, place, err);
	return r < 0 ? r : check_default(schema, place, err);
}

int schema_check_self(const json_t *schema, struct error *err)
{
	struct place root = { 0 };

	return check_self(schema, &root, err);
}
