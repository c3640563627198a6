#include "courier/courier.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>

#include "base/test.h"
#include "courier/scene.h"

/* "https://127.0.0.1:PORT" with a path. */
static const char *at(const struct scene *scene, const char *path)
{
	static char url[256];

	text_format(url, sizeof(url), "%s%s", scene->url, path);
	return url;
}

TEST(a_request_is_answered_with_status_headers_and_body)
{
	struct scene scene = { 0 };
	struct scene_answer answer;
	struct courier_request request;

	scene_open(&scene);
	request = scene_request(&scene, "POST", at(&scene, "/a/path?b=c"));
	request.body = "a body";
	request.n_body = 6;
	request.wanted = "Content-Type, nothing";
	scene_ask(&scene, &request, &answer);
	CHECK_TEXT(answer.err.text, "");
	CHECK_INT(answer.status, 200);
	CHECK_TEXT(answer.type, "content-type=text/plain");
	CHECK_TEXT(buf_text(&answer.body), "POST /a/path a body");
	CHECK_INT(answer.n_heads, 1);
	CHECK_INT(courier_n_open(scene.courier), 0);
	scene_answer_finish(&answer);
	scene_close(&scene);
}

TEST(an_answer_without_a_body_and_one_with_an_error_status_are_answers)
{
	struct scene scene = { 0 };
	struct scene_answer answer;
	struct courier_request request;

	scene_open(&scene);
	request = scene_request(&scene, "DELETE", at(&scene, "/none"));
	scene_ask(&scene, &request, &answer);
	CHECK_INT(answer.status, 204);
	CHECK_INT(answer.err.code, 0);
	CHECK_INT(answer.n_heads, 1);
	scene_answer_finish(&answer);
	request = scene_request(&scene, "GET", at(&scene, "/error"));
	scene_ask(&scene, &request, &answer);
	CHECK_INT(answer.status, 404);
	CHECK_INT(answer.err.code, 0);
	scene_answer_finish(&answer);
	request = scene_request(&scene, "HEAD", at(&scene, "/error"));
	scene_ask(&scene, &request, &answer);
	CHECK_INT(answer.status, 404);
	CHECK_INT(answer.body.len, 0);
	scene_answer_finish(&answer);
	scene_close(&scene);
}

TEST(many_requests_are_under_way_at_once)
{
	enum {
		MANY = 100
	};
	static struct scene_answer answers[MANY];
	struct scene scene = { 0 };
	struct courier_request request;

	scene_open(&scene);
	for (int i = 0; i < MANY; i++) {
		request = scene_request(&scene, "GET", at(&scene, "/one"));
		(void)scene_start(&scene, &request, &answers[i]);
	}
	CHECK_INT(courier_n_open(scene.courier), MANY);
	for (int i = 0; i < MANY; i++) {
		LOOP_UNTIL(scene.site.base, answers[i].n_ends);
		CHECK_TEXT(answers[i].err.text, "");
		CHECK_TEXT(buf_text(&answers[i].body), "GET /one ");
		scene_answer_finish(&answers[i]);
	}
	scene_close(&scene);
}

TEST(too_many_requests_are_refused)
{
	static struct scene_answer answers[COURIER_MAX_OPEN + 1];
	struct scene scene = { 0 };
	struct courier_request request;

	scene_open(&scene);
	for (int i = 0; i <= COURIER_MAX_OPEN; i++) {
		request = scene_request(&scene, "GET", at(&scene, "/hold"));
		(void)scene_start(&scene, &request, &answers[i]);
	}
	LOOP_UNTIL(scene.site.base, answers[COURIER_MAX_OPEN].n_ends);
	CHECK_INT(answers[COURIER_MAX_OPEN].err.code, -EBUSY);
	CHECK_INT(courier_n_open(scene.courier), COURIER_MAX_OPEN);
	CHECK_INT(answers[0].n_ends, 0);
	scene_close(&scene);
	for (int i = 0; i <= COURIER_MAX_OPEN; i++)
		scene_answer_finish(&answers[i]);
}

TEST(pieces_arrive_as_they_are_sent)
{
	struct scene scene = { 0 };
	struct scene_answer answer;
	struct courier_request request;

	scene_open(&scene);
	request = scene_request(&scene, "POST", at(&scene, "/stream"));
	(void)scene_start(&scene, &request, &answer);
	LOOP_UNTIL(scene.site.base, answer.n_heads);
	CHECK_INT(http_stream_write(scene.site.stream, "data: 1\n\n", 9), 0);
	LOOP_UNTIL(scene.site.base, answer.body.len == 9);
	CHECK_INT(answer.n_ends, 0);
	CHECK_INT(http_stream_write(scene.site.stream, "data: 2\n\n", 9), 0);
	LOOP_UNTIL(scene.site.base, answer.body.len == 18);
	http_stream_end(scene.site.stream);
	LOOP_UNTIL(scene.site.base, answer.n_ends);
	CHECK_INT(answer.err.code, 0);
	scene_answer_finish(&answer);
	scene_close(&scene);
}

