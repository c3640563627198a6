#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/test.h"

#define SEEDS 4000
#define MAX_CHILDREN 12

/* The text that results were stored and hashed as from the first day on. */
static char *by_jansson(const json_t *json)
{
	return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
					JSON_REAL_PRECISION(15));
}

static void check_same(const json_t *json)
{
	CLEANUP(text) char *expected = by_jansson(json);
	CLEANUP(text) char *text = json_canonical(json);

	CHECK_TEXT(text, expected);
}

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Characters of one to four bytes, and those that are escaped. */
static const char *draw_text(uint64_t *seed, struct buf *text)
{
	static const char *const parts[] = { "\x01",
					     "\b",
					     "\t",
					     "\n",
					     "\f",
					     "\r",
					     "\x1f",
					     " ",
					     "\"",
					     "\\",
					     "/",
					     "\x7f",
					     "a",
					     "ab",
					     "Z",
					     "\xc3\xa9",
					     "_",
					     "\xe2\x82\xac",
					     "\xef\xbf\xbd",
					     "\xf0\x9f\x98\x80" };

	buf_clear(text);
	for (size_t n = draw(seed) % 9; n > 0; n--)
		buf_add_text(text, parts[draw(seed) % ARRAY_LEN(parts)]);
	return buf_text(text);
}

static double draw_real(uint64_t *seed)
{
	uint64_t bits = draw(seed);
	double value;

	switch (draw(seed) % 4) {
	case 0: /* any */
		memcpy(&value, &bits, sizeof(value));
		return isfinite(value) ? value : 0;
	case 1: /* as measured */
		return (double)(bits >> (draw(seed) % 64)) / 100;
	case 2: /* beside a figure */
		return nextafter((double)(bits >> 20) / 100, (double)(bits % 3) * 1e17);
	default:
		return (double)(int64_t)bits / 1000;
	}
}

static json_t *draw_json(uint64_t *seed, unsigned depth)
{
	uint64_t kind = draw(seed) % (depth ? 10 : 6);
	json_t *json = kind < 8 ? json_array() : json_object();
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 64);
	switch (kind) {
	case 0:
		json_decref(json);
		return json_integer((json_int_t)draw(seed) >> (draw(seed) % 64));
	case 1:
	case 2:
		json_decref(json);
		return json_real(draw_real(seed));
	case 3:
	case 4:
		json_decref(json);
		return json_string(draw_text(seed, &text));
	case 5:
		json_decref(json);
		return draw(seed) % 3 ? json_boolean(draw(seed) % 2) : json_null();
	default:
		for (uint64_t n = draw(seed) % MAX_CHILDREN; n > 0; n--)
			if (kind < 8)
				json_push(json, draw_json(seed, depth - 1));
			else
				json_put(json, draw_text(seed, &text), draw_json(seed, depth - 1));
		return json;
	}
}

TEST(canonical_form_is_the_same_for_any_value)
{
	for (uint64_t i = 1; i <= SEEDS; i++) {
		uint64_t seed = i * 0x9e3779b97f4a7c15;
		CLEANUP(json) json_t *json = draw_json(&seed, 5);

		check_same(json);
	}
}

TEST(canonical_numbers_are_the_same_at_their_ends)
{
	static const double reals[] = { 0.0,      -0.0,
					0.01,     0.005,
					0.1,      1,
					99.99,    100,
					-0.25,    9999999999999,
					1e13,     1e14,
					1e15,     1e16,
					1e300,    5e-324,
					1e-4,     1e-5,
					1.0 / 3,  4.5e13,
					1e21,     9999999999999.99,
					0.1 + 0.2 };
	static const json_int_t integers[] = { 0, 1, -1, 9, 10, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
		CLEANUP(json) json_t *json = json_real(reals[i]);

		check_same(json);
	}
	for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
		CLEANUP(json) json_t *json = json_integer(integers[i]);

		check_same(json);
	}
}

TEST(canonical_figures_are_the_same_up_to_two_decimals)
{
	for (unsigned i = 0; i < 200000; i += 7) {
		CLEANUP(json) json_t *json = json_figure(i / 100.0);

		check_same(json);
	}
}

TEST(canonical_form_of_a_deep_document_is_the_same)
{
	CLEANUP(json) json_t *json = json_array();

	for (unsigned i = 0; i < 2048; i++) {
		json_t *outer = json_array();

		json_push(outer, json);
		json = outer;
	}
	check_same(json);
}

TEST(a_form_is_filled_with_what_the_tree_would_print)
{
	CLEANUP(json)
	json_t *json = json_pack("{s:s, s:[i], s:I, s:I}", "a", "quo\"te\n\\\x01", "b", 7, "c",
				 (json_int_t)INT64_MIN, "d", (json_int_t)INT64_MAX);
	CLEANUP(text) char *canonical = json_canonical(json);
	CLEANUP(text)
	char *filled = json_fill("{\"a\":$s,\"b\":$j,\"c\":$i,\"d\":$i}", "quo\"te\n\\\x01", "[7]",
				 INT64_MIN, INT64_MAX);

	CHECK_TEXT(filled, canonical);
}
