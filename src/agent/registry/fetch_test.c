#include <errno.h>
#include <string.h>

#include "agent/registry/scene.h"
#include "base/test.h"

#define LIST "/artifacts/for-host/h"
#define HOUR_S 3600

/* It wants "a" and "b", whose archives are their names and come over the wire. */
static void begin(void)
{
	CLEANUP(buf) struct buf text = { 0 };

	scene_begin();
	scene.warden.is_up = false;
	buf_init(&text, 4 * KIB);
	buf_add_text(&text, "{\"artifacts\":[");
	scene_add_entry(&text, "a", "a");
	buf_add_text(&text, ",");
	scene_add_entry(&text, "b", "b");
	buf_add_text(&text, "]}");
	registry_poll(scene.registry);
	scene_send(LIST, 200, buf_text(&text));
}

static void poll_unchanged(void)
{
	registry_poll(scene.registry);
	scene_send(LIST, 304, "");
}

/* When "a" is tried again, in seconds from now. */
static int64_t wait_s(void)
{
	return json_get_int(registry_retry(scene.registry, REGISTRY_FETCHED, "a"), "at_s", 0) -
	       registry_boot_s();
}

static void pass_time(void)
{
	json_t *retry = json_object_get(scene.registry->retries, "+a");

	CHECK(retry);
	json_put(retry, "at_s", json_integer(registry_boot_s()));
}

static const char *state_of(const char *name)
{
	CLEANUP(json) json_t *status = registry_status(scene.registry);
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "programs"), i, row)
	{
		if (strcmp(json_get_text(row, "name", ""), name) == 0)
			return json_object_get(row, "why") ? "refused" : "wanted";
	}
	return "";
}

TEST(what_a_registry_cannot_do_now_is_asked_for_soon)
{
	static const unsigned statuses[] = { 429, 500, 503 };

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		char why[80];

		begin();
		scene_send("/artifacts/a/binary", statuses[i], "");
		CHECK_TEXT(scene.asked, "");
		text_format(why, sizeof(why),
			    "the program 'a': the registry answers %u for its archive",
			    statuses[i]);
		CHECK_TEXT(scene.registry->why, why);
		CHECK(wait_s() < HOUR_S / 2);
		scene_end();
	}
}

TEST(what_failed_comes_after_the_others)
{
	begin();
	scene_send("/artifacts/a/binary", 500, "");
	pass_time();
	poll_unchanged();
	scene_send("/artifacts/b/binary", 200, "b");
	scene_send("/artifacts/a/binary", 500, "");
	CHECK_TEXT(scene.asked, "");
	CHECK(registry_has_archive(scene.registry, scene_sha256("b")));
	pass_time();
	poll_unchanged();
	scene_send("/artifacts/a/binary", 200, "a");
	CHECK_TEXT(state_of("a"), "wanted");
	CHECK_TEXT(scene.registry->why, "");
	CHECK_INT(json_object_size(scene.registry->retries), 0);
	scene_end();
}

/* Where it answers, 404 counts at the second path. */
static void refuse_a(unsigned status)
{
	scene_send("/artifacts/a/binary", status, "x");
	if (status == 404)
		scene_send("/artifacts/binary/a", status, "");
}

TEST(what_is_wrong_with_one_is_tried_again_in_an_hour)
{
	static const unsigned statuses[] = { 403, 404, 200 };

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		begin();
		refuse_a(statuses[i]);
		scene_send("/artifacts/b/binary", 200, "b");
		CHECK_TEXT(scene.registry->why, "");
		CHECK_TEXT(state_of("a"), "refused");
		CHECK(wait_s() > HOUR_S / 2);
		poll_unchanged();
		CHECK_TEXT(scene.asked, "");
		pass_time();
		poll_unchanged();
		refuse_a(statuses[i]);
		registry_warden_up(scene.registry);
		poll_unchanged();
		CHECK_TEXT(scene.asked, "/artifacts/a/binary");
		scene_end();
	}
}

TEST(one_that_is_too_large_or_too_slow_does_not_keep_the_others_back)
{
	static const int codes[] = { -E2BIG, -ETIMEDOUT };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		begin();
		scene_fail("/artifacts/a/binary", codes[i]);
		scene_send("/artifacts/b/binary", 200, "b");
		CHECK_TEXT(scene.asked, "");
		CHECK_TEXT(scene.registry->why, "");
		CHECK_TEXT(state_of("a"), "refused");
		scene_end();
	}
}

TEST(a_full_disk_is_no_fault_of_the_archive)
{
	begin();
	text_copy(scene.registry->folder, sizeof(scene.registry->folder), "/dev/null");
	scene_send("/artifacts/a/binary", 200, "a");
	CHECK_TEXT(scene.asked, "");
	CHECK(strstr(scene.registry->why, "the program 'a': "));
	CHECK(wait_s() < HOUR_S / 2);
	scene_end();
}

TEST(what_is_wanted_no_longer_goes_though_the_next_cannot_be_had)
{
	CLEANUP(buf) struct buf text = { 0 };

	begin();
	scene_send("/artifacts/a/binary", 200, "a");
	scene_send("/artifacts/b/binary", 200, "b");
	buf_init(&text, 4 * KIB);
	buf_add_text(&text, "{\"artifacts\":[");
	scene_add_entry(&text, "c", "c");
	buf_add_text(&text, "]}");
	registry_poll(scene.registry);
	scene_send(LIST, 200, buf_text(&text));
	scene_fail("/artifacts/c/binary", -ECONNRESET);
	CHECK(!registry_has_archive(scene.registry, scene_sha256("a")));
	CHECK(!registry_has_archive(scene.registry, scene_sha256("b")));
	scene_end();
}
