#include "call/schema.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "call/schema_internal.h"

static int check(const json_t *schema, const json_t *value, const struct place *place,
		 struct error *err);

bool schema_type_is(const json_t *value, const char *type)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	return strcmp(type, "null") == 0 && json_is_null(value);
}

static int check_type(const json_t *type, const json_t *value, const struct place *place,
		      struct error *err)
{
	char names[128] = "";
	const json_t *name;
	size_t i, len = 0;

	if (json_is_string(type)) {
		if (schema_type_is(value, json_string_value(type)))
			return 0;
		return place_error(place, err, "must be of type %s", json_string_value(type));
	}
	json_array_foreach(type, i, name)
	{
		int n;

		if (!json_is_string(name))
			continue;
		if (schema_type_is(value, json_string_value(name)))
			return 0;
		n = snprintf(names + len, sizeof(names) - len, "%s%s", len ? " or " : "",
			     json_string_value(name));
		len = (size_t)n < sizeof(names) - len ? len + (size_t)n : sizeof(names) - 1;
	}
	return place_error(place, err, "must be of type %s", names);
}

static int check_enum(const json_t *allowed, const json_t *value, const struct place *place,
		      struct error *err)
{
	CLEANUP(text) char *list = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach(allowed, i, one)
	{
		if (json_equal(one, value))
			return 0;
	}
	list = json_canonical(allowed);
	return place_error(place, err, "must be one of %s", list);
}

static int check_const(const json_t *wanted, const json_t *value, const struct place *place,
		       struct error *err)
{
	CLEANUP(text) char *text = NULL;

	if (json_equal(wanted, value))
		return 0;
	text = json_canonical(wanted);
	return place_error(place, err, "must be %s", text);
}

/* As integers where both are, so that no bound is blurred by a double. */
static int compare(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a), y = json_integer_value(b);

		return (x > y) - (x < y);
	}
	return (json_number_value(a) > json_number_value(b)) -
	       (json_number_value(a) < json_number_value(b));
}

static int check_number(const json_t *schema, const json_t *value, const struct place *place,
			struct error *err)
{
	const json_t *minimum = json_object_get(schema, "minimum");
	const json_t *maximum = json_object_get(schema, "maximum");
	const json_t *bound = NULL;
	const char *how = NULL;

	if (json_is_number(minimum) && compare(value, minimum) < 0) {
		bound = minimum;
		how = "below the minimum";
	} else if (json_is_number(maximum) && compare(value, maximum) > 0) {
		bound = maximum;
		how = "above the maximum";
	}
	if (bound) {
		CLEANUP(text) char *is = json_canonical(value);
		CLEANUP(text) char *limit = json_canonical(bound);

		return place_error(place, err, "%s is %s of %s", is, how, limit);
	}
	return 0;
}

static size_t n_code_points(const json_t *text)
{
	const char *at = json_string_value(text);
	size_t n = 0;

	for (size_t i = 0; i < json_string_length(text); i++)
		n += ((unsigned char)at[i] & 0xc0) != 0x80;
	return n;
}

static int check_size(const json_t *schema, const char *const keywords[2], size_t n,
		      const char *unit, const struct place *place, struct error *err)
{
	const json_t *low = json_object_get(schema, keywords[0]);
	const json_t *high = json_object_get(schema, keywords[1]);

	if (json_is_integer(low) && json_integer_value(low) > (json_int_t)n)
		return place_error(place, err, "has %zu %s, fewer than %lld", n, unit,
				   (long long)json_integer_value(low));
	if (json_is_integer(high) && json_integer_value(high) < (json_int_t)n)
		return place_error(place, err, "has %zu %s, more than %lld", n, unit,
				   (long long)json_integer_value(high));
	return 0;
}

