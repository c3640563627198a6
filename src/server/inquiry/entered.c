#include "server/inquiry/entered.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "server/inquiry/form.h"

#define WRITINGS 5 /* of one text, at most */
#define NUMBER_BYTES 32

/* --- remembered -------------------------------------------------------------------------- */

bool entered_has_room(const json_t *texts)
{
	return json_array_size(texts) + WRITINGS * FORM_MAX_FIELDS <= ENTERED_MAX;
}

static void add(json_t *texts, const char *text, size_t len)
{
	const json_t *known;
	size_t i;

	if (len < ENTERED_MIN_BYTES || json_array_size(texts) >= ENTERED_MAX)
		return;
	json_array_foreach(texts, i, known)
	{
		if (json_string_length(known) == len &&
		    memcmp(json_string_value(known), text, len) == 0)
			return;
	}
	json_push(texts, json_text(text, len));
}

/* "\u00E4" as others write it. */
static void lower_escapes(char *text)
{
	for (char *at = text; (at = strstr(at, "\\u")); at += 2)
		for (size_t i = 2; i < 6 && at[i]; i++)
			at[i] = (char)tolower((unsigned char)at[i]);
}

/* As it stands in JSON, without the quotes. */
static void add_quoted(json_t *texts, const json_t *value, size_t flags)
{
	CLEANUP(text) char *text = json_dumps(value, JSON_ENCODE_ANY | flags);
	size_t len = text ? strlen(text) : 0;

	if (len < 2)
		return;
	add(texts, text + 1, len - 2);
	lower_escapes(text);
	add(texts, text + 1, len - 2);
}

static void add_text(json_t *texts, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = strlen(text);
	CLEANUP(text) char *plain = strdup(text);

	if (!plain)
		abort();
	if (len < ENTERED_MIN_BYTES)
		return;
	add(texts, text, len);
	add_quoted(texts, value, 0);
	add_quoted(texts, value, JSON_ENSURE_ASCII);
	for (char *at = plain; *at; at++) /* as an error of a server is cleaned */
		*at = *at >= ' ' && *at <= '~' ? *at : '?';
	add(texts, plain, len);
}

static void add_number(json_t *texts, const json_t *value)
{
	CLEANUP(text) char *text = json_dumps(value, JSON_ENCODE_ANY);
	double number = json_number_value(value);
	char whole[NUMBER_BYTES];

	if (text)
		add(texts, text, strlen(text));
	if (!json_is_real(value) || number < -9e15 || number > 9e15 ||
	    (double)(long long)number != number)
		return;
	text_format(whole, sizeof(whole), "%lld", (long long)number);
	add(texts, whole, strlen(whole));
}

static bool has_options(const json_t *form, const char *name)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		if (strcmp(json_get_text(field, "name", ""), name) == 0)
			return json_object_get(field, "options");
	}
	return false;
}

void entered_remember(json_t *texts, const json_t *form, const json_t *content)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)content, key, value)
	{
		if (has_options(form, key))
			continue;
		if (json_is_string(value))
			add_text(texts, value);
		else if (json_is_number(value))
			add_number(texts, value);
	}
}

/* --- taken out --------------------------------------------------------------------------- */

struct finder {
	struct str of[ENTERED_MAX];
	size_t n;
	bool begins[256]; /* whether one of them begins with that byte */
};

static void finder_init(struct finder *finder, const json_t *texts)
{
	const json_t *text;
	size_t i;

	*finder = (struct finder) { 0 };
	json_array_foreach(texts, i, text)
	{
		if (i == ENTERED_MAX)
			return;
		finder->of[finder->n++] =
			(struct str) { json_string_value(text), json_string_length(text) };
		finder->begins[(unsigned char)*json_string_value(text)] = true;
	}
}

/* The longest that stands there, 0: none. */
static size_t match(const struct finder *finder, const char *text, size_t left)
{
	size_t longest = 0;

	if (!finder->begins[(unsigned char)*text])
		return 0;
	for (size_t i = 0; i < finder->n; i++) {
		const struct str *one = &finder->of[i];

		if (one->len > longest && one->len <= left && *one->data == *text &&
		    memcmp(one->data, text, one->len) == 0)
			longest = one->len;
	}
	return longest;
}

