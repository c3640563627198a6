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
