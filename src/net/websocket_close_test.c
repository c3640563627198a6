/* All the ways in which a WebSocket ends. */
#include "net/websocket.h"

#include <errno.h>
#include <string.h>

#include "net/test_link.h"

TEST(a_peers_close_is_echoed_and_told)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	test_link_send(&link, 0x88,
		       "\x0f\xa0"
		       "bye",
		       5);
	LOOP_UNTIL(link.base, link.peer.ended);
	test_link_check_told(&link, 4000);
	test_link_check_closed(&link, 4000);
	CHECK_TEXT(link.reason, "bye");
	test_link_close(&link);
}

TEST(a_close_without_a_code_is_one)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	test_link_send(&link, 0x88, "", 0);
	LOOP_UNTIL(link.base, link.peer.ended);
	CHECK(link.peer.received.len == 2 && memcmp(link.peer.received.data, "\x88\0", 2) == 0);
	test_link_check_closed(&link, WEBSOCKET_NO_CODE);
	test_link_close(&link);
}

TEST(our_close_waits_for_its_answer)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	CHECK_INT(websocket_send(link.ws, "last", 4), 0);
	websocket_close(link.ws, 4001, "enough");
	CHECK_INT(websocket_send(link.ws, "x", 1), -ENOTCONN);
	LOOP_UNTIL(link.base, test_peer_has(&link.peer, "enough"));
	CHECK(test_peer_has(&link.peer, "\x81\x04last"));
	test_link_send(&link, 0x81, "late", 4);
	CHECK_INT(link.n_closed, 0);
	test_link_send(&link, 0x88, "\x0f\xa1", 2);
	test_link_check_closed(&link, 4001);
	CHECK_INT(link.n_messages, 0);
	CHECK_TEXT(link.reason, "enough");
	test_link_close(&link);
}

TEST(a_close_that_is_not_answered_ends_as_well)
{
	struct test_link link = { .config.close_ns = 100 * NS_PER_MS };

	test_link_upgrade(&link);
	websocket_close(link.ws, WEBSOCKET_NORMAL, "");
	LOOP_UNTIL(link.base, link.n_closed == 1);
	CHECK_INT(link.code, WEBSOCKET_LOST);
	test_link_close(&link);
}

TEST(a_lost_connection_is_told_once)
{
	struct test_link reset = { 0 }, ended = { 0 };

	test_link_upgrade(&reset);
	test_peer_reset(&reset.peer);
	LOOP_UNTIL(reset.base, reset.n_closed == 1);
	CHECK_INT(reset.code, WEBSOCKET_LOST);
	test_link_close(&reset);
	test_link_upgrade(&ended);
	test_peer_finish(&ended.peer);
	LOOP_UNTIL(ended.base, ended.n_closed == 1);
	CHECK_INT(ended.code, WEBSOCKET_LOST);
	test_link_close(&ended);
}

TEST(an_abort_cuts_at_once_and_tells_later)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	websocket_abort(link.ws, WEBSOCKET_POLICY, "revoked");
	CHECK_INT(link.n_closed, 0);
	CHECK_INT(websocket_send(link.ws, "x", 1), -ENOTCONN);
	LOOP_UNTIL(link.base, link.n_closed == 1);
	CHECK_INT(link.code, WEBSOCKET_POLICY);
	LOOP_UNTIL(link.base, link.peer.ended);
	test_link_close(&link);
}

TEST(a_freed_one_tells_nothing)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	websocket_free(link.ws);
	link.ws = NULL;
	LOOP_UNTIL(link.base, link.peer.ended);
	LOOP_UNTIL(link.base, http_server_connections(link.server) == 0);
	test_link_close(&link);
	CHECK_INT(link.n_closed, 0);
}

static void handle_done(struct http_server *server UNUSED, void *data)
{
	((struct test_link *)data)->n_done++;
}

TEST(a_shutdown_of_the_server_closes_with_1001)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	http_server_shutdown(link.server, 5 * NS_PER_SEC, handle_done, &link);
	LOOP_UNTIL(link.base, link.peer.received.len >= 4);
	test_link_check_told(&link, WEBSOCKET_GOING_AWAY);
	CHECK_INT(link.n_done, 0);
	test_link_send(&link, 0x88, "\x03\xe9", 2);
	test_link_check_closed(&link, WEBSOCKET_GOING_AWAY);
	LOOP_UNTIL(link.base, link.n_done == 1);
	test_link_close(&link);
}