/* Once over it: what stands in is not looked at again. Of those that overlap nothing is left. */
static char *redact_text(const struct finder *finder, const char *text)
{
	CLEANUP(buf) struct buf out = { 0 };
	size_t len = strlen(text), hidden = 0; /* up to there */
	bool is_any = false;
	char *kept;

	buf_init(&out, 4 * MIB);
	for (size_t at = 0; at < len; at++) {
		size_t n = match(finder, text + at, len - at);

		if (n && at >= hidden)
			buf_add_text(&out, ENTERED_STAND_IN);
		if (at + n > hidden && n)
			hidden = at + n;
		is_any |= n != 0;
		if (at >= hidden)
			buf_add(&out, text + at, 1);
	}
	if (!is_any)
		return NULL;
	kept = strdup(out.dropped ? ENTERED_STAND_IN : buf_text(&out));
	if (!kept)
		abort();
	return kept;
}

char *entered_redact_text(const json_t *texts, const char *text)
{
	struct finder finder;

	finder_init(&finder, texts);
	return redact_text(&finder, text);
}

static json_t *redact_scalar(const struct finder *finder, const json_t *value)
{
	CLEANUP(text)
	char *number = json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	const char *text = number ? number : json_string_value(value);
	CLEANUP(text) char *kept = text ? redact_text(finder, text) : NULL;

	if (!kept)
		return json_incref((json_t *)(uintptr_t)value);
	return number ? json_string(ENTERED_STAND_IN) : json_text(kept, strlen(kept));
}

static json_t *redact(const struct finder *finder, const json_t *value)
{
	json_t *without, *item;
	const char *key;
	size_t i;

	if (json_is_array(value)) {
		without = json_array();
		json_array_foreach(value, i, item) json_push(without, redact(finder, item));
		return without;
	}
	if (!json_is_object(value))
		return redact_scalar(finder, value);
	without = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		CLEANUP(text) char *other = redact_text(finder, key);

		json_put(without, other ? other : key, redact(finder, item));
	}
	return without;
}

json_t *entered_redact(const json_t *texts, const json_t *value)
{
	struct finder finder;

	finder_init(&finder, texts);
	return redact(&finder, value);
}

/* --- asked again ------------------------------------------------------------------------- */

static bool is_same(const json_t *one, const json_t *other, const char *key)
{
	const json_t *a = json_object_get(one, key), *b = json_object_get(other, key);

	return a && b ? json_equal(a, b) : a == b;
}

static bool has_same_options(const json_t *field, const json_t *other)
{
	const json_t *options = json_object_get(field, "options");
	const json_t *others = json_object_get(other, "options"), *option;
	size_t i;

	if (json_array_size(options) != json_array_size(others))
		return false;
	json_array_foreach(options, i, option)
	{
		if (!is_same(option, json_array_get(others, i), "value"))
			return false;
	}
	return true;
}

/* Whether an answer to the one answers the other; a default that differs is none. */
static bool asks_the_same(json_t *form, const json_t *plain)
{
	const json_t *fields = json_object_get(form, "fields");
	const json_t *others = json_object_get(plain, "fields");
	json_t *field;
	size_t i;

	if (!is_same(form, plain, "url") || json_array_size(fields) != json_array_size(others))
		return false;
	json_array_foreach(fields, i, field)
	{
		const json_t *other = json_array_get(others, i);

		if (!is_same(field, other, "name") || !is_same(field, other, "type") ||
		    !has_same_options(field, other))
			return false;
		if (!is_same(field, other, "default"))
			(void)json_object_del(field, "default");
	}
	return true;
}

json_t *entered_form(const json_t *texts, const json_t *params, struct error *err)
{
	CLEANUP(json) json_t *plain = form_take(params, err);
	CLEANUP(json) json_t *without = NULL;
	CLEANUP(json) json_t *form = NULL;
	struct error ignored = { 0 };

	if (!plain || !json_array_size(texts))
		return TAKE(plain);
	without = entered_redact(texts, params);
	form = form_take(without, &ignored);
	if (form && asks_the_same(form, plain))
		return TAKE(form);
	(void)error_set(err, -EBADMSG, "it repeats what a person entered for it");
	return NULL;
}
