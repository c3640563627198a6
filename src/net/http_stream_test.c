#include "net/http_server.h"

#include <string.h>

#include "net/test_site.h"

TEST(a_stream_goes_out_in_chunks)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n",
		      "Transfer-Encoding: chunked\r\n");
	CHECK_INT(http_stream_write(site.stream, "data: 1\n\n", 9), 0);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "9\r\ndata: 1\n\n\r\n"));
	http_stream_end(site.stream);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "\r\n0\r\n\r\n"));
	test_site_ask(&site, "GET /after HTTP/1.1\r\nHost: h\r\n\r\n", "GET /after");
	CHECK_INT(site.n_gone, 0);
	test_site_close(&site);
}

TEST(a_stream_of_http_1_0_ends_with_its_connection)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream HTTP/1.0\r\n\r\n", "\r\n\r\n");
	CHECK_INT(http_stream_write(site.stream, "data", 4), 0);
	http_stream_end(site.stream);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(test_peer_has(&site.peer, "\r\n\r\ndata"));
	CHECK(!test_peer_has(&site.peer, "chunked"));
	test_site_close(&site);
}

TEST(a_stream_waits_for_its_reader)
{
	struct test_site site = { .peer.deaf = true };
	char piece[4 * KIB] = { 'x' };
	unsigned n = 0;

	test_site_open(&site);
	test_peer_send_text(&site.peer, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
	LOOP_UNTIL(site.base, site.stream);
	while (http_stream_write(site.stream, piece, sizeof(piece)) == 0) {
		CHECK(++n < 16384);
		test_loop_once(site.base);
	}
	CHECK(http_stream_queued_bytes(site.stream) <= 64 * KIB);
	CHECK_INT(site.n_drained, 0);
	test_peer_listen_again(&site.peer);
	LOOP_UNTIL(site.base, site.n_drained == 1);
	CHECK_INT(http_stream_write(site.stream, "end", 3), 0);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "end"));
	test_site_close(&site);
	CHECK_INT(site.n_gone, 1);
}

TEST(a_stream_that_is_aborted_has_no_end)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	CHECK_INT(http_stream_write(site.stream, "half", 4), 0);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "half"));
	http_stream_abort(site.stream);
	LOOP_UNTIL(site.base, site.peer.ended);
	CHECK(!test_peer_has(&site.peer, "\r\n0\r\n"));
	CHECK_INT(site.n_gone, 0);
	test_site_close(&site);
}

TEST(a_stream_whose_client_left_is_gone)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	test_peer_half_close(&site.peer);
	LOOP_UNTIL(site.base, site.n_gone == 1);
	test_site_close(&site);
}

TEST(what_a_streams_client_pushes_is_not_kept)
{
	struct test_site site = { 0 };
	CLEANUP(text) char *junk = calloc(1, 8 * MIB);

	test_site_open(&site);
	test_site_ask(&site, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	test_peer_send(&site.peer, junk, 8 * MIB);
	LOOP_UNTIL(site.base, site.n_gone == 1);
	CHECK_INT(http_server_connections(site.server), 0);
	test_site_close(&site);
}

TEST(a_stream_ends_with_the_time_of_its_holder)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream?for=ana&ms=30 HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	CHECK_INT(http_server_held_streams(site.server), 1);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "farewell\r\n0\r\n\r\n"));
	CHECK_INT(site.n_over, 1);
	CHECK_INT(site.n_gone, 1);
	CHECK_INT(http_server_held_streams(site.server), 0);
	/* Its connection is good for who still has something to say for himself. */
	test_site_ask(&site, "GET /after HTTP/1.1\r\nHost: h\r\n\r\n", "GET /after");
	test_site_close(&site);
}

TEST(a_time_that_is_over_ends_a_stream_at_once)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream?for=ana&ms=1 HTTP/1.1\r\nHost: h\r\n\r\n",
		      "farewell\r\n0\r\n\r\n");
	CHECK_INT(site.n_gone, 1);
	test_site_close(&site);
}

TEST(streams_end_with_the_right_of_their_holder)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream?for=ana HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	http_server_end_streams(site.server, "an");
	http_server_end_streams(site.server, "anas");
	http_server_end_streams(site.server, "");
	CHECK_INT(site.n_gone, 0);
	http_server_end_streams(site.server, "ana");
	CHECK_INT(site.n_gone, 1);
	LOOP_UNTIL(site.base, test_peer_has(&site.peer, "farewell\r\n0\r\n\r\n"));
	http_server_end_streams(site.server, "ana");
	CHECK_INT(site.n_over, 1);
	test_site_ask(&site, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n0\r\n\r\nHTTP/1.1");
	CHECK_INT(http_server_held_streams(site.server), 0);
	test_site_close(&site);
}

TEST(a_held_stream_whose_client_left_is_held_no_more)
{
	struct test_site site = { 0 };

	test_site_open(&site);
	test_site_ask(&site, "GET /stream?for=ana&ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n", "chunked");
	test_peer_half_close(&site.peer);
	LOOP_UNTIL(site.base, site.n_gone == 1);
	CHECK_INT(http_server_held_streams(site.server), 0);
	CHECK_INT(site.n_over, 0);
	test_site_close(&site);
}
