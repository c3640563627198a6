#include "diagnosis/predicates_value.h"

#include <math.h>
#include <string.h>

static jv array_to_jq(const json_t *json)
{
	jv array = jv_array_sized((int)json_array_size(json));
	const json_t *item;
	size_t i;

	json_array_foreach(json, i, item) array = jv_array_append(array, value_to_jq(item));
	return array;
}

static jv object_to_jq(const json_t *json)
{
	jv object = jv_object();
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)json, key, item) object =
		jv_object_set(object, jv_string(key), value_to_jq(item));
	return object;
}

jv value_to_jq(const json_t *json)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT:
		return object_to_jq(json);
	case JSON_ARRAY:
		return array_to_jq(json);
	case JSON_STRING:
		return jv_string_sized(json_string_value(json), (int)json_string_length(json));
	case JSON_INTEGER:
		return jv_number((double)json_integer_value(json));
	case JSON_REAL:
		return jv_number(json_real_value(json));
	case JSON_TRUE:
		return jv_true();
	case JSON_FALSE:
		return jv_false();
	default:
		return jv_null();
	}
}

static json_t *number_from_jq(jv value)
{
	double number = jv_number_value(value);

	if (number == floor(number) && fabs(number) < 9007199254740992.0)
		return json_integer((json_int_t)number);
	return isfinite(number) ? json_real(number) : json_null();
}

static json_t *array_from_jq(jv value)
{
	json_t *array = json_array();
	int n = jv_array_length(jv_copy(value));

	for (int i = 0; i < n; i++)
		json_push(array, value_from_jq(jv_array_get(jv_copy(value), i)));
	return array;
}

static json_t *object_from_jq(jv value)
{
	json_t *object = json_object();

	for (int at = jv_object_iter(value); jv_object_iter_valid(value, at);
	     at = jv_object_iter_next(value, at)) {
		jv key = jv_object_iter_key(value, at);

		json_put(object, jv_string_value(key),
			 value_from_jq(jv_object_iter_value(value, at)));
		jv_free(key);
	}
	return object;
}

json_t *value_from_jq(jv value)
{
	json_t *json;

	switch (jv_get_kind(value)) {
	case JV_KIND_OBJECT:
		json = object_from_jq(value);
		break;
	case JV_KIND_ARRAY:
		json = array_from_jq(value);
		break;
	case JV_KIND_STRING:
		json = json_text(jv_string_value(value),
				 (size_t)jv_string_length_bytes(jv_copy(value)));
		break;
	case JV_KIND_NUMBER:
		json = number_from_jq(value);
		break;
	case JV_KIND_TRUE:
	case JV_KIND_FALSE:
		json = json_boolean(jv_get_kind(value) == JV_KIND_TRUE);
		break;
	default:
		json = json_null();
		break;
	}
	jv_free(value);
	return json;
}
