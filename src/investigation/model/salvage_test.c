/* tests/models/malformed_calls.json: what small models write, and the calls they mean. */
#include "investigation/model/salvage.h"

#include <stdio.h>
#include <string.h>

#include "base/test.h"

static json_t *load(void)
{
	char path[4096];
	json_error_t why;
	json_t *table;

	(void)snprintf(path, sizeof(path), "%s/tests/models/malformed_calls.json",
		       getenv("SOURCE_DIR"));
	table = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!table)
		FAIL("%s:%d: %s", path, why.line, why.text);
	return table;
}

static json_t *salvage(const char *text, size_t len, const json_t *tools)
{
	CLEANUP(buf) struct buf rest = { 0 };

	buf_init(&rest, MIB);
	return salvage_calls((struct str) { text, len }, tools, &rest);
}

TEST(malformed_calls_are_understood_and_prose_is_not_called)
{
	CLEANUP(json) json_t *table = load();
	const json_t *tools = json_object_get(table, "tools");
	const json_t *item;
	unsigned n_wrong = 0;
	size_t i;

	json_array_foreach(json_object_get(table, "cases"), i, item)
	{
		const json_t *text = json_object_get(item, "text");
		CLEANUP(json)
		json_t *calls = salvage(json_string_value(text), json_string_length(text), tools);
		CLEANUP(text) char *is = json_canonical(calls);
		CLEANUP(text) char *expected = json_canonical(json_object_get(item, "calls"));

		if (strcmp(is, expected) == 0)
			continue;
		print_message("# %s: %s instead of %s\n", json_get_text(item, "name", "?"), is,
			      expected);
		n_wrong++;
	}
	CHECK_INT(n_wrong, 0);
}

TEST(a_text_cut_anywhere_is_no_harm)
{
	CLEANUP(json) json_t *table = load();
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(table, "cases"), i, item)
	{
		const char *text = json_get_text(item, "text", "");

		for (size_t len = 0; len <= strlen(text); len++)
			json_decref(salvage(text, len, json_object_get(table, "tools")));
	}
}

TEST(what_is_no_call_is_handed_back)
{
	static const char text[] = "First {\"name\": \"read_file\", \"arguments\": {}} then rest.";
	CLEANUP(json) json_t *table = load();
	CLEANUP(buf) struct buf rest = { 0 };

	buf_init(&rest, MIB);
	json_decref(salvage_calls((struct str) { text, strlen(text) },
				  json_object_get(table, "tools"), &rest));
	CHECK_TEXT(buf_text(&rest), "First  then rest.");
}
