#include <errno.h>

#include "agent/registry/scene.h"
#include "base/test.h"

#define PORT(number) ",\"parameters\":{\"port\":" #number "}"
#define DENIED(items) ",\"lists\":{\"denied\":[" items "]}"

static void want_given(const char *given)
{
	scene.given = given;
	scene_want("v1", "");
	scene_list(1, "v1");
}

/* With what it was given first. */
static void begin_given(const char *given)
{
	scene_begin();
	scene.given = given;
	scene_apply("v1", 1);
}

TEST(other_parameters_and_lists_change_what_is_there)
{
	begin_given(PORT(1) DENIED("\"10.0.0.0/8\""));
	want_given(PORT(2) DENIED("\"10.0.0.0/8\""));
	CHECK_TEXT(scene.warden.tool, "set_program_params");
	CHECK_TEXT(scene.warden.args, "{\"name\":\"drop\",\"params\":{\"port\":2}}");
	scene_answer("set_program_params", "{}", "{\"id\":1,\"name\":\"drop\",\"ttl_s\":60}");
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "");
	want_given(PORT(2) DENIED(""));
	CHECK_TEXT(scene.warden.args, "{\"lists\":{\"denied\":[]},\"name\":\"drop\"}");
	scene_end();
}

TEST(what_is_changed_gets_no_more_time)
{
	const json_t *record;

	begin_given(PORT(1));
	record = json_object_get(scene.registry->records, "drop");
	json_put((json_t *)(uintptr_t)record, "applied_s", json_integer(7));
	want_given(PORT(2));
	scene_answer("set_program_params", "{}", "{\"id\":1,\"name\":\"drop\",\"ttl_s\":60}");
	CHECK_INT(json_get_int(record, "applied_s", 0), 7);
	scene_end();
}

TEST(what_is_more_than_another_value_comes_anew)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ PORT(1), "" },
		{ DENIED("\"x\""), PORT(1) },
		{ PORT(1), PORT(2) ",\"ttl_sec\":9" },
		{ PORT(1), PORT(2) ",\"targets\":{\"a\":\"b\"}" },
		{ PORT(1), PORT(2) ",\"assigned_at\":\"later\"" },
		{ PORT(1), PORT(1) ",\"assigned_at\":\"later\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin_given(rows[i].before);
		want_given(rows[i].after);
		CHECK_TEXT(scene.warden.tool, "apply_program");
		scene_end();
	}
}

TEST(what_cannot_change_where_it_is_comes_anew)
{
	begin_given(PORT(1));
	want_given(PORT(2));
	scene_answer("set_program_params", "{\"code\":-1,\"error\":\"constant\"}", "{}");
	scene_list(1, "v1");
	scene_applied(2, "drop");
	scene_list(2, "v1");
	CHECK_TEXT(scene.warden.tool, "");
	scene_end();
}

static void answer_code(const char *tool, int code)
{
	char header[64];

	text_format(header, sizeof(header), "{\"code\":%d,\"error\":\"no\"}", code);
	scene_answer(tool, header, "");
}

/* As though its pause were over. */
static void try_again(const char *key)
{
	json_t *retry = json_object_get(scene.registry->retries, key);

	CHECK(retry);
	json_put(retry, "at_s", json_integer(0));
	registry_settle(scene.registry);
}

TEST(a_change_that_only_now_does_not_go_is_asked_for_again)
{
	static const int codes[] = { -EBUSY, -EPIPE, -ETIMEDOUT, -EIO, -EAGAIN, -ECANCELED };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		begin_given(PORT(1));
		want_given(PORT(2));
		answer_code("set_program_params", codes[i]);
		scene_list(1, "v1");
		CHECK_TEXT(scene.warden.tool, "");
		try_again("drop");
		scene_list(1, "v1");
		CHECK_TEXT(scene.warden.tool, "set_program_params");
		scene_end();
	}
}

TEST(a_change_that_the_policy_forbids_comes_anew)
{
	begin_given(PORT(1));
	want_given(PORT(2));
	answer_code("set_program_params", -EACCES);
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "apply_program");
	scene_end();
}

static const char needs_approval[] =
	"{\"code\":-13,\"error\":\"it needs an approval\",\"approval\":{\"nonce\":\"n1\","
	"\"args_sha256\":\"5a\"}}";

