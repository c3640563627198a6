#include "call/redact.h"

#include <stdlib.h>
#include <string.h>

#include "call/redact_internal.h"

#define ARGV_MAX_ITEMS 4096
#define MAX_COMMANDS 4

#define MEMO_SLOTS 64
#define MEMO_NAME_BYTES 40

/* Lists repeat the same few names a thousand times; each is looked up once. */
struct memo {
	char name[MEMO_NAME_BYTES]; /* "" in an empty slot */
	const struct pattern *named;
};

struct redactor {
	const struct automaton *automaton;
	struct memo memos[MEMO_SLOTS];
};

struct redactor *redactor_new(void)
{
	struct redactor *redactor = calloc(1, sizeof(*redactor));

	if (!redactor)
		abort();
	redactor->automaton = &redact_automaton;
	return redactor;
}

void redactor_free(struct redactor *redactor)
{
	free(redactor);
}

static bool try_pattern(const struct text *text, const struct pattern *pattern, size_t end,
			struct span *span_out)
{
	size_t len = pattern->n_anchor, at = end - len;

	if (end < len || at < text->done)
		return false;
	if (pattern->exact && memcmp(text->data + at, pattern->exact, len) != 0)
		return false;
	return pattern->match(text, pattern, at, span_out) && span_out->start >= text->done &&
	       span_out->end > span_out->start && span_out->end <= text->len;
}

/*
 * Where a search stands, and the commands it is in: their options may hold several
 * secrets each, and what stands before one of those is searched first.
 */
struct search {
	size_t at;
	struct {
		const struct pattern *pattern;
		size_t at;
	} commands[MAX_COMMANDS]; /* the latest first */
	size_t n_commands;
	struct span next; /* of the commands' secrets; only if has_next */
	bool has_next;
};

static void find_next(const struct text *text, struct search *search)
{
	size_t kept = 0;

	search->has_next = false;
	for (size_t i = 0; i < search->n_commands; i++) {
		const struct pattern *pattern = search->commands[i].pattern;
		struct span span;

		if (!pattern->match(text, pattern, search->commands[i].at, &span))
			continue;
		search->commands[kept++] = search->commands[i];
		if (!search->has_next || span.start < search->next.start)
			search->next = span;
		search->has_next = true;
	}
	search->n_commands = kept;
}

static void add_command(const struct text *text, struct search *search,
			const struct pattern *pattern)
{
	if (search->n_commands == MAX_COMMANDS)
		search->n_commands--;
	memmove(search->commands + 1, search->commands,
		search->n_commands * sizeof(*search->commands));
	search->commands[0].pattern = pattern;
	search->commands[0].at = search->at - pattern->n_anchor;
	search->n_commands++;
	find_next(text, search);
}

/* The longest anchor that ends here first: it knows most. */
static bool try_patterns(const struct automaton *automaton, const struct text *text, unsigned state,
			 struct search *search, struct span *span_out)
{
	if (!automaton->out[state])
		state = automaton->fallback_out[state];
	for (; state; state = automaton->fallback_out[state]) {
		const struct pattern *pattern = &redact_patterns[automaton->out[state] - 1];

		if (!try_pattern(text, pattern, search->at, span_out))
			continue;
		if (pattern->match != match_command)
			return true;
		add_command(text, search, pattern);
	}
	return false;
}

/* The next secret of the text; false if there is none. */
static bool find_secret(const struct automaton *automaton, const struct text *text,
			struct search *search, struct span *span_out)
{
	const unsigned char *data = (const unsigned char *)text->data;
	unsigned state = 0;

	find_next(text, search);
	while (search->at < text->len) {
		if (search->has_next && search->at >= search->next.start) {
			*span_out = search->next;
			search->at = span_out->end;
			return true;
		}
		state = automaton->next[state << automaton->class_bits |
					automaton->classes[data[search->at++]]];
		if (!(state & AUTOMATON_HIT))
			continue;
		state &= ~(unsigned)AUTOMATON_HIT;
		if (try_patterns(automaton, text, state, search, span_out)) {
			search->at = span_out->end;
			return true;
		}
	}
	return false;
}

static void add_mark(struct buf *out, const char *kind)
{
	buf_add_text(out, "[redacted:");
	buf_add_text(out, kind);
	buf_add_text(out, "]");
}

size_t redact_text(struct redactor *redactor, const char *data, size_t len, struct buf *out)
{
	struct text text = { data, len, 0 };
	struct search search = { 0 };
	struct span span;
	size_t n = 0;

	while (find_secret(redactor->automaton, &text, &search, &span)) {
		buf_add(out, data + text.done, span.start - text.done);
		add_mark(out, span.kind);
		text.done = span.end;
		n++;
	}
	buf_add(out, data + text.done, len - text.done);
	return n;
}

static json_t *mark(const char *kind)
{
	return json_sprintf("[redacted:%s]", kind);
}

/* The redacted string, or NULL if it holds no secret. Most do not: no copy is made. */
static json_t *redact_string(struct redactor *redactor, const char *data, size_t len, size_t *n)
{
	CLEANUP(buf) struct buf out = { 0 };
	struct text text = { data, len, 0 };
	struct search search = { 0 };
	struct span span;

	if (!find_secret(redactor->automaton, &text, &search, &span))
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

/* A new value for what is not a container, or NULL to leave it. */
static json_t *redact_scalar(struct redactor *redactor, const json_t *value, size_t *n)
{
	if (!json_is_string(value))
		return NULL;
	return redact_string(redactor, json_string_value(value), json_string_length(value), n);
}

static const struct pattern *find_name(struct redactor *redactor, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = 2166136261u;
	struct memo *memo;

	if (!len || len >= MEMO_NAME_BYTES)
		return redact_find_name(name, len);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	memo = &redactor->memos[(hash >> 16) % MEMO_SLOTS];
	if (strcmp(memo->name, name) != 0) {
		memcpy(memo->name, name, len + 1);
		memo->named = redact_find_name(name, len);
	}
	return memo->named;
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
static size_t redact_pair(json_t *object)
{
	const char *name = json_get_text(object, "name", json_get_text(object, "key", ""));
	const struct pattern *named = redact_find_name(name, strlen(name));
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
	size_t n = redact_pair(object);
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

size_t redact_json(struct redactor *redactor, json_t *json)
{
	if (json_is_object(json) || json_is_array(json))
		return redact_value(redactor, json, 0);
	return 0;
}
