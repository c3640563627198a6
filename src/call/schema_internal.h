/* What checking a value and checking a schema share: the place they are at. */
#pragma once

#include "call/schema.h"

/* A step of the way down; lives on the stack of the level that took it. */
struct place {
	const struct place *parent; /* NULL at the document itself */
	const char *key;            /* a member, or NULL: an item */
	size_t index;
	unsigned depth;
};

/* As error_set() with -EINVAL, and the place as a JSON pointer in front. */
int place_error(const struct place *place, struct error *err, const char *format, ...)
	PRINTF_LIKE(3, 4);

struct place place_member(const struct place *parent, const char *key);
struct place place_item(const struct place *parent, size_t index);

bool schema_type_is(const json_t *value, const char *type);
