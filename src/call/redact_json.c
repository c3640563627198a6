#include <stdlib.h>
#include <string.h>

#include "call/redact_internal.h"

#define ARGV_MAX_ITEMS 4096

static json_t *mark(const char *kind)
{
	return json_sprintf("[redacted:%s]", kind);
}

/* The redacted string, or NULL if it holds no secret. Most do not: no copy is made. */
static json_t *redact_string(struct redactor *redactor, const char *data, size_t len, size_t *n)
{
	CLEANUP(buf) struct buf out = { 0 };

	if (!redact_has_secret(redactor, data, len))
		return NULL;
	/* A mark is longer than the shortest secret. */
	buf_init(&out, 32 * len + 64);
	*n += redact_text(redactor, data, len, &out);
	return json_text(buf_text(&out), out.len);
}

static size_t redact_value(struct redactor *redactor, json_t *json, unsigned depth);

static json_t *redact_named_value(const struct pattern *named, const json_t *value)
{
	if (json_is_string(value) &&
	    redact_is_value(named, json_string_value(value), json_string_length(value)))
		return mark(named->kind);
	if (json_is_number(value) && !(named->flags & (PATTERN_WEAK | PATTERN_VARIABLE)))
		return mark(named->kind);
	return NULL;
}

/*
 * A new value for what is not a container, or NULL to leave it. Rows of a table share the strings
 * that repeat: such a one is searched once.
 */
static json_t *redact_scalar(struct redactor *redactor, json_t *value, size_t *n)
{
	json_t **clean = &redactor->clean[(uintptr_t)value / 32 % REDACTOR_CLEAN_SLOTS], *instead;

	if (!json_is_string(value) || *clean == value)
		return NULL;
	instead = redact_string(redactor, json_string_value(value), json_string_length(value), n);
	if (!instead && value->refcount > 1) {
		json_decref(*clean);
		*clean = json_incref(value);
	}
	return instead;
}

/* Most names are no secret's: where no anchor ends, none of the patterns need be asked. */
static const struct pattern *find_name(const struct redactor *redactor, const char *name)
{
	size_t len = strlen(name);
	unsigned state = 0;

	while (len && (char_bits(name[len - 1]) & CHAR_DIGIT))
		len--;
	for (size_t i = 0; i < len; i++)
		state = automaton_step(redactor->automaton, state, name[i]);
	return state & AUTOMATON_HIT ? redact_find_name(name, len) : NULL;
}

static json_t *redact_member(struct redactor *redactor, const char *key, json_t *value,
			     unsigned depth, size_t *n)
{
	const struct pattern *named = find_name(redactor, key);
	json_t *instead = named ? redact_named_value(named, value) : NULL;
	json_t *item;
	size_t i;

	if (instead) {
		*n += 1;
		return instead;
	}
	if (named && json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			instead = redact_named_value(named, item);
			if (instead && json_array_set_new(value, i, instead) < 0)
				abort();
			*n += instead != NULL;
		}
	}
	if (json_is_object(value) || json_is_array(value)) {
		*n += redact_value(redactor, value, depth + 1);
		return NULL;
	}
	return redact_scalar(redactor, value, n);
}

/* {"name": "DB_PASSWORD", "value": "x"}, as containers list their environment. */
static size_t redact_pair(const struct redactor *redactor, json_t *object)
{
	const char *name = json_get_text(object, "name", json_get_text(object, "key", ""));
	const struct pattern *named = find_name(redactor, name);
	json_t *instead =
		named ? redact_named_value(named, json_object_get(object, "value")) : NULL;

	if (instead)
		json_put(object, "value", instead);
	return instead != NULL;
}

