/*
 * jansson is used as it is; this adds what every caller needs the same way:
 * cleanup, bounded parsing of foreign text, and text that is always UTF-8.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "base/scan.h"

/*
 * For a process that lives for milliseconds, before its first object: random seeds for jansson's
 * tables in one call, where jansson itself opens and reads a device.
 */
void json_seed(void);

/* For CLEANUP(json). */
void json_cleanup(json_t **json);

/*
 * Parses foreign JSON of at most max bytes; duplicate keys, trailing bytes and
 * NULs are refused with line and column. A new reference, or NULL with 'err'.
 */
json_t *json_parse(const char *text, size_t len, size_t max, struct error *err);

/*
 * The one form in which evidence is stored, quoted and hashed: compact, keys
 * sorted. Heap text, never NULL.
 */
char *json_canonical(const json_t *json);

/*
 * JSON text from a form, for what is written so often that a tree would cost more than the
 * rest: in it $s stands for a text (const char *, UTF-8), $i for an int64_t and $j for JSON
 * text as it is. Heap text, never NULL.
 */
char *json_fill(const char *form, ...);

/*
 * A JSON string from bytes of the host: what is not UTF-8, and NUL, becomes
 * U+FFFD. Never NULL.
 */
json_t *json_text(const char *bytes, size_t len);
json_t *json_str(struct str str);

/*
 * A measured figure: two decimals, so that evidence reads well and repeats byte
 * for byte; null for what is not finite.
 */
json_t *json_figure(double value);

/* A count or size; UINT64_MAX, which stands for "no limit" and "unknown", is null. */
json_t *json_count(uint64_t value);

/* Adds the members of 'new' as json_object_update_new(), aborts if it cannot. */
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);

/* Readers that take a missing or mistyped member for the default. */
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
double json_get_number(const json_t *object, const char *key, double otherwise);
const char *json_get_text(const json_t *object, const char *key, const char *otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);
