#include "net/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "net/listen.h"
#include "net/test_call.h"

TEST(both_ends_talk_and_close)
{
	struct test_call call = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.config.headers[0] = (struct http_field) { "Authorization", "Bearer x" };
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	CHECK_TEXT(call.authorization, "Bearer x");
	websocket_close(call.ours, WEBSOCKET_NORMAL, "");
	LOOP_UNTIL(call.base, call.n_closed == 2);
	LOOP_UNTIL(call.base, http_server_connections(call.server) == 0);
	test_call_close(&call);
}

TEST(the_server_closes_as_well)
{
	struct test_call call = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	websocket_close(call.theirs, WEBSOCKET_TRY_LATER, "busy");
	LOOP_UNTIL(call.base, call.n_closed == 2);
	test_call_close(&call);
}

/* A resolver that does what its test says. */
static void make_resolver(char path[32], const char *script)
{
	int fd;

	text_format(path, 32, "/tmp/constable-dial-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && fchmod(fd, 0700) == 0);
	CHECK_INT(fd_write_all(fd, script, strlen(script)), 0);
	(void)close(fd);
}

TEST(a_name_is_resolved_by_the_child_and_its_addresses_tried_in_turn)
{
	struct test_call call = { 0 };
	char path[32];

	make_resolver(path, "#!/bin/sh\n[ $1 = localhost ] && [ $2 -gt 0 ] || exit 1\n"
			    "printf '::1\\nnonsense\\n127.0.0.9\\n127.0.0.1\\n'\n");
	test_call_open(&call, "127.0.0.1", TEST_TLS);
	call.config.resolver = path;
	test_call_dial(&call, "localhost", "/ws");
	(void)unlink(path);
	test_call_check_echo(&call);
	test_call_close(&call);
}

TEST(a_name_that_does_not_resolve_is_told)
{
	struct test_call call = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.config.resolver = "/bin/false";
	test_call_dial(&call, "localhost", "/ws");
	test_call_check_failed(&call, -ENOENT);
	test_call_close(&call);
}

TEST(a_resolver_that_hangs_is_killed_at_the_deadline)
{
	struct test_call call = { .config.deadline_ns = 200 * NS_PER_MS };
	char path[32];

	make_resolver(path, "#!/bin/sh\nexec sleep 60\n");
	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.config.resolver = path;
	test_call_dial(&call, "localhost", "/ws");
	(void)unlink(path);
	test_call_check_failed(&call, -ETIMEDOUT);
	test_call_close(&call);
}

TEST(the_servers_no_is_told_with_its_status)
{
	struct test_call later = { 0 }, forbidden = { 0 }, plain = { 0 };

	test_call_open(&later, "127.0.0.1", TEST_TLS);
	test_call_dial(&later, "127.0.0.1", "/no");
	test_call_check_failed(&later, -EREMOTEIO);
	CHECK_INT(later.outcome.http_status, 503);
	CHECK_INT(later.outcome.retry_after_s, 7);
	test_call_close(&later);
	test_call_open(&forbidden, "127.0.0.1", TEST_PLAIN);
	test_call_dial(&forbidden, "127.0.0.1", "/forbidden");
	test_call_check_failed(&forbidden, -EACCES);
	CHECK_INT(forbidden.outcome.http_status, 403);
	test_call_close(&forbidden);
	test_call_open(&plain, "127.0.0.1", TEST_PLAIN);
	test_call_dial(&plain, "127.0.0.1", "/plain");
	test_call_check_failed(&plain, -EREMOTEIO);
	test_call_close(&plain);
}

TEST(a_server_that_never_answers_is_left_at_the_deadline)
{
	struct test_call call = { .config.deadline_ns = 200 * NS_PER_MS };

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	test_call_dial(&call, "127.0.0.1", "/never");
	test_call_check_failed(&call, -ETIMEDOUT);
	test_call_close(&call);
}

TEST(nobody_there_is_told)
{
	struct test_call call = { 0 };
	struct error err = { 0 };
	int fd = listen_open("127.0.0.1", 0, &err);
	uint16_t port = listen_port(fd);

	(void)close(fd);
	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.port = port;
	test_call_dial(&call, "127.0.0.1", "/");
	test_call_check_failed(&call, -ECONNREFUSED);
	test_call_close(&call);
}

TEST(what_cannot_be_dialled_is_refused_at_once)
{
	static const char *const bad[] = { "http://a/", "ws://u:p@a/", "wss://a/", "nothing", "" };
	struct test_call call = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };

		call.config.url = bad[i];
		CHECK(!dial_start(call.base, &call.config, &err));
		CHECK_INT(err.code, -EINVAL);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct error err = { 0 };

		call.config.url = "ws://127.0.0.1/";
		call.config.proxy = i == 0 ? "https://proxy/" : i == 1 ? "proxy:3128" : NULL;
		call.config.headers[0] =
			(struct http_field) { i == 2 ? "A b" : "A", i == 3 ? "x\r\nB: c" : "x" };
		CHECK(!dial_start(call.base, &call.config, &err));
		CHECK_INT(err.code, -EINVAL);
	}
	test_call_close(&call);
}

TEST(a_cancelled_dial_says_nothing)
{
	struct test_call call = { 0 };
	struct error err = { 0 };
	struct dial *dialling;

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.config.url = "ws://localhost:1/";
	call.config.resolver = "/bin/true";
	dialling = dial_start(call.base, &call.config, &err);
	CHECK(dialling);
	dial_cancel(dialling);
	for (unsigned i = 0; i < 3; i++)
		test_loop_once(call.base);
	CHECK_INT(call.n_done, 0);
	test_call_close(&call);
}
