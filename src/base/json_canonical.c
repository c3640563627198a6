/*
 * jansson writes the same text, but spends most of a large result on a table of what it has
 * seen, against loops, and on printf for each number; and every result is written this way.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/json.h"

#define MAX_DEPTH 4096 /* twice what jansson reads */
#define REAL_BYTES 64
#define NUMBER_BYTES 24 /* of a 64-bit integer, with its sign */
#define START_BYTES 256
#define JANSSON_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* Like struct buf, but what is added is small and its room is asked for once: see room(). */
struct writer {
	char *text, *at, *end;
};

struct member {
	const char *key;
	const json_t *value;
};

static void add_value(struct writer *out, const json_t *json, unsigned depth);

static void grow(struct writer *out, size_t len)
{
	size_t used = (size_t)(out->at - out->text), size = (size_t)(out->end - out->text);

	while (size - used <= len)
		size *= 2;
	out->text = realloc(out->text, size);
	if (!out->text)
		abort();
	out->at = out->text + used;
	out->end = out->text + size;
}

/* At least 'len' bytes at 'at', and one more. */
static inline char *room(struct writer *out, size_t len)
{
	if (len >= (size_t)(out->end - out->at))
		grow(out, len);
	return out->at;
}

static void add(struct writer *out, const char *bytes, size_t len)
{
	out->at = mempcpy(room(out, len), bytes, len);
}

static void add_char(struct writer *out, char c)
{
	*room(out, 1) = c;
	out->at++;
}

/* Of at most NUMBER_BYTES: a copy of fixed size needs no call. */
static void add_number(struct writer *out, const char *start, const char *end)
{
	memcpy(room(out, NUMBER_BYTES), start, NUMBER_BYTES);
	out->at += end - start;
}

static void add_integer(struct writer *out, int64_t value)
{
	char text[2 * NUMBER_BYTES], *end = text + NUMBER_BYTES;
	char *start = digits_before(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);

	if (value < 0)
		*--start = '-';
	add_number(out, start, end);
}

/*
 * What json_figure() made: a whole number of hundredths, of at most 15 digits, so that "%.15g"
 * would print exactly those, without the zeros at the end. False for any other number.
 */
static bool add_figure(struct writer *out, double value)
{
	char text[2 * NUMBER_BYTES], *end = text + NUMBER_BYTES, *start;
	uint64_t hundredths;

	if (signbit(value) || !(value < 1e13))
		return false;
	hundredths = (uint64_t)(value * 100 + 0.5);
	if ((double)hundredths / 100 != value)
		return false;
	start = digits_before(end, hundredths % 100 + 100);
	*start = '.';
	start = digits_before(start, hundredths / 100);
	if (end[-1] == '0')
		end--;
	add_number(out, start, end);
	return true;
}

static void add_real(struct writer *out, const json_t *json)
{
	char text[REAL_BYTES];
	size_t len;

	if (add_figure(out, json_real_value(json)))
		return;
	len = json_dumpb(json, text, sizeof(text), JANSSON_FLAGS);
	if (len == 0 || len > sizeof(text))
		abort();
	add(out, text, len);
}

static void add_escape(struct writer *out, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char letters[] = { ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
					['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't' };
	char text[6] = { '\\', letters[c] };

	if (!text[1]) {
		memcpy(text + 1, "u00", 3);
		text[4] = hex[c >> 4];
		text[5] = hex[c & 15];
	}
	add(out, text, letters[c] ? 2 : sizeof(text));
}

static void add_string(struct writer *out, const char *text, size_t len)
{
	size_t from = 0;

	add_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		add(out, text + from, i - from);
		add_escape(out, c);
		from = i + 1;
	}
	add(out, text + from, len - from);
	add_char(out, '"');
}

static int compare(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static struct member *sorted_members(const json_t *object, size_t n)
{
	struct member *members = reallocarray(NULL, n, sizeof(*members));
	json_t *mutable = (json_t *)object; /* as jansson wants it, to give a place in it */
	void *at = json_object_iter(mutable);

	if (!members)
		abort();
	for (size_t i = 0; i < n; i++, at = json_object_iter_next(mutable, at))
		members[i] =
			(struct member) { json_object_iter_key(at), json_object_iter_value(at) };
	qsort(members, n, sizeof(*members), compare);
	return members;
}

static void add_object(struct writer *out, const json_t *object, unsigned depth)
{
	size_t n = json_object_size(object);
	struct member *members = n ? sorted_members(object, n) : NULL;

	add_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			add_char(out, ',');
		add_string(out, members[i].key, strlen(members[i].key));
		add_char(out, ':');
		add_value(out, members[i].value, depth + 1);
	}
	add_char(out, '}');
	free(members);
}

static void add_array(struct writer *out, const json_t *array, unsigned depth)
{
	size_t n = json_array_size(array);

	add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			add_char(out, ',');
		add_value(out, json_array_get(array, i), depth + 1);
	}
	add_char(out, ']');
}

static void add_value(struct writer *out, const json_t *json, unsigned depth)
{
	if (depth > MAX_DEPTH)
		abort();
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		add_object(out, json, depth);
		break;
	case JSON_ARRAY:
		add_array(out, json, depth);
		break;
	case JSON_STRING:
		add_string(out, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		add_integer(out, json_integer_value(json));
		break;
	case JSON_REAL:
		add_real(out, json);
		break;
	case JSON_TRUE:
		add(out, "true", 4);
		break;
	case JSON_FALSE:
		add(out, "false", 5);
		break;
	case JSON_NULL:
		add(out, "null", 4);
		break;
	}
}

static struct writer start(void)
{
	struct writer out = { .text = malloc(START_BYTES) };

	if (!out.text)
		abort();
	out.at = out.text;
	out.end = out.text + START_BYTES;
	return out;
}

char *json_canonical(const json_t *json)
{
	struct writer out = start();

	add_value(&out, json, 0);
	*out.at = '\0';
	return out.text;
}

char *json_fill(const char *form, ...)
{
	struct writer out = start();
	const char *at = form, *place, *text;
	va_list args;

	va_start(args, form);
	for (; (place = strchr(at, '$')); at = place + 2) {
		add(&out, at, (size_t)(place - at));
		if (place[1] == 'i') {
			add_integer(&out, va_arg(args, int64_t));
			continue;
		}
		text = va_arg(args, const char *);
		if (place[1] == 's')
			add_string(&out, text, strlen(text));
		else
			add(&out, text, strlen(text));
	}
	va_end(args);
	add(&out, at, strlen(at));
	*out.at = '\0';
	return out.text;
}
