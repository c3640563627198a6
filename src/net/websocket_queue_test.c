/* Silence, queues and pauses. */
#include "net/websocket.h"

#include <errno.h>
#include <string.h>

#include "net/test_link.h"

TEST(a_silent_peer_is_pinged_and_then_lost)
{
	struct test_link link = { .config.ping_ns = 50 * NS_PER_MS,
				  .config.silence_ns = 300 * NS_PER_MS };

	test_link_upgrade(&link);
	LOOP_UNTIL(link.base, link.peer.received.len >= 2);
	CHECK(memcmp(link.peer.received.data, "\x89\0", 2) == 0);
	test_link_send(&link, 0x8a, "", 0);
	LOOP_UNTIL(link.base, link.peer.received.len >= 4);
	CHECK_INT(link.n_closed, 0);
	LOOP_UNTIL(link.base, link.n_closed == 1);
	CHECK_INT(link.code, WEBSOCKET_LOST);
	test_link_close(&link);
}

TEST(what_nobody_takes_is_refused_and_then_drained)
{
	struct test_link link = { .config.max_queued_bytes = 64 * KIB };
	char text[8 * KIB];
	unsigned n = 0;

	memset(text, 'x', sizeof(text));
	link.peer.deaf = true;
	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE);
	LOOP_UNTIL(link.base, link.ws);
	while (websocket_send(link.ws, text, sizeof(text)) == 0) {
		CHECK(++n < 8192);
		test_loop_once(link.base);
	}
	CHECK_INT(websocket_send(link.ws, text, sizeof(text)), -ENOBUFS);
	CHECK(websocket_queued_bytes(link.ws) <= 64 * KIB);
	test_peer_listen_again(&link.peer);
	LOOP_UNTIL(link.base, link.n_drained == 1);
	CHECK_INT(websocket_send(link.ws, text, sizeof(text)), 0);
	test_link_close(&link);
}

TEST(who_waits_for_an_empty_queue_is_told_once)
{
	struct test_link link = { .config.max_queued_bytes = 64 * MIB };
	CLEANUP(text) char *text = calloc(1, 16 * MIB);

	memset(text, 'x', 16 * MIB);
	link.peer.deaf = true;
	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE);
	LOOP_UNTIL(link.base, link.ws);
	CHECK_INT(websocket_send(link.ws, text, 16 * MIB), 0);
	websocket_request_drained(link.ws);
	CHECK_INT(link.n_drained, 0);
	test_peer_listen_again(&link.peer);
	LOOP_UNTIL(link.base, link.n_drained == 1);
	CHECK_INT(websocket_send(link.ws, "x", 1), 0);
	LOOP_UNTIL(link.base, !websocket_queued_bytes(link.ws));
	CHECK_INT(link.n_drained, 1);
	test_link_close(&link);
}

TEST(a_peer_that_takes_nothing_is_lost)
{
	struct test_link link = { .config.max_queued_bytes = 64 * MIB,
				  .config.stall_ns = 200 * NS_PER_MS };
	CLEANUP(text) char *text = calloc(1, 16 * MIB);

	memset(text, 'x', 16 * MIB);
	link.peer.deaf = true;
	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE);
	LOOP_UNTIL(link.base, link.ws);
	CHECK_INT(websocket_send(link.ws, text, 16 * MIB), 0);
	LOOP_UNTIL(link.base, link.n_closed == 1);
	CHECK_INT(link.code, WEBSOCKET_LOST);
	test_link_close(&link);
}

TEST(pongs_that_nobody_reads_are_bounded)
{
	struct test_link link = { .config.max_queued_bytes = 4 * KIB };
	CLEANUP(buf) struct buf pings = { 0 };
	char ping[131] = "\x89\xfd";

	buf_init(&pings, 16 * MIB);
	while (pings.len + sizeof(ping) < pings.max)
		buf_add(&pings, ping, sizeof(ping));
	link.peer.deaf = true;
	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE);
	LOOP_UNTIL(link.base, link.ws);
	test_peer_send(&link.peer, pings.data, pings.len);
	test_peer_send_text(&link.peer, "\x81\x82"
					"aaaa"
					"\x09\x08");
	LOOP_UNTIL(link.base, link.n_messages == 1);
	CHECK(websocket_queued_bytes(link.ws) < 8 * KIB);
	test_link_close(&link);
}

TEST(a_paused_one_reads_nothing)
{
	struct test_link link = { .config.silence_ns = 50 * NS_PER_MS };

	test_link_upgrade(&link);
	websocket_pause(link.ws);
	test_link_send(&link, 0x81, "one", 3);
	test_link_send(&link, 0x81, "two", 3);
	for (unsigned i = 0; i < 10; i++)
		test_loop_once(link.base);
	CHECK_INT(link.n_messages, 0);
	CHECK_INT(link.n_closed, 0);
	websocket_resume(link.ws);
	LOOP_UNTIL(link.base, link.n_messages == 2);
	CHECK_TEXT(buf_text(&link.last), "two");
	test_link_close(&link);
}
