#include "remote/tally.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/test.h"

#define FLEET 20000
/* Of our own time, under sanitizers too; comparing each with each takes longer without them. */
#define ADDING_SECONDS 20
#define COUNTING_SECONDS 5

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	CHECK(json);
	return json;
}

/* A kilobyte that all have, and at its end what they may differ in. */
static json_t *make_result(unsigned release)
{
	json_t *packages = json_array();

	for (int i = 0; i < 60; i++)
		json_push(packages, json_pack("{s:s, s:i}", "name", "package", "version", i));
	return json_pack("{s:o, s:i}", "packages", packages, "release", release);
}

TEST(few_of_twenty_thousand_hosts_are_found_in_no_time)
{
	json_t *results[] = { make_result(12), make_result(13), make_result(11) };
	struct tally tally;
	clock_t start = clock();
	size_t fleet = FLEET / test_stride(), n_differ = 0;

	tally_init(&tally, fleet);
	for (size_t host = 0; host < fleet; host++)
		tally_add(&tally, host, results[host % 5000 == 77 ? 1 : host == 3 ? 2 : 0]);
	tally_count(&tally);
	for (size_t host = 0; host < fleet; host++) {
		CHECK_INT(tally_differs(&tally, host), host % 5000 == 77 || host == 3);
		n_differ += tally_differs(&tally, host);
	}
	CHECK_INT(tally.n_variants, 3);
	CHECK_INT(tally.n_most, fleet - n_differ);
	CHECK_INT(tally.most, 0);
	CHECK((clock() - start) / CLOCKS_PER_SEC < ADDING_SECONDS);
	tally_finish(&tally);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		json_decref(results[i]);
}

TEST(as_many_results_as_hosts_take_no_time_either)
{
	size_t fleet = FLEET / test_stride();
	json_t **results = calloc(fleet, sizeof(*results));
	struct tally tally;
	clock_t start;

	CHECK(results);
	tally_init(&tally, fleet);
	for (unsigned host = 0; host < fleet; host++) {
		results[host] = make_result(host);
		tally_add(&tally, host, results[host]);
	}
	start = clock();
	tally_count(&tally);
	CHECK((clock() - start) / CLOCKS_PER_SEC < COUNTING_SECONDS);
	CHECK_INT(tally.n_variants, fleet);
	CHECK(tally.most == TALLY_NOBODY);
	CHECK(!tally_differs(&tally, 7));
	tally_finish(&tally);
	for (unsigned host = 0; host < fleet; host++)
		json_decref(results[host]);
	free(results);
}

TEST(hosts_without_a_result_neither_agree_nor_differ)
{
	CLEANUP(json) json_t *same = parse("{\"a\":1,\"b\":2}");
	CLEANUP(json) json_t *turned = parse("{\"b\":2,\"a\":1}");
	CLEANUP(json) json_t *other = parse("{\"a\":1}");
	struct tally tally;

	tally_init(&tally, 5);
	tally_add(&tally, 1, other);
	tally_add(&tally, 2, same);
	tally_add(&tally, 4, turned); /* the order of members says nothing */
	tally_count(&tally);
	CHECK_INT(tally.most, 2);
	CHECK_INT(tally.n_most, 2);
	CHECK_INT(tally.n_results, 3);
	CHECK(!tally_differs(&tally, 0) && tally_differs(&tally, 1) && !tally_differs(&tally, 4));
	tally_finish(&tally);
}

TEST(of_two_that_equally_many_have_the_earlier_counts)
{
	CLEANUP(json) json_t *one = parse("[1]");
	CLEANUP(json) json_t *two = parse("[2]");
	struct tally tally;

	for (unsigned turn = 0; turn < 2; turn++) {
		tally_init(&tally, 4);
		for (size_t host = 0; host < 4; host++)
			tally_add(&tally, host, (host + turn) % 2 ? one : two);
		tally_count(&tally);
		CHECK_INT(tally.most, 0);
		CHECK_INT(tally.n_most, 2);
		tally_finish(&tally);
	}
}

static const struct {
	const char *is, *most, *path, *is_text, *most_text;
} differences[] = {
	{ "{\"b\":1,\"a\":2}", "{\"a\":3,\"b\":4}", ".a", "2", "3" },
	{ "{\"a\":{\"b\":[1,{\"c\":true}]}}", "{\"a\":{\"b\":[1,{\"c\":false}]}}", ".a.b[1].c",
	  "true", "false" },
	{ "{\"a\":[1]}", "{\"a\":[1,2]}", ".a[1]", NULL, "2" },
	{ "{\"a\":1}", "{}", ".a", "1", NULL },
	{ "{\"a\":null}", "{}", ".a", "null", NULL },
	{ "{\"a b\":{\"1\":1}}", "{\"a b\":{\"1\":2}}", "[\"a b\"][\"1\"]", "1", "2" },
	{ "{\"a\":[]}", "{\"a\":{}}", ".a", "[]", "{}" },
	{ "1", "\"1\"", ".", "1", "\"1\"" },
};

TEST(the_first_difference_is_named_as_jq_would_ask_for_it)
{
	for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
		CLEANUP(json) json_t *is = parse(differences[i].is);
		CLEANUP(json) json_t *most = parse(differences[i].most);
		CLEANUP(json) json_t *found = tally_find_difference(is, most);
		const char *none = "none";

		CHECK(found);
		CHECK_TEXT(json_get_text(found, "path", none), differences[i].path);
		CHECK_TEXT(json_get_text(found, "is", none),
			   differences[i].is_text ? differences[i].is_text : none);
		CHECK_TEXT(json_get_text(found, "most", none),
			   differences[i].most_text ? differences[i].most_text : none);
		CHECK(!tally_find_difference(is, is));
	}
}

TEST(a_long_path_and_a_long_value_are_cut)
{
	char name[2000];
	CLEANUP(json) json_t *is = json_object();
	CLEANUP(json) json_t *most = json_object();
	CLEANUP(json) json_t *found = NULL;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	json_put(is, name, json_string(name));
	found = tally_find_difference(is, most);
	CHECK(strlen(json_get_text(found, "path", "")) < 600);
	CHECK(strlen(json_get_text(found, "is", "")) < 100);
}
