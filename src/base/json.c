#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/utf8.h"

void json_seed(void)
{
	size_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		json_object_seed(seed ? seed : 1);
}

void json_cleanup(json_t **json)
{
	json_decref(*json);
}

json_t *json_parse(const char *text, size_t len, size_t max, struct error *err)
{
	json_error_t why;
	json_t *json;

	if (len > max) {
		error_set(err, -E2BIG, "JSON of %zu bytes exceeds the limit of %zu", len, max);
		return NULL;
	}
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		error_set(err, -EBADMSG, "bad JSON at line %d, column %d: %s", why.line, why.column,
			  why.text);
	return json;
}

json_t *json_text(const char *bytes, size_t len)
{
	CLEANUP(buf) struct buf buf = { 0 };
	json_t *json = json_stringn(bytes, len);

	if (json && !memchr(bytes, '\0', len))
		return json;
	json_decref(json);
	buf_init(&buf, 3 * len + 1);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(bytes + i, len - i);

		buf_add(&buf, n ? bytes + i : "\xef\xbf\xbd", n ? n : 3);
		i += n ? n : 1;
	}
	json = json_stringn_nocheck(buf_text(&buf), buf.len);
	if (!json)
		abort();
	return json;
}

json_t *json_str(struct str str)
{
	return json_text(str.data, str.len);
}

json_t *json_figure(double value)
{
	if (!isfinite(value))
		return json_null();
	/* Beyond 2^52 / 100 there are no decimals left to round. */
	if (value < 4.5e13 && value > -4.5e13)
		value = (double)(int64_t)(value * 100 + (value < 0 ? -0.5 : 0.5)) / 100;
	return json_real(value);
}

json_t *json_count(uint64_t value)
{
	if (value == UINT64_MAX)
		return json_null();
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		abort();
}

void json_push(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		abort();
}

int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

double json_get_number(const json_t *object, const char *key, double otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

const char *json_get_text(const json_t *object, const char *key, const char *otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? json_string_value(value) : otherwise;
}

bool json_get_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
