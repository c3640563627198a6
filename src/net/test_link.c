#include "net/test_link.h"

#include <string.h>

#include "net/listen.h"

static void handle_message(struct websocket *ws, const char *text, size_t len, void *data)
{
	struct test_link *link = data;

	link->n_messages++;
	CHECK_INT(text[len], '\0');
	buf_clear(&link->last);
	buf_add(&link->last, text, len);
	if (link->echo)
		CHECK_INT(websocket_send(ws, text, len), 0);
}

static void handle_closed(struct websocket *ws UNUSED, unsigned code, const char *reason,
			  void *data)
{
	struct test_link *link = data;

	link->n_closed++;
	link->code = code;
	link->ws = NULL;
	text_format(link->reason, sizeof(link->reason), "%s", reason);
}

static void handle_drained(struct websocket *ws UNUSED, void *data)
{
	((struct test_link *)data)->n_drained++;
}

static void handle_request(struct http_request *request, void *data)
{
	struct test_link *link = data;

	http_reply_header(request, "X-More", "yes");
	link->ws = http_accept_websocket(request, &link->config);
}

void test_link_open(struct test_link *link)
{
	struct http_server_config config = { .handle_request = handle_request, .data = link };
	struct error err = { 0 };
	int fd = listen_open("127.0.0.1", 0, &err);
	uint16_t port = listen_port(fd);

	CHECK_OK(fd, err);
	link->base = event_base_new();
	link->server = http_server_new(link->base, fd, &config);
	link->config.handle_message = handle_message;
	link->config.handle_closed = handle_closed;
	link->config.handle_drained = handle_drained;
	link->config.data = link;
	buf_init(&link->last, MIB);
	test_peer_connect(&link->peer, link->base, port, NULL);
}

void test_link_upgrade(struct test_link *link)
{
	test_link_open(link);
	test_peer_send_text(&link->peer, TEST_UPGRADE);
	LOOP_UNTIL(link->base, test_peer_has(&link->peer, "\r\n\r\n"));
	buf_clear(&link->peer.received);
}

void test_link_close(struct test_link *link)
{
	unsigned n_closed = link->n_closed;
	bool open = link->ws;

	test_peer_finish(&link->peer);
	http_server_free(link->server);
	event_base_free(link->base);
	buf_finish(&link->last);
	CHECK_INT(link->n_closed, n_closed + open);
}

void test_link_send(struct test_link *link, unsigned first, const char *payload, size_t len)
{
	unsigned char head[14] = { (unsigned char)first };
	size_t n_head = 2;

	if (len < 126) {
		head[1] = (unsigned char)(0x80 | len);
	} else if (len < 65536) {
		head[1] = 0x80 | 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		n_head = 4;
	} else {
		head[1] = 0x80 | 127;
		for (unsigned i = 0; i < 8; i++)
			head[2 + i] = (unsigned char)(len >> (56 - 8 * i));
		n_head = 10;
	}
	test_peer_send(&link->peer, head, n_head + 4);
	test_peer_send(&link->peer, payload, len);
}

void test_link_check_closed(struct test_link *link, unsigned code)
{
	LOOP_UNTIL(link->base, link->peer.ended);
	test_peer_finish(&link->peer);
	LOOP_UNTIL(link->base, link->n_closed);
	CHECK_INT(link->code, code);
}

void test_link_check_told(const struct test_link *link, unsigned code)
{
	unsigned char frame[] = { 0x88, 0, (unsigned char)(code >> 8), (unsigned char)code };
	const char *at = buf_text(&link->peer.received);

	CHECK(!link->peer.failed);
	CHECK(link->peer.received.len >= 4);
	CHECK((unsigned char)at[0] == frame[0] && (unsigned char)at[2] == frame[2] &&
	      (unsigned char)at[3] == frame[3]);
}
