#include "net/websocket.h"

#include <string.h>

#include "net/test_link.h"

TEST(an_upgrade_is_answered_with_the_keys_digest)
{
	struct test_link link = { 0 };

	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE);
	LOOP_UNTIL(link.base, test_peer_has(&link.peer, "\r\n\r\n"));
	CHECK(test_peer_has(&link.peer, "HTTP/1.1 101 "));
	CHECK(test_peer_has(&link.peer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	CHECK(test_peer_has(&link.peer, "X-More: yes\r\n"));
	CHECK_TEXT(websocket_address(link.ws), "127.0.0.1");
	CHECK(!websocket_certificate(link.ws));
	test_link_close(&link);
	CHECK_INT(link.code, WEBSOCKET_GOING_AWAY);
}

TEST(a_frame_behind_the_upgrade_is_not_lost)
{
	struct test_link link = { 0 };

	test_link_open(&link);
	test_peer_send_text(&link.peer, TEST_UPGRADE "\x81\x82"
						     "aaaa"
						     "\x09\x08");
	LOOP_UNTIL(link.base, link.n_messages == 1);
	CHECK_TEXT(buf_text(&link.last), "hi");
	test_link_close(&link);
}

TEST(what_is_no_upgrade_is_refused)
{
	static const struct {
		const char *request, *answer;
	} bad[] = {
		{ "GET /ws HTTP/1.1\r\nHost: h\r\n\r\n", " 426 " },
		{ "POST /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
		  "Content-Length: 2\r\n\r\nab",
		  " 400 " },
		{ "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: close\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
		  "13\r\n\r\n",
		  " 400 " },
		{ "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n",
		  " 400 " },
		{ "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
		  "Sec-WebSocket-Version: 13\r\n" },
		{ "GET /ws HTTP/1.0\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
		  "13\r\n\r\n",
		  " 400 " },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct test_link link = { 0 };

		test_link_open(&link);
		test_peer_send_text(&link.peer, bad[i].request);
		LOOP_UNTIL(link.base, test_peer_has(&link.peer, bad[i].answer));
		CHECK(!link.ws);
		test_link_close(&link);
	}
}

TEST(messages_of_every_length_come_back)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 127, 4096, 65535, 65536, 300000 };
	struct test_link link = { .echo = true };
	CLEANUP(text) char *text = malloc(300000);

	memset(text, 'x', 300000);
	test_link_upgrade(&link);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		size_t n_head = lengths[i] < 126 ? 2 : lengths[i] < 65536 ? 4 : 10;

		buf_clear(&link.peer.received);
		test_link_send(&link, 0x81, text, lengths[i]);
		LOOP_UNTIL(link.base, link.peer.received.len == n_head + lengths[i]);
		CHECK_INT(link.last.len, lengths[i]);
		CHECK(memcmp(link.peer.received.data + n_head, text, lengths[i]) == 0);
	}
	test_link_close(&link);
}

TEST(a_message_in_pieces_is_one_also_around_a_ping)
{
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	test_link_send(&link, 0x01, "\xe2\x82", 2);
	test_link_send(&link, 0x89, "p", 1);
	test_link_send(&link, 0x00, "", 0);
	test_link_send(&link, 0x80, "\xac", 1);
	LOOP_UNTIL(link.base, link.n_messages == 1);
	CHECK_TEXT(buf_text(&link.last), "\xe2\x82\xac");
	LOOP_UNTIL(link.base, link.peer.received.len == 3);
	CHECK(memcmp(link.peer.received.data, "\x8a\x01p", 3) == 0);
	test_link_close(&link);
}

TEST(frames_may_come_byte_by_byte)
{
	static const char frames[] = "\x81\x82"
				     "aaaa"
				     "\x09\x08\x81\xfe\x00\x80"
				     "\x00\x00\x00\x00";
	struct test_link link = { 0 };

	test_link_upgrade(&link);
	for (size_t i = 0; i < sizeof(frames) - 1; i++) {
		test_peer_send(&link.peer, frames + i, 1);
		test_loop_once(link.base);
	}
	CHECK_INT(link.n_messages, 1);
	for (unsigned i = 0; i < 128; i++) {
		test_peer_send(&link.peer, "z", 1);
		test_loop_once(link.base);
	}
	LOOP_UNTIL(link.base, link.n_messages == 2);
	CHECK_INT(link.last.len, 128);
	test_link_close(&link);
}

TEST(whoever_breaks_the_protocol_is_told_which_way)
{
	static const struct {
		const char *bytes;
		size_t len;
		unsigned code;
	} broken[] = {
#define BYTES(text) text, sizeof(text) - 1
		{ BYTES("\x81\x02hi"), 1002 },                       /* not masked */
		{ BYTES("\xc1\x80\0\0\0\0"), 1002 },                 /* a reserved bit */
		{ BYTES("\x83\x80\0\0\0\0"), 1002 },                 /* a reserved opcode */
		{ BYTES("\x8b\x80\0\0\0\0"), 1002 },                 /* another */
		{ BYTES("\x80\x80\0\0\0\0"), 1002 },                 /* a continuation of nothing */
		{ BYTES("\x01\x80\0\0\0\0\x81\x80\0\0\0\0"), 1002 }, /* a message within another */
		{ BYTES("\x09\x80\0\0\0\0"), 1002 },                 /* a ping in pieces */
		{ BYTES("\x89\xfe\0\x7e\0\0\0\0"), 1002 },           /* a long ping */
		{ BYTES("\x81\xfe\0\x05\0\0\0\0hello"), 1002 },      /* a length written long */
		{ BYTES("\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0hello"), 1002 }, /* longer */
		{ BYTES("\x82\x80\0\0\0\0"), 1003 },                        /* binary */
		{ BYTES("\x81\x82\0\0\0\0\xc3\x28"), 1007 },                /* not UTF-8 */
		{ BYTES("\x81\x83\0\0\0\0\xed\xa0\x80"), 1007 },            /* a surrogate */
		{ BYTES("\x88\x81\0\0\0\0\x03"), 1002 },                    /* half a code */
		{ BYTES("\x88\x82\0\0\0\0\x03\xed"), 1002 },                /* 1005 is never sent */
		{ BYTES("\x88\x82\0\0\0\0\x03\xe7"), 1002 },                /* 999 */
		{ BYTES("\x88\x83\0\0\0\0\x03\xe8\xff"), 1007 }, /* a reason that is not UTF-8 */
		{ BYTES("\x81\xff\0\0\0\0\x40\0\0\0\0\0\0\0"), 1009 }, /* a gigabyte, announced */
		{ BYTES("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"), 1009 },
		{ BYTES("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"), 1009 },
		{ BYTES("\x01\x81\0\0\0\0a\x80\xfe\xff\xff\0\0\0\0"),
		  1009 }, /* by its second piece */
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct test_link link = { .config.max_message_bytes = 65535 };

		test_link_upgrade(&link);
		test_peer_send(&link.peer, broken[i].bytes, broken[i].len);
		LOOP_UNTIL(link.base, link.peer.ended);
		if (link.peer.received.len < 4)
			FAIL("row %zu: no close frame", i);
		test_link_check_told(&link, broken[i].code);
		test_link_check_closed(&link, broken[i].code);
		CHECK_INT(link.n_messages, 0);
		test_link_close(&link);
		CHECK_INT(link.n_closed, 1);
	}
}
