#include "agent/registry/wish.h"

#include <string.h>

#include "base/buf.h"
#include "base/test.h"
#include "kernel/program/program.h"

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define RELEASE_OF(name) "\"metadata\":{\"release\":\"{\\\"name\\\":\\\"" name "\\\"}\","
#define SIGNED RELEASE_OF("a") "\"signature\":\"AA==\"}"

static json_t *parse(const char *text)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *said = wish_parse(text, strlen(text), &err);

	CHECK_OK(err.code, err);
	return json_incref(json_object_get(said, "wishes"));
}

TEST(an_entry_of_the_documented_registry_is_a_wish)
{
	CLEANUP(json)
	json_t *list =
		parse("{\"artifacts\":[{\"artifact_id\":\"artifact_1\",\"name\":\"a\",\"version\":"
		      "\"1.0\",\"checksum\":\"" SHA "\"," SIGNED
		      ",\"parameters\":{\"port\":25},\"lists\":{\"denied\":[\"10.0.0.0/8\"]},"
		      "\"ttl_sec\":60}],\"total\":1}");
	const json_t *wish = json_array_get(list, 0);

	CHECK_TEXT(json_get_text(wish, "id", ""), "artifact_1");
	CHECK_TEXT(json_get_text(wish, "release", ""), "{\"name\":\"a\"}");
	CHECK_INT(json_get_int(wish, "ttl_s", 0), 60);
	CHECK_INT(json_get_int(json_object_get(wish, "params"), "port", 0), 25);
	CHECK_INT(json_array_size(json_object_get(json_object_get(wish, "lists"), "denied")), 1);
	CHECK(!json_object_get(wish, "why"));
}

TEST(what_cannot_be_followed_says_why)
{
	static const struct {
		const char *entry, *why;
	} rows[] = {
		{ "\"id\":\"../x\",\"checksum\":\"" SHA "\"," SIGNED, "its id is none" },
		{ "\"id\":\"x\",\"checksum\":\"abc\"," SIGNED, "its checksum is no SHA-256" },
		{ "\"id\":\"x\",\"checksum\":\"" SHA "\"",
		  "it is not signed: its metadata has no 'release' with a 'signature'" },
		{ "\"id\":\"x\",\"checksum\":\"" SHA "\"," SIGNED ",\"lists\":[]",
		  "its lists are no lists of texts, or too long" },
		{ "\"id\":\"x\",\"checksum\":\"" SHA "\"," SIGNED ",\"lists\":{\"a\":\"b\"}",
		  "its lists are no lists of texts, or too long" },
		{ "\"id\":\"x\",\"checksum\":\"" SHA "\"," SIGNED ",\"lists\":{\"a\":[7]}",
		  "its lists are no lists of texts, or too long" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];
		json_t *list;

		text_format(text, sizeof(text), "{\"artifacts\":[{\"name\":\"a\",%s}]}",
			    rows[i].entry);
		list = parse(text);
		CHECK_TEXT(json_get_text(json_array_get(list, 0), "why", ""), rows[i].why);
		json_decref(list);
	}
}

/* One wish with a list of so many items, each of so many letters. */
static json_t *parse_list(int n_items, int n_letters)
{
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 128 * KIB);
	buf_add_text(&text, "{\"artifacts\":[{\"name\":\"a\",\"id\":\"x\",\"checksum\":\"" SHA
			    "\"," SIGNED ",\"lists\":{\"l\":[");
	for (int i = 0; i < n_items; i++)
		buf_add_format(&text, "%s\"%0*d\"", i ? "," : "", n_letters, i);
	buf_add_text(&text, "]}}]}");
	CHECK_INT(text.dropped, 0);
	return parse(buf_text(&text));
}

TEST(lists_have_bounds)
{
	/* {"l":["...","..."]} */
	const int most = (int)(PROGRAM_GIVEN_MAX_BYTES - strlen("{\"l\":[]}") + 1) / 203;
	static const char too_long[] = "its parameters, targets and lists are too long together";
	const struct {
		int n_items, n_letters;
		const char *why;
	} rows[] = {
		{ PROGRAM_LIST_MAX_ITEMS, 4, "" },
		{ PROGRAM_LIST_MAX_ITEMS + 1, 4, "its lists are no lists of texts, or too long" },
		{ most, 200, "" },
		{ most + 1, 200, too_long },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json)
		json_t *list = parse_list(rows[i].n_items, rows[i].n_letters);
		const json_t *wish = json_array_get(list, 0);

		CHECK_TEXT(json_get_text(wish, "why", ""), rows[i].why);
		CHECK(!json_object_get(wish, "lists") == !!*rows[i].why);
	}
}

