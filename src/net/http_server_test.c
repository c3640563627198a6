#include "net/http_server.h"

#include <string.h>

#include "net/test_site.h"

TEST(a_request_is_answered_and_the_connection_kept)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /a%20b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a b ");
	CHECK(test_peer_has(&site.peer, "HTTP/1.1 200 OK\r\nDate: "));
	CHECK(test_peer_has(&site.peer, "Content-Length: 9\r\n"));
	CHECK(!test_peer_has(&site.peer, "Connection: close"));
	test_site_ask(&site, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
		      "PUT /x body");
	CHECK_INT(site.n_requests, 2);
	CHECK_INT(http_server_connections(site.server), 1);
	test_site_close(&site);
}

TEST(pipelined_requests_are_answered_in_order)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site,
		      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
		      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
		      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
		      "GET /4 HTTP/1.1\r\nHost: h\r\n\r\n",
		      "GET /3");
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(!site.peer.failed);
	CHECK_INT(site.n_requests, 3);
	CHECK(strstr(site.peer.received.data, "GET /1") <
	      strstr(site.peer.received.data, "POST /2 abc"));
	CHECK(test_peer_has(&site.peer, "Connection: close"));
	test_site_close(&site);
}

TEST(a_head_request_gets_no_body)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site,
		      "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n",
		      " 204 ");
	CHECK(test_peer_has(&site.peer, "Content-Length: 8\r\n"));
	CHECK(!test_peer_has(&site.peer, "HEAD /x"));
	test_site_close(&site);
}

TEST(a_broken_request_is_told_so_before_the_connection_closes)
{
	static const struct {
		const char *request, *answer;
	} broken[] = {
		{ "GET / HTTP/1.1\r\n\r\n", " 400 " },
		{ "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
		  " 400 " },
		{ "GET /%2e%2e/etc HTTP/1.1\r\nHost: h\r\n\r\n", " 400 " },
		{ "GET /?a=%00 HTTP/1.1\r\nHost: h\r\n\r\n", " 400 " },
		{ "GET / HTTP/2.0\r\nHost: h\r\n\r\n", " 505 " },
		{ "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999\r\n\r\n", " 413 " },
		{ "\x16\x03\x01\x02", " 400 " },
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct test_site site = { 0 };
		CLEANUP(text) char *more = calloc(1, MIB);

		test_site_open(&site);
		test_peer_send_text(&site.peer, broken[i].request);
		test_peer_send(&site.peer, more, MIB); /* which nobody reads: no reset may come */
		LOOP_UNTIL(site.base, site.peer.ended);
		if (!test_peer_has(&site.peer, broken[i].answer) || site.peer.failed)
			FAIL("%s: %s", broken[i].request, buf_text(&site.peer.received));
		CHECK(test_peer_has(&site.peer, "{\"error\":\""));
		CHECK_INT(site.n_requests, 0);
		CHECK_INT(test_site_count(&site.peer, "HTTP/1.1 "), 1);
		test_site_close(&site);
	}
}

TEST(headers_of_answers_cannot_be_split)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /error HTTP/1.1\r\nHost: h\r\n\r\n", "nothing is here");
	CHECK(test_peer_has(&site.peer, "X-Evil: a  Set-Cookie: b\r\n"));
	CHECK(test_peer_has(&site.peer, "\"code\":\"not_found\""));
	test_site_close(&site);
}

TEST(a_body_waits_for_its_welcome)
{
	struct test_site site = { .config.handle_head = test_site_handle_head, .body_limit = 4 };

	test_site_open(&site);
	test_site_ask(
		&site,
		"POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n");
	CHECK_INT(site.n_requests, 0);
	test_site_ask(&site, "body", "POST /a body");
	test_site_ask(
		&site,
		"POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
		" 413 ");
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK_INT(test_site_count(&site.peer, "100 Continue"), 1);
	CHECK_INT(site.n_requests, 1);
	test_site_close(&site);
}

TEST(who_is_refused_by_his_head_never_uploads)
{
	struct test_site site = { .config.handle_head = test_site_handle_head, .body_limit = MIB };
	CLEANUP(text) char *body = calloc(1, MIB);

	test_site_open(&site);
	test_peer_send_text(
		&site.peer,
		"POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
	test_peer_send(&site.peer, body, MIB);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(!site.peer.failed && test_peer_has(&site.peer, " 403 "));
	CHECK_INT(site.n_requests, 0);
	test_site_close(&site);
}

TEST(a_refusal_without_a_body_keeps_the_connection)
{
	struct test_site site = { .config.handle_head = test_site_handle_head, .body_limit = MIB };

	test_site_open(&site);
	test_site_ask(&site, "GET /forbidden HTTP/1.1\r\nHost: h\r\n\r\n", "not for you");
	test_site_ask(&site, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n", "GET /next");
	test_site_close(&site);
}

TEST(a_client_that_shut_its_sending_side_gets_its_whole_answer)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	test_peer_half_close(&site.peer);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(!site.peer.failed);
	CHECK(site.peer.received.len > 20 * MIB);
	test_site_close(&site);
}

TEST(a_late_answer_reaches_a_half_closed_client)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_peer_send_text(
		&site.peer,
		"GET /hold HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
	test_peer_half_close(&site.peer);
	LOOP_UNTIL(site.base, site.held);
	for (unsigned i = 0; i < 5; i++)
		test_loop_once(site.base);
	CHECK_INT(site.n_gone, 0);
	http_reply(site.held, 200, "text/plain", "late", 4);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(test_peer_has(&site.peer, "late") && test_peer_has(&site.peer, "GET /2"));
	test_site_close(&site);
}

TEST(a_handler_learns_that_its_client_left)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.held);
	test_peer_reset(&site.peer);
	LOOP_UNTIL(site.base, site.n_gone);
	CHECK_INT(http_server_connections(site.server), 0);
	test_site_close(&site);
}

TEST(a_request_that_nobody_waits_for_can_still_be_answered)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.held);
	test_peer_reset(&site.peer);
	LOOP_UNTIL(site.base, http_server_connections(site.server) == 0);
	CHECK_TEXT(site.held->path, "/keep");
	http_reply(site.held, 200, NULL, NULL, 0);
	test_site_close(&site);
}
