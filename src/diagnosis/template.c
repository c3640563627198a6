/* Templates: "{name}" and "{name|default}" in sentences and in arguments of calls. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "diagnosis/diagnosis_internal.h"

#define TEXT_MAX_BYTES (4 * KIB)
#define NAME_BYTES 64

static const json_t *find_value(const struct diagnosis *diagnosis, const struct cause *cause,
				const char *name)
{
	for (size_t f = 0; f < cause->n_findings; f++) {
		const json_t *match = json_array_get(diagnosis_matches(diagnosis, cause, f), 0);
		const json_t *value = json_object_get(json_object_get(match, "values"), name);

		if (value && !json_is_null(value))
			return value;
	}
	return json_object_get(diagnosis->given, name);
}

static void add_value(struct buf *text, const json_t *value)
{
	CLEANUP(text) char *plain = NULL;

	if (json_is_string(value)) {
		buf_add_text(text, json_string_value(value));
		return;
	}
	plain = json_canonical(value);
	buf_add_text(text, plain);
}

/* One "{...}" at 'at': its name, its default (or NULL), and where it ends. */
struct place {
	char name[NAME_BYTES];
	char fallback[256];
	bool has_fallback;
	const char *end;
};

static bool parse_place(const char *at, struct place *place)
{
	const char *end = strchr(at, '}');
	const char *bar;
	size_t len;

	if (*at != '{' || !end)
		return false;
	*place = (struct place) { .end = end + 1 };
	bar = memchr(at, '|', (size_t)(end - at));
	len = (size_t)((bar ? bar : end) - at - 1);
	if (!len || len >= sizeof(place->name))
		return false;
	memcpy(place->name, at + 1, len);
	if (bar) {
		place->has_fallback = true;
		str_copy((struct str) { bar + 1, (size_t)(end - bar - 1) }, place->fallback,
			 sizeof(place->fallback));
	}
	return true;
}

static json_t *fill_text(const struct diagnosis *diagnosis, const struct cause *cause,
			 const char *template)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct place place;

	buf_init(&text, TEXT_MAX_BYTES);
	for (const char *at = template; *at;) {
		const json_t *value;

		if (!parse_place(at, &place)) {
			buf_add(&text, at++, 1);
			continue;
		}
		value = find_value(diagnosis, cause, place.name);
		if (!value && !place.has_fallback)
			return NULL;
		if (value && at == template && !*place.end)
			return json_deep_copy(value);
		if (value)
			add_value(&text, value);
		else
			buf_add_text(&text, place.fallback);
		at = place.end;
	}
	return json_text(buf_text(&text), text.len);
}

static json_t *fill_array(const struct diagnosis *diagnosis, const struct cause *cause,
			  const json_t *template)
{
	CLEANUP(json) json_t *array = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(template, i, item)
	{
		json_t *value = diagnosis_fill(diagnosis, cause, item);

		if (!value)
			return NULL;
		json_push(array, value);
	}
	return json_incref(array);
}

static json_t *fill_object(const struct diagnosis *diagnosis, const struct cause *cause,
			   const json_t *template)
{
	CLEANUP(json) json_t *object = json_object();
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)template, key, item)
	{
		json_t *value = diagnosis_fill(diagnosis, cause, item);

		if (!value)
			return NULL;
		json_put(object, key, value);
	}
	return json_incref(object);
}

json_t *diagnosis_fill(const struct diagnosis *diagnosis, const struct cause *cause,
		       const json_t *template)
{
	if (json_is_string(template))
		return fill_text(diagnosis, cause, json_string_value(template));
	if (json_is_array(template))
		return fill_array(diagnosis, cause, template);
	if (json_is_object(template))
		return fill_object(diagnosis, cause, template);
	return template ? json_deep_copy(template) : json_object();
}

char *diagnosis_sentence(const struct diagnosis *diagnosis, const struct cause *cause,
			 const char *template)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct place place;

	buf_init(&text, TEXT_MAX_BYTES);
	for (const char *at = template; *at;) {
		const json_t *value;

		if (!parse_place(at, &place)) {
			buf_add(&text, at++, 1);
			continue;
		}
		value = find_value(diagnosis, cause, place.name);
		if (value)
			add_value(&text, value);
		else
			buf_add_text(&text, place.has_fallback ? place.fallback : place.name);
		at = place.end;
	}
	return strdup(buf_text(&text));
}
