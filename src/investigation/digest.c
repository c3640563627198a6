#include "investigation/digest.h"

#include <string.h>

#define MAX_DEPTH 12
#define MOST_ITEMS 64
#define MOST_TEXT_BYTES 4096
#define LEAST_TEXT_BYTES 24

struct extent {
	size_t n_items, n_text_bytes;
};

static size_t whole_len(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static json_t *cut_text(const json_t *value, const struct extent *extent)
{
	size_t len = json_string_length(value);
	size_t n = whole_len(json_string_value(value), len, extent->n_text_bytes);
	CLEANUP(buf) struct buf text = { 0 };

	if (n == len)
		return json_deep_copy(value);
	buf_init(&text, n + 64);
	buf_add(&text, json_string_value(value), n);
	buf_add_format(&text, "...[%zu more bytes]", len - n);
	return json_text(text.data, text.len);
}

static json_t *cut(const json_t *value, const struct extent *extent, unsigned depth);

static json_t *cut_array(const json_t *value, const struct extent *extent, unsigned depth)
{
	json_t *array = json_array();
	size_t n = json_array_size(value);
	char more[64];

	for (size_t i = 0; i < n && i < extent->n_items; i++)
		json_push(array, cut(json_array_get(value, i), extent, depth));
	if (n > extent->n_items) {
		text_format(more, sizeof(more), "...[%zu more items]", n - extent->n_items);
		json_push(array, json_string(more));
	}
	return array;
}

static json_t *cut_object(const json_t *value, const struct extent *extent, unsigned depth)
{
	json_t *object = json_object();
	size_t n = 0;
	const char *key;
	json_t *member;
	char more[64];

	json_object_foreach((json_t *)value, key, member) if (++n <= 4 * extent->n_items + 4)
		json_put(object, key, cut(member, extent, depth));
	if (n > 4 * extent->n_items + 4) {
		text_format(more, sizeof(more), "...[%zu more]", n - 4 * extent->n_items - 4);
		json_put(object, more, json_null());
	}
	return object;
}

static json_t *cut(const json_t *value, const struct extent *extent, unsigned depth)
{
	if (depth >= MAX_DEPTH)
		return json_string("...");
	if (json_is_string(value))
		return cut_text(value, extent);
	if (json_is_array(value))
		return cut_array(value, extent, depth + 1);
	if (json_is_object(value))
		return cut_object(value, extent, depth + 1);
	return json_deep_copy(value);
}

void digest_value(const json_t *value, size_t max_bytes, struct buf *out)
{
	struct extent extent = { MOST_ITEMS, MOST_TEXT_BYTES };

	for (;;) {
		CLEANUP(json) json_t *short_value = cut(value, &extent, 0);
		CLEANUP(text)
		char *text =
			json_dumps(short_value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		size_t len = text ? strlen(text) : 0;

		if (len <= max_bytes ||
		    (extent.n_items == 1 && extent.n_text_bytes <= LEAST_TEXT_BYTES)) {
			buf_add(out, text, whole_len(text, len, max_bytes));
			return;
		}
		extent.n_items = extent.n_items > 1 ? extent.n_items / 2 : 1;
		if (extent.n_items < 16)
			extent.n_text_bytes = extent.n_text_bytes / 2 + LEAST_TEXT_BYTES / 2;
	}
}

void digest_put(const struct evidence *evidence, size_t max_bytes, struct buf *out)
{
	if (!evidence->result)
		buf_add_text(out, evidence->why.text);
	else if (evidence->n_bytes <= max_bytes)
		buf_add(out, evidence->bytes, evidence->n_bytes);
	else
		digest_value(evidence->result, max_bytes, out);
}

void digest_line(const struct evidence *evidence, size_t max_bytes, struct buf *out)
{
	CLEANUP(text) char *args = json_canonical(evidence->args);
	CLEANUP(buf) struct buf body = { 0 };

	buf_init(&body, max_bytes + 64);
	digest_put(evidence, max_bytes, &body);
	buf_add_format(out, "%s %s %.*s: %.*s", evidence->id, evidence->tool,
		       (int)whole_len(args, strlen(args), 80), args,
		       (int)whole_len(buf_text(&body), body.len, max_bytes), buf_text(&body));
}