/* Not before the test says so. */
static void hold(const char *key)
{
	json_t *retry = json_object_get(scene.registry->retries, key);

	CHECK(retry);
	json_put(retry, "at_s", json_integer(registry_boot_s() + 3600));
}

/* The status's only program. */
static void check_waits(const char *state)
{
	CLEANUP(json) json_t *status = registry_status(scene.registry);
	const json_t *row = json_array_get(json_object_get(status, "programs"), 0);
	const json_t *approval = json_object_get(row, "approval");

	CHECK_TEXT(json_get_text(row, "state", ""), state);
	CHECK_TEXT(json_get_text(approval, "nonce", ""), "n1");
	CHECK_TEXT(json_get_text(approval, "args_sha256", ""), "5a");
}

TEST(the_status_tells_which_approval_is_waited_for)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_answer("apply_program", needs_approval, "");
	hold("drop");
	scene_list(0, "");
	check_waits("refused");
	(void)json_object_clear(scene.registry->retries);
	scene_apply("v1", 1);
	scene_want("", "");
	scene_list(1, "v1");
	scene_answer("remove_program", needs_approval, "");
	hold("-drop");
	scene_list(1, "v1");
	check_waits("leaving");
	scene_end();
}

TEST(a_change_that_has_to_be_approved_waits_for_that)
{
	begin_given(PORT(1));
	want_given(PORT(2));
	scene_answer("set_program_params", needs_approval, "");
	hold("drop");
	scene_list(1, "v1");
	check_waits("refused");
	scene_end();
}

/* Asked, told that it needs an approval, and asked again: the next list is waited for. */
static void ask_twice(const char *tool)
{
	scene_answer(tool, needs_approval, "");
	hold("drop");
	scene_list(1, "v1");
	try_again("drop");
}

TEST(what_waits_for_an_approval_goes_on_as_it_was_asked_for)
{
	begin_given(PORT(1));
	scene.given = PORT(2);
	scene_want("v1", "");
	scene_list_canary(1, "v1");
	ask_twice("apply_program");
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "apply_program");
	CHECK_TEXT(scene.warden.nonce, "n1");
	scene_end();
}

TEST(an_approval_goes_with_the_call_that_it_is_for_alone)
{
	begin_given(PORT(1));
	want_given(PORT(2));
	ask_twice("set_program_params");
	scene_list(1, "v1");
	CHECK_TEXT(scene.warden.tool, "set_program_params");
	CHECK_TEXT(scene.warden.nonce, "n1");
	ask_twice("set_program_params");
	scene_list_canary(1, "v1");
	CHECK_TEXT(scene.warden.tool, "apply_program");
	CHECK_TEXT(scene.warden.nonce, "");
	scene_end();
}

TEST(an_approval_is_kept_while_the_host_is_busy)
{
	scene_begin();
	scene_want("v1", "");
	scene_list(0, "");
	scene_answer("apply_program", needs_approval, "");
	try_again("drop");
	scene_list(0, "");
	CHECK_TEXT(scene.warden.nonce, "n1");
	answer_code("apply_program", -EBUSY);
	try_again("drop");
	scene_list(0, "");
	CHECK_TEXT(scene.warden.nonce, "n1");
	answer_code("apply_program", -EINVAL);
	try_again("drop");
	scene_list(0, "");
	CHECK_TEXT(scene.warden.nonce, "");
	scene_end();
}

TEST(an_approval_is_for_the_time_that_was_asked_for)
{
	json_t *record;
	char asked[sizeof(scene.warden.args)];

	scene_begin();
	scene_apply("v1", 1);
	record = json_object_get(scene.registry->records, "drop");
	json_put(record, "ttl_s", json_integer(1000));
	scene_want("v1", "");
	scene_list_lost(1, "v1");
	text_copy(asked, sizeof(asked), scene.warden.args);
	scene_answer("apply_program", needs_approval, "");
	hold("drop");
	scene_list_lost(1, "v1");
	json_put(record, "ttl_s", json_integer(900)); /* as if time had passed */
	try_again("drop");
	scene_list_lost(1, "v1");
	CHECK_TEXT(scene.warden.nonce, "n1");
	CHECK_TEXT(scene.warden.args, asked);
	scene_end();
}
