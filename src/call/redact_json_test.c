#include "call/redact.h"

#include <ctype.h>
#include <string.h>

#include "base/test.h"
#include "call/redact_internal.h"

#define A16 "ABCDEFGHIJ234567"

static void check_json(const char *text, const char *expected, size_t n)
{
	struct redactor *redactor = redactor_new();
	CLEANUP(json) json_t *json = json_loads(text, 0, NULL);
	CLEANUP(text) char *is = NULL;
	size_t found;

	CHECK(json);
	found = redact_json(redactor, json);
	redactor_free(redactor);
	is = json_canonical(json);
	CHECK_TEXT(is, expected);
	CHECK_INT(found, n);
}

TEST(members_are_hidden_by_their_names)
{
	check_json("{\"password\":\"a b\",\"user\":\"bob\"}",
		   "{\"password\":\"[redacted:password]\",\"user\":\"bob\"}", 1);
	check_json("{\"db\":{\"dbPassword\":123456}}",
		   "{\"db\":{\"dbPassword\":\"[redacted:password]\"}}", 1);
	check_json("{\"passwords\":\"x\",\"password\":null,\"has_password\":true}",
		   "{\"has_password\":true,\"password\":null,\"passwords\":\"x\"}", 0);
	check_json("{\"api_key\":\"a1b2c3d4e5\",\"public_key\":\"a1b2c3d4e5\"}",
		   "{\"api_key\":\"[redacted:api-key]\",\"public_key\":\"a1b2c3d4e5\"}", 1);
	check_json("{\"client_secret\":[\"one\",\"two\"]}",
		   "{\"client_secret\":[\"[redacted:secret]\",\"[redacted:secret]\"]}", 2);
	check_json(
		"[{\"name\":\"DB_PASSWORD\",\"value\":\"x1\"},{\"name\":\"A\",\"value\":\"x1\"}]",
		"[{\"name\":\"DB_PASSWORD\",\"value\":\"[redacted:password]\"},"
		"{\"name\":\"A\",\"value\":\"x1\"}]",
		1);
}

TEST(strings_and_keys_are_searched)
{
	check_json("{\"AKIA" A16 "\":[\"x\",\"AKIA" A16 "\"],\"AKIA" A16 "2\":1,\"ASIA" A16 "\":2}",
		   "{\"AKIA" A16
		   "2\":1,\"[redacted:aws-access-key]\":[\"x\",\"[redacted:aws-access-key]\"],"
		   "\"[redacted:aws-access-key]#2\":2}",
		   3);
}

TEST(an_argv_is_hidden_item_by_item)
{
	check_json("[\"app\",\"--password\",\"hunter2\",\"--user\",\"bob\"]",
		   "[\"app\",\"--password\",\"[redacted:password]\",\"--user\",\"bob\"]", 1);
	check_json("[\"mysql\",\"-uroot\",\"-phunter2\"]",
		   "[\"mysql\",\"-uroot\",\"-p[redacted:password]\"]", 1);
	check_json("[\"sudo\",\"sshpass\",\"-p\",\"hunter2\",\"ssh\",\"-p\",\"22\"]",
		   "[\"sudo\",\"sshpass\",\"-p\",\"[redacted:password]\",\"ssh\",\"-p\","
		   "\"[redacted:password]\"]",
		   2);
	check_json("[\"/usr/bin/curl\",\"-u\",\"bob:hunter2\",\"x\"]",
		   "[\"/usr/bin/curl\",\"-u\",\"bob:[redacted:password]\",\"x\"]", 1);
	check_json("[\"app\",\"--password=hunter2\"]",
		   "[\"app\",\"--password=[redacted:password]\"]", 1);
	check_json("[\"mkdir\",\"-p\",\"/x\"]", "[\"mkdir\",\"-p\",\"/x\"]", 0);
}

TEST(what_is_nested_too_deep_is_one_secret)
{
	struct redactor *redactor = redactor_new();
	json_t *deep = json_pack("[s]", "AKIA" A16);
	CLEANUP(text) char *text = NULL;

	for (int i = 0; i < 500; i++)
		deep = json_pack("[o]", deep);
	CHECK_INT(redact_json(redactor, deep), 1);
	text = json_canonical(deep);
	CHECK(strstr(text, "[redacted:depth]"));
	CHECK(!strstr(text, "AKIA"));
	json_decref(deep);
	redactor_free(redactor);
}

/* As if all patterns were asked about it. */
static void check_name(const char *name)
{
	struct redactor *redactor = redactor_new();
	CLEANUP(json) json_t *json = json_pack("{s:s}", name, "a1B2c3D4e5F6");
	bool is_hidden;

	(void)redact_json(redactor, json);
	is_hidden = strcmp(json_get_text(json, name, ""), "a1B2c3D4e5F6") != 0;
	CHECK_INT(is_hidden, redact_find_name(name, strlen(name)) != NULL);
	redactor_free(redactor);
}

TEST(each_name_of_a_secret_is_known_however_it_is_written)
{
	static const char *const around[][2] = {
		{ "", "" }, { "x_", "" }, { "X-", "7" }, { "", "_of" }, { "none", "12" },
	};

	for (size_t i = 0; i < redact_n_patterns; i++) {
		char name[128];

		if (redact_patterns[i].match != match_named)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(around); k++) {
			text_format(name, sizeof(name), "%s%s%s", around[k][0],
				    redact_patterns[i].anchor, around[k][1]);
			check_name(name);
			for (char *at = name; *at; at++)
				*at = (char)toupper((unsigned char)*at);
			check_name(name);
		}
	}
}

TEST(a_string_that_rows_share_is_hidden_in_each)
{
	struct redactor *redactor = redactor_new();
	CLEANUP(json) json_t *json = json_array();
	CLEANUP(json) json_t *secret = json_string("AKIA" A16);
	CLEANUP(json) json_t *plain = json_string("plain");
	CLEANUP(text) char *text = NULL;

	for (int i = 0; i < 3; i++)
		json_push(json, json_pack("[i, O, O]", i, secret, plain));
	CHECK_INT(redact_json(redactor, json), 3);
	text = json_canonical(json);
	CHECK(!strstr(text, "AKIA"));
	CHECK_INT(plain->refcount, 4);
	/* The same string, with something else in it. */
	(void)json_string_set(plain, "AKIA" A16);
	CHECK_INT(redact_json(redactor, json), 3);
	redactor_free(redactor);
}
