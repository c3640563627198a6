#include "server/alert/mapping.h"

#include <errno.h>
#include <string.h>

#define MAX_WORDS 32
#define MAX_MEMBERS 64
#define MAX_SEGMENTS 16

static const char *const pointers[] = { "alerts",   "name",    "fingerprint", "status",
					"severity", "summary", "group",       "starts_at",
					"ends_at",  "url",     "delivery" };

static int check_pointer(const char *name, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	unsigned n_segments = 0;

	if (!text || (*text && *text != '/') || strlen(text) > MAPPING_POINTER_BYTES)
		return error_set(err, -EINVAL,
				 "'%.64s' is no JSON pointer such as \"/check/title\"", name);
	for (; *text; text++) {
		n_segments += *text == '/';
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return error_set(err, -EINVAL,
					 "'%.64s': in a JSON pointer ~ is written ~0, and / ~1",
					 name);
	}
	if (n_segments > MAX_SEGMENTS)
		return error_set(err, -EINVAL, "'%.64s' goes more than %d deep", name,
				 MAX_SEGMENTS);
	return 0;
}

static int check_map(const char *name, const json_t *value, struct error *err)
{
	const char *member;
	json_t *pointer;
	int r = 0;

	if (!json_is_object(value))
		return check_pointer(name, value, err);
	if (json_object_size(value) > MAX_MEMBERS)
		return error_set(err, -EINVAL, "'%s' has more than %d members", name, MAX_MEMBERS);
	json_object_foreach((json_t *)value, member, pointer)
	{
		r = check_pointer(member, pointer, err);
		if (r < 0)
			return error_wrap(err, "'%s'", name);
	}
	return 0;
}

static int check_words(const json_t *value, struct error *err)
{
	json_t *word;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > MAX_WORDS)
		return error_set(err, -EINVAL, "'resolved' is no list of at most %d texts",
				 MAX_WORDS);
	json_array_foreach(value, i, word) if (!json_is_string(word)) return error_set(
		err, -EINVAL, "'resolved' has something that is no text");
	return 0;
}

static int check_member(const char *name, const json_t *value, struct error *err)
{
	if (strcmp(name, "labels") == 0 || strcmp(name, "annotations") == 0)
		return check_map(name, value, err);
	if (strcmp(name, "resolved") == 0)
		return check_words(value, err);
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
		if (strcmp(name, pointers[i]) == 0)
			return check_pointer(name, value, err);
	return error_set(err, -EINVAL, "a mapping has no '%.64s'", name);
}

int mapping_check(const json_t *mapping, struct error *err)
{
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(mapping))
		return error_set(err, -EINVAL, "a mapping is an object of JSON pointers");
	json_object_foreach((json_t *)mapping, name, value)
	{
		r = check_member(name, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The next segment, with ~1 and ~0 undone; false at the end. */
static bool next_segment(const char **at, char segment_out[MAPPING_POINTER_BYTES])
{
	size_t n = 0;

	if (**at != '/')
		return false;
	for (++*at; **at && **at != '/' && n + 1 < MAPPING_POINTER_BYTES; ++*at) {
		char c = **at;

		if (c == '~' && (*at)[1])
			c = *++*at == '1' ? '/' : '~';
		segment_out[n++] = c;
	}
	segment_out[n] = '\0';
	return true;
}

static json_t *step_into(const json_t *value, const char *segment)
{
	const char *at = segment;
	uint64_t index;

	if (json_is_object(value))
		return json_object_get(value, segment);
	if (!json_is_array(value) || *at < '0' || *at > '9' || (*at == '0' && at[1]) ||
	    !scan_u64(&at, &index) || *at)
		return NULL;
	return json_array_get(value, (size_t)index);
}

json_t *mapping_find(const json_t *document, const char *pointer)
{
	char segment[MAPPING_POINTER_BYTES];

	while (document && next_segment(&pointer, segment))
		document = step_into(document, segment);
	return (json_t *)document;
}

const char *mapping_pointer(const json_t *mapping, const char *member, char otherwise[32])
{
	text_format(otherwise, 32, "/%s", member);
	return json_get_text(mapping, member, otherwise);
}