TEST(of_each_name_there_is_one_and_nothing_that_was_revoked)
{
	CLEANUP(json)
	json_t *list = parse("{\"artifacts\":[{\"name\":\"a\",\"version\":\"1\"},{\"name\":\"a\","
			     "\"version\":\"2\"},"
			     "{\"name\":\"../a\"},7,{\"name\":\"b\",\"checksum\":\"" SHA
			     "\"}],\"revoked\":[\"" SHA "\"]}");

	CHECK_INT(json_array_size(list), 1);
	CHECK_TEXT(json_get_text(json_array_get(list, 0), "version", ""), "1");
}

TEST(any_change_gives_it_another_key)
{
	static const char *const entries[] = {
		"\"ttl_sec\":60",
		"\"ttl_sec\":61",
		"\"ttl_sec\":60,\"targets\":{\"p\":\"/\"}",
		"\"ttl_sec\":60,\"lists\":{\"a\":[\"10.0.0.0/8\"]}",
		"\"ttl_sec\":60,\"lists\":{\"a\":[\"10.0.0.0/9\"]}",
		"\"ttl_sec\":60,\"assigned_at\":\"2026-01-01T00:00:00Z\"",
	};
	char keys[ARRAY_LEN(entries)][65];

	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		char text[512];
		json_t *list;

		text_format(text, sizeof(text),
			    "{\"artifacts\":[{\"name\":\"a\",\"id\":\"x\",\"checksum\":\"" SHA
			    "\"," SIGNED ",%s}]}",
			    entries[i]);
		list = parse(text);
		text_copy(keys[i], sizeof(keys[i]),
			  json_get_text(json_array_get(list, 0), "key", ""));
		json_decref(list);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(keys[i], keys[k]) != 0);
	}
}

TEST(what_a_program_is_called_is_what_was_signed)
{
	static const char *const releases[] = { RELEASE_OF("b") "\"signature\":\"AA==\"}",
						"\"metadata\":{\"release\":\"{}\"},"
						"\"signature\":\"AA==\"",
						"\"metadata\":{\"release\":\"no JSON\"},"
						"\"signature\":\"AA==\"" };

	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		char text[512];
		json_t *list;

		text_format(text, sizeof(text),
			    "{\"artifacts\":[{\"name\":\"a\",\"id\":\"x\",\"checksum\":\"" SHA
			    "\",%s}]}",
			    releases[i]);
		list = parse(text);
		CHECK_TEXT(json_get_text(json_array_get(list, 0), "why", ""),
			   "its release is that of another program");
		CHECK(!json_object_get(json_array_get(list, 0), "release"));
		json_decref(list);
	}
}

static void add_many(struct buf *text, const char *entry, int n)
{
	for (int i = 0; i < n; i++)
		buf_add_format(text, "%s%s", i ? "," : "", entry);
}

TEST(what_is_read_of_an_answer_has_bounds)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	json_t *said;

	buf_init(&text, MIB);
	buf_add_text(&text, "{\"artifacts\":[");
	add_many(&text, "{\"name\":\"a\"}", 4 * WISH_MAX);
	buf_add_text(&text, ",{\"name\":\"b\"}],\"revoked\":[");
	add_many(&text, "\"" SHA "\"", WISH_MAX_REVOKED + 1);
	buf_add_text(&text, "]}");
	said = wish_parse(buf_text(&text), text.len, &err);
	CHECK_OK(err.code, err);
	CHECK_INT(json_array_size(json_object_get(said, "wishes")), 1);
	CHECK_INT(json_array_size(json_object_get(said, "revoked")), WISH_MAX_REVOKED);
	json_decref(said);
}

TEST(what_is_no_answer_is_refused)
{
	static const char *const texts[] = { "", "[]", "{}", "{\"artifacts\":{}}" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err = { 0 };

		CHECK(!wish_parse(texts[i], strlen(texts[i]), &err));
		CHECK(err.code < 0);
	}
}