TEST(a_large_answer_arrives_whole_and_a_larger_one_than_allowed_does_not)
{
	struct scene scene = { 0 };
	struct scene_answer answer;
	struct courier_request request;

	scene_open(&scene);
	request = scene_request(&scene, "GET", at(&scene, "/big"));
	request.limits.max_bytes = 20 * MIB;
	scene_ask(&scene, &request, &answer);
	CHECK_TEXT(answer.err.text, "");
	CHECK(answer.body.len == 20 * MIB);
	scene_answer_finish(&answer);
	request.limits.max_bytes = MIB;
	scene_ask(&scene, &request, &answer);
	CHECK_INT(answer.err.code, -E2BIG);
	CHECK_TEXT(answer.err.text, "127.0.0.1 answers with more than 1048576 bytes");
	CHECK(answer.body.len <= MIB);
	scene_answer_finish(&answer);
	scene_close(&scene);
}

TEST(who_pauses_makes_the_server_wait)
{
	struct scene scene = { 0 };
	struct scene_answer answer;
	struct courier_request request;
	struct courier_call *call;
	char piece[4 * KIB] = { 'x' };
	size_t n = 0, max = 32 * MIB;

	scene_open(&scene);
	request = scene_request(&scene, "GET", at(&scene, "/stream"));
	request.limits.max_bytes = max;
	call = scene_start(&scene, &request, &answer);
	LOOP_UNTIL(scene.site.base, answer.n_heads);
	courier_pause(call);
	/* Until the server's queue stays full. */
	for (int full = 0; full < 20;) {
		if (http_stream_write(scene.site.stream, piece, sizeof(piece)) == 0) {
			n += sizeof(piece);
			full = 0;
		} else {
			full++;
		}
		CHECK(n < max);
		test_loop_once(scene.site.base);
	}
	CHECK_INT(answer.body.len, 0);
	courier_resume(call);
	LOOP_UNTIL(scene.site.base, answer.body.len == n);
	http_stream_end(scene.site.stream);
	LOOP_UNTIL(scene.site.base, answer.n_ends);
	CHECK_INT(answer.err.code, 0);
	scene_answer_finish(&answer);
	scene_close(&scene);
}

TEST(a_cancelled_request_is_not_heard_of_again)
{
	struct scene scene = { 0 };
	struct scene_answer answer, other;
	struct courier_request request;
	struct courier_call *call;

	scene_open(&scene);
	request = scene_request(&scene, "GET", at(&scene, "/stream"));
	call = scene_start(&scene, &request, &answer);
	LOOP_UNTIL(scene.site.base, answer.n_heads);
	courier_cancel(call);
	CHECK_INT(courier_n_open(scene.courier), 0);
	LOOP_UNTIL(scene.site.base, scene.site.n_gone); /* the server sees it */
	request = scene_request(&scene, "GET", at(&scene, "/one"));
	scene_ask(&scene, &request, &other);
	CHECK_INT(other.status, 200);
	CHECK_INT(answer.n_ends, 0);
	scene_answer_finish(&answer);
	scene_answer_finish(&other);
	scene_close(&scene);
}

TEST(limits_of_time_are_kept)
{
	const struct {
		struct courier_limits limits;
		const char *path, *text;
	} rows[] = {
		{ { .total_ns = 50 * NS_PER_MS }, "/hold", "127.0.0.1 was not done in time" },
		{ { .first_byte_ns = 50 * NS_PER_MS },
		  "/hold",
		  "127.0.0.1 did not answer in time" },
		{ { .idle_ns = 50 * NS_PER_MS }, "/stream", "127.0.0.1 said nothing for too long" },
	};
	struct scene scene = { 0 };

	scene_open(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct courier_request request =
			scene_request(&scene, "GET", at(&scene, rows[i].path));
		struct scene_answer answer;

		request.limits = rows[i].limits;
		scene_ask(&scene, &request, &answer);
		CHECK_INT(answer.err.code, -ETIMEDOUT);
		CHECK_TEXT(answer.err.text, rows[i].text);
		scene_answer_finish(&answer);
	}
	scene_close(&scene);
}

TEST(a_courier_that_dies_fails_what_was_under_way_and_no_more)
{
	struct scene scene = { 0 };
	struct scene_answer answer, other;
	struct courier_request request;
	pid_t first;

	scene_open(&scene);
	request = scene_request(&scene, "GET", at(&scene, "/keep"));
	(void)scene_start(&scene, &request, &answer);
	LOOP_UNTIL(scene.site.base, scene.site.held);
	first = scene_child();
	CHECK(first > 0 && kill(first, SIGKILL) == 0);
	LOOP_UNTIL(scene.site.base, answer.n_ends);
	CHECK_INT(answer.err.code, -EIO);
	CHECK_TEXT(answer.err.text,
		   "constable-courier: it ended; whether the request arrived is not known");
	request = scene_request(&scene, "GET", at(&scene, "/one"));
	scene_ask(&scene, &request, &other);
	CHECK_INT(other.status, 200);
	CHECK(scene_child() > 0 && scene_child() != first);
	http_reply(scene.site.held, 200, NULL, NULL, 0);
	scene_answer_finish(&answer);
	scene_answer_finish(&other);
	scene_close(&scene);
	CHECK_INT(scene_child(), 0);
}