static int check_string(const json_t *schema, const json_t *value, const struct place *place,
			struct error *err)
{
	static const char *const keywords[2] = { "minLength", "maxLength" };
	const char *format = json_get_text(schema, "format", "");
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (strcmp(format, "path") == 0) {
		if (memchr(text, '\0', len))
			return place_error(place, err, "a path cannot contain NUL");
		if (text[0] != '/')
			return place_error(place, err, "must be an absolute path");
		if (len >= PATH_MAX)
			return place_error(place, err, "a path has at most %d bytes", PATH_MAX - 1);
	}
	return check_size(schema, keywords, n_code_points(value), "characters", place, err);
}

static int check_required(const json_t *required, const json_t *value, const struct place *place,
			  struct error *err)
{
	const json_t *name;
	size_t i;

	json_array_foreach(required, i, name)
	{
		if (json_is_string(name) && !json_object_get(value, json_string_value(name))) {
			struct place member = place_member(place, json_string_value(name));

			return place_error(&member, err, "is required");
		}
	}
	return 0;
}

static int refuse_member(const json_t *properties, const struct place *member, struct error *err)
{
	char known[256] = "";
	const char *key;
	json_t *property;
	size_t len = 0;

	json_object_foreach((json_t *)properties, key, property)
	{
		int n = snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "", key);

		if ((size_t)n >= sizeof(known) - len)
			break;
		len += (size_t)n;
	}
	if (!len)
		return place_error(member, err, "no member is allowed here");
	return place_error(member, err, "is not allowed here; known are %s", known);
}

static int check_object(const json_t *schema, const json_t *value, const struct place *place,
			struct error *err)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	const char *key;
	json_t *item;
	int r = check_required(json_object_get(schema, "required"), value, place, err);

	if (r < 0)
		return r;
	json_object_foreach((json_t *)value, key, item)
	{
		const json_t *known = json_object_get(properties, key);
		struct place member = place_member(place, key);

		if (!known && json_is_false(others))
			return refuse_member(properties, &member, err);
		r = check(known ? known : others, item, &member, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_array(const json_t *schema, const json_t *value, const struct place *place,
		       struct error *err)
{
	static const char *const keywords[2] = { "minItems", "maxItems" };
	const json_t *items = json_object_get(schema, "items");
	const json_t *item;
	size_t i;
	int r = check_size(schema, keywords, json_array_size(value), "items", place, err);

	if (r < 0)
		return r;
	json_array_foreach(value, i, item)
	{
		struct place at = place_item(place, i);

		r = check(items, item, &at, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_by_type(const json_t *schema, const json_t *value, const struct place *place,
			 struct error *err)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return check_object(schema, value, place, err);
	case JSON_ARRAY:
		return check_array(schema, value, place, err);
	case JSON_STRING:
		return check_string(schema, value, place, err);
	case JSON_INTEGER:
	case JSON_REAL:
		return check_number(schema, value, place, err);
	default:
		return 0;
	}
}

static int check(const json_t *schema, const json_t *value, const struct place *place,
		 struct error *err)
{
	const json_t *type = json_object_get(schema, "type");
	const json_t *allowed = json_object_get(schema, "enum");
	const json_t *wanted = json_object_get(schema, "const");
	int r = 0;

	if (!schema)
		return 0;
	if (place->depth > SCHEMA_MAX_DEPTH)
		return place_error(place, err, "is nested deeper than %d", SCHEMA_MAX_DEPTH);
	if (type)
		r = check_type(type, value, place, err);
	if (r == 0 && json_is_array(allowed))
		r = check_enum(allowed, value, place, err);
	if (r == 0 && wanted)
		r = check_const(wanted, value, place, err);
	return r < 0 ? r : check_by_type(schema, value, place, err);
}

int schema_check(const json_t *schema, const json_t *value, struct error *err)
{
	struct place root = { 0 };

	return check(schema, value, &root, err);
}

void schema_add_defaults(const json_t *schema, json_t *object)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *key;
	json_t *property;

	json_object_foreach((json_t *)properties, key, property)
	{
		const json_t *value = json_object_get(property, "default");

		if (value && !json_object_get(object, key))
			json_put(object, key, json_deep_copy(value));
	}
}