/* Two keys may become one mark: a number keeps them apart. */
static void rename_key(json_t *object, const char *key, const json_t *mark_text)
{
	CLEANUP(json) json_t *value = json_incref(json_object_get(object, key));
	CLEANUP(json) json_t *name = json_incref((json_t *)mark_text);

	for (unsigned i = 2; json_object_get(object, json_string_value(name)); i++) {
		json_decref(name);
		name = json_sprintf("%s#%u", json_string_value(mark_text), i);
	}
	json_put(object, json_string_value(name), json_incref(value));
	(void)json_object_del(object, key); /* it was there */
}

static size_t redact_keys(struct redactor *redactor, json_t *object)
{
	CLEANUP(json) json_t *renamed = json_object();
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(object, key, value)
	{
		json_t *name = redact_string(redactor, key, strlen(key), &n);

		if (name)
			json_put(renamed, key, name);
	}
	json_object_foreach(renamed, key, value)
	{
		rename_key(object, key, value);
	}
	return n;
}

static size_t redact_object(struct redactor *redactor, json_t *object, unsigned depth)
{
	size_t n = redact_pair(redactor, object);
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		json_t *instead = redact_member(redactor, key, value, depth, &n);

		if (instead)
			json_put(object, key, instead);
	}
	return n + redact_keys(redactor, object);
}

static json_t *cut_item(const char *item, struct span span)
{
	return json_sprintf("%.*s[redacted:%s]%s", (int)span.start, item, span.kind,
			    item + span.end);
}

/* Only an array of strings can be an argv. */
static size_t redact_argv(json_t *array)
{
	CLEANUP(json) json_t *before = NULL;
	size_t n_items = json_array_size(array), n = 0;
	const char **items;

	if (!n_items || n_items > ARGV_MAX_ITEMS)
		return 0;
	for (size_t i = 0; i < n_items; i++)
		if (!json_is_string(json_array_get(array, i)))
			return 0;
	/* Holds every string until the end: later items are judged by earlier ones. */
	before = json_copy(array);
	items = calloc(n_items, sizeof(*items));
	if (!items)
		abort();
	for (size_t i = 0; i < n_items; i++)
		items[i] = json_string_value(json_array_get(before, i));
	for (size_t i = n_items; i-- > 0;) {
		struct span span;

		if (!redact_argv_item(items, n_items, i, &span))
			continue;
		if (json_array_set_new(array, i, cut_item(items[i], span)) < 0)
			abort();
		n++;
	}
	free(items);
	return n;
}

static size_t redact_array(struct redactor *redactor, json_t *array, unsigned depth)
{
	size_t n = redact_argv(array), i;
	json_t *value;

	json_array_foreach(array, i, value)
	{
		json_t *instead = NULL;

		if (json_is_object(value) || json_is_array(value))
			n += redact_value(redactor, value, depth + 1);
		else
			instead = redact_scalar(redactor, value, &n);
		if (instead && json_array_set_new(array, i, instead) < 0)
			abort();
	}
	return n;
}

static size_t redact_value(struct redactor *redactor, json_t *json, unsigned depth)
{
	if (depth <= REDACT_MAX_DEPTH)
		return json_is_object(json) ? redact_object(redactor, json, depth)
					    : redact_array(redactor, json, depth);
	if (json_is_object(json) && json_object_size(json)) {
		json_object_clear(json);
		json_put(json, "[redacted:depth]", json_null());
	} else if (json_is_array(json) && json_array_size(json)) {
		json_array_clear(json);
		json_push(json, mark("depth"));
	}
	return 1;
}

static void forget_clean(struct redactor *redactor)
{
	for (size_t i = 0; i < REDACTOR_CLEAN_SLOTS; i++)
		json_decref(redactor->clean[i]);
	memset(redactor->clean, 0, sizeof(redactor->clean));
}

size_t redact_json(struct redactor *redactor, json_t *json)
{
	size_t n = 0;

	if (json_is_object(json) || json_is_array(json))
		n = redact_value(redactor, json, 0);
	/* Its strings are the caller's again, who may change them. */
	forget_clean(redactor);
	return n;
}
