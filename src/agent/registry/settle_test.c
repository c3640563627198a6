#include <errno.h>
#include <string.h>

#include "agent/registry/scene.h"
#include "base/clock.h"
#include "base/test.h"

TEST(a_list_that_changes_while_a_program_comes_does_not_lose_it)
{
	static const struct {
		const char *archive, *revoked;
	} rows[] = { { "", "" }, { "", "v1" }, { "v2", "v1" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scene_begin();
		scene_want("v1", "");
		scene_list(0, "");
		scene_want(rows[i].archive, rows[i].revoked);
		scene_applied(1, "drop");
		scene_list(1, "v1");
		scene_answer("remove_program", "{}", "{}");
		scene_list(0, "");
		CHECK_TEXT(scene.warden.tool, *rows[i].archive ? "apply_program" : "list_programs");
		scene_end();
	}
}

TEST(what_may_have_come_without_an_answer_is_taken_away)
{
	const struct error away = { -EPIPE, "the warden went away" };
	warden_done *done;

	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_want("", "");
	done = scene.warden.done;
	scene.warden.done = NULL;
	done(NULL, &away, scene.registry);
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "remove_program");
	scene_end();
}

/* As far as the agent had come that died; what it had asked for has come, or has not. */
static void die_and_start_again(void)
{
	struct error err = { 0 };

	scene.warden.done = NULL;
	scene.warden.tool[0] = '\0';
	scene.registry->is_settling = false;
	json_decref(scene.registry->records);
	json_decref(scene.registry->coming);
	CHECK_OK(registry_load(scene.registry, &err), err);
	registry_settle(scene.registry);
}

TEST(what_came_for_an_agent_that_died_goes_when_it_is_not_wanted)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	CHECK_TEXT(scene.warden.tool, "apply_program");
	scene_want("", "");
	die_and_start_again();
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "remove_program");
	scene_end();
}

TEST(what_came_for_an_agent_that_died_does_not_come_twice)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	die_and_start_again();
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "");
	die_and_start_again();
	scene_list(0, "");
	CHECK_TEXT(scene.warden.tool, ""); /* its time was over since */
	scene_end();
}

TEST(what_came_for_an_agent_that_died_and_ended_does_not_come_again)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	die_and_start_again();
	scene_list_ended(1, "v1", true);
	CHECK_TEXT(scene.warden.tool, "");
	scene_end();
}

TEST(what_never_was_attached_for_an_agent_that_died_comes_again)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	die_and_start_again();
	scene_list_ended(1, "v1", false);
	CHECK_TEXT(scene.warden.tool, "apply_program");
	scene_end();
}

TEST(what_came_for_an_agent_that_died_gets_no_more_time)
{
	const json_t *record;
	int64_t now_s = (int64_t)(clock_wall_ns() / NS_PER_SEC);

	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	json_put(json_object_get(scene.registry->coming, "drop"), "at_s", json_integer(now_s - 50));
	registry_save_coming(scene.registry);
	die_and_start_again();
	scene_list(1, "v1");
	record = json_object_get(scene.registry->records, "drop");
	CHECK_INT(json_get_int(record, "applied_s", 0), now_s - 50);
	CHECK_INT(json_get_int(record, "ttl_s", 0), 60);
	scene_end();
}

TEST(what_another_put_there_before_we_asked_is_not_what_came)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(7, "v1");
	die_and_start_again();
	scene_list(7, "v1");
	CHECK_TEXT(scene.warden.tool, "apply_program");
	scene_end();
}

TEST(what_was_asked_for_twice_and_refused_is_not_ours)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	die_and_start_again();
	scene_list(0, "");
	scene_answer("apply_program", "{\"code\":-13,\"error\":\"no\"}", "{}");
	scene_list(0, "");
	scene_want("", "");
	scene_list(7, "v1");
	CHECK_TEXT(scene.warden.tool, "");
	CHECK_INT(json_object_size(scene.registry->records), 0);
	CHECK_INT(json_object_size(scene.registry->coming), 0);
	scene_end();
}

TEST(what_came_for_an_agent_that_died_is_ours_though_another_is_refused_since)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_want("v2", "");
	die_and_start_again();
	scene_list(1, "v1");
	scene_answer("apply_program", "{\"code\":-13,\"error\":\"no\"}", "{}");
	scene_list(1, "v1");
	scene_want("", "");
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "remove_program");
	scene_end();
}

TEST(what_was_refused_is_not_ours_though_it_is_there)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_answer("apply_program", "{\"code\":-13,\"error\":\"no\"}", "{}");
	scene_list(0, "");
	scene_want("", "");
	scene_list(7, "v1");
	CHECK_TEXT(scene.warden.tool, "");
	scene_end();
}

TEST(what_a_rollback_brought_back_goes_as_what_it_was)
{
	static const struct {
		const char *archive, *revoked;
	} rows[] = { { "", "" }, { "v2", "v1" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scene_begin();
		scene_apply("v1", 1);
		scene_want("v2", "");
		scene_list(1, "v1");
		scene_applied(2, "drop");
		scene_list(3, "v1");
		CHECK_TEXT(scene.warden.tool, "");
		scene_want(rows[i].archive, rows[i].revoked);
		scene_list(3, "v1");
		CHECK_TEXT(scene.warden.tool, "remove_program");
		scene_end();
	}
}

TEST(what_another_put_there_stays)
{
	scene_begin();
	scene_apply("v1", 1);
	scene_want("", "");
	scene_list(7, "theirs");
	CHECK_TEXT(scene.warden.tool, "");
	CHECK_INT(json_object_size(scene.registry->records), 0);
	scene_end();
}

TEST(a_program_is_what_the_warden_calls_it)
{
	CLEANUP(json) json_t *status = NULL;
	const json_t *row;

	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_applied(1, "victim");
	scene_list(1, "v1");
	status = registry_status(scene.registry);
	row = json_array_get(json_object_get(status, "programs"), 0);
	CHECK_TEXT(json_get_text(row, "state", ""), "refused");
	CHECK_INT(json_object_size(scene.registry->records), 0);
	scene_end();
}

TEST(what_was_refused_is_forgotten_with_what_was_wanted)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_answer("apply_program", "{\"code\":-22,\"error\":\"no\"}", "");
	scene_list(0, "");
	CHECK_INT(json_object_size(scene.registry->retries), 1);
	scene_want("", "");
	scene_list(0, "");
	CHECK_INT(json_object_size(scene.registry->retries), 0);
	scene_end();
}

TEST(no_answer_comes_after_the_end)
{
	scene_begin();
	scene_want("v1", "");
	CHECK(scene.warden.done);
	scene_end();
	CHECK(!scene.warden.done);
}
