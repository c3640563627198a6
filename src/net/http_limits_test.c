/* What a server does about clients that are slow, deaf or too many. */
#include "net/http_server.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/test_site.h"

TEST(a_slow_request_is_cut_off_however_busy_it_looks)
{
	struct test_site site = { .config.head_ns = 300 * NS_PER_MS };
	uint64_t start_ns = clock_monotonic_ns(), sent_ns = 0;

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET / HTTP/1.1\r\n");
	while (!site.peer.ended) {
		if (clock_monotonic_ns() - sent_ns > 5 * NS_PER_MS) {
			test_peer_send_text(&site.peer, "X");
			sent_ns = clock_monotonic_ns();
		}
		test_loop_once(site.base);
		CHECK(clock_monotonic_ns() - start_ns < 10 * NS_PER_SEC);
	}
	if (!test_peer_has(&site.peer, " 408 "))
		FAIL("%s", buf_text(&site.peer.received));
	CHECK(clock_monotonic_ns() - start_ns >= 250 * NS_PER_MS);
	CHECK(http_server_refused(site.server) > 0);
	test_site_close(&site);
}

TEST(a_slow_body_is_cut_off)
{
	struct test_site site = { .config.body_ns = 200 * NS_PER_MS };

	test_site_open(&site);
	test_peer_send_text(&site.peer,
			    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(test_peer_has(&site.peer, " 408 "));
	CHECK_INT(site.n_requests, 0);
	test_site_close(&site);
}

TEST(silence_is_cut_off)
{
	struct test_site site = { .config.head_ns = 100 * NS_PER_MS };

	test_site_open(&site);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK_INT(site.peer.received.len, 0);
	test_site_close(&site);
}

TEST(an_idle_connection_is_closed)
{
	struct test_site site = { .config.idle_ns = 100 * NS_PER_MS };

	test_site_open(&site);
	test_site_ask(&site, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a");
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(!site.peer.failed);
	test_site_close(&site);
}

TEST(who_takes_nothing_of_an_answer_is_cut_off)
{
	struct test_site site = { .config.stall_ns = 200 * NS_PER_MS, .peer.deaf = true };

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.n_requests == 1);
	LOOP_UNTIL(site.base, http_server_connections(site.server) == 0);
	test_site_close(&site);
}

TEST(connections_are_counted_in_all_and_per_address)
{
	struct test_site site = { .config.max_connections_per_address = 2 };
	struct test_peer second = { 0 }, third = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a");
	test_peer_connect(&second, site.base, site.port, NULL);
	test_peer_connect(&third, site.base, site.port, NULL);
	LOOP_UNTIL(site.base, third.ended);
	CHECK(!second.ended);
	CHECK_INT(http_server_refused(site.server), 1);
	test_peer_finish(&second);
	LOOP_UNTIL(site.base, http_server_connections(site.server) == 1);
	test_peer_finish(&third);
	test_peer_connect(&third, site.base, site.port, NULL);
	test_peer_send_text(&third, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, test_peer_has(&third, "GET /b"));
	test_peer_finish(&third);
	test_site_close(&site);
}

/* With as few descriptors left as 'n_free', so that accept() fails. */
TEST(a_lack_of_descriptors_is_waited_out_without_spinning)
{
	struct test_site site = { 0 };
	struct test_peer second = { 0 };
	struct rlimit before, low;
	struct rusage used;
	unsigned rounds = 0;
	uint64_t end_ns;
	int next;

	test_site_open(&site);
	test_site_ask(&site, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a");
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	test_peer_connect(&second, site.base, site.port, NULL);
	next = dup(0);
	CHECK(next >= 0);
	(void)close(next);
	low = (struct rlimit) { (rlim_t)next, before.rlim_max };
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &low), 0);
	end_ns = clock_monotonic_ns() + 300 * NS_PER_MS;
	while (clock_monotonic_ns() < end_ns) {
		(void)event_base_loop(site.base, EVLOOP_NONBLOCK);
		test_loop_once(site.base);
		rounds++;
	}
	CHECK(rounds < 100);
	CHECK_INT(http_server_connections(site.server), 1);
	test_site_ask(&site, "GET /still HTTP/1.1\r\nHost: h\r\n\r\n", "GET /still");
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
	test_peer_send_text(&second, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, test_peer_has(&second, "GET /b"));
	CHECK_INT(getrusage(RUSAGE_SELF, &used), 0);
	test_peer_finish(&second);
	test_site_close(&site);
}

static void handle_done(struct http_server *server UNUSED, void *data)
{
	((struct test_site *)data)->n_done++;
}

TEST(a_shutdown_answers_what_was_asked)
{
	struct test_site site = { 0 };
	struct test_peer idle = { 0 }, refused = { 0 };

	test_site_open(&site);
	test_peer_connect(&idle, site.base, site.port, NULL);
	test_peer_send_text(&idle, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, test_peer_has(&idle, "GET /a"));
	test_peer_send_text(&site.peer, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.held);
	http_server_shutdown(site.server, 5 * NS_PER_SEC, handle_done, &site);
	LOOP_UNTIL(site.base, idle.ended);
	CHECK(!idle.failed && !site.peer.ended);
	CHECK_INT(site.n_done, 0);
	http_reply(site.held, 200, "text/plain", "last", 4);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(test_peer_has(&site.peer, "last") && test_peer_has(&site.peer, "Connection: close"));
	test_peer_finish(&idle);
	test_peer_finish(&site.peer);
	LOOP_UNTIL(site.base, site.n_done == 1);
	test_peer_finish(&refused);
	test_site_close(&site);
	CHECK_INT(site.n_gone, 0);
}

TEST(a_shutdown_has_a_limit)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.held);
	http_server_shutdown(site.server, 100 * NS_PER_MS, handle_done, &site);
	LOOP_UNTIL(site.base, site.n_done == 1);
	test_site_close(&site);
	CHECK_INT(site.n_gone, 1);
}
