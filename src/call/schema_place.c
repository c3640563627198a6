#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "call/schema_internal.h"

/* Of one key: a foreign document may have keys of any length. */
#define KEY_MAX_BYTES 64
#define POINTER_MAX_BYTES 256

struct place place_member(const struct place *parent, const char *key)
{
	return (struct place) { .parent = parent, .key = key, .depth = parent->depth + 1 };
}

struct place place_item(const struct place *parent, size_t index)
{
	return (struct place) { .parent = parent, .index = index, .depth = parent->depth + 1 };
}

static void add_key(struct buf *out, const char *key)
{
	for (size_t i = 0; key[i] && i < KEY_MAX_BYTES; i++) {
		if (key[i] == '~')
			buf_add_text(out, "~0");
		else if (key[i] == '/')
			buf_add_text(out, "~1");
		else
			buf_add(out, key + i, 1);
	}
}

static void add_pointer(struct buf *out, const struct place *place)
{
	const struct place *way[SCHEMA_MAX_DEPTH + 2];
	size_t n = 0;

	for (; place->parent && n < ARRAY_LEN(way); place = place->parent)
		way[n++] = place;
	if (!n)
		buf_add_text(out, "value");
	while (n--) {
		buf_add_text(out, "/");
		if (way[n]->key)
			add_key(out, way[n]->key);
		else
			buf_add_format(out, "%zu", way[n]->index);
	}
}

int place_error(const struct place *place, struct error *err, const char *format, ...)
{
	CLEANUP(buf) struct buf pointer = { 0 };
	char text[ERROR_TEXT_BYTES];
	va_list args;

	buf_init(&pointer, POINTER_MAX_BYTES);
	add_pointer(&pointer, place);
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(err, -EINVAL, "%s: %s", buf_text(&pointer), text);
}
