#include "net/test_peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream_internal.h"

#define RECEIVED_MAX_BYTES (64 * MIB)

static void handle_moment(evutil_socket_t fd UNUSED, short what UNUSED, void *data UNUSED)
{
}

void test_loop_once(struct event_base *base)
{
	const struct timeval moment = { 0, 20000 };
	struct event timer;

	CHECK_INT(event_assign(&timer, base, -1, 0, handle_moment, NULL), 0);
	(void)event_add(&timer, &moment);
	(void)event_base_loop(base, EVLOOP_ONCE);
	(void)event_del(&timer);
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct test_peer *peer = data;
	size_t len = evbuffer_get_length(input);

	buf_add(&peer->received, evbuffer_pullup(input, -1), len);
	(void)evbuffer_drain(input, len);
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct test_peer *peer = data;

	peer->ended |= what & (BEV_EVENT_EOF | BEV_EVENT_ERROR);
	peer->failed |= what & BEV_EVENT_ERROR;
}

void test_peer_connect(struct test_peer *peer, struct event_base *base, uint16_t port, SSL_CTX *tls)
{
	const int on = 1;
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)signal(SIGPIPE, SIG_IGN);
	CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)evutil_make_socket_nonblocking(fd);
	peer->base = base;
	buf_init(&peer->received, RECEIVED_MAX_BYTES);
	peer->stream = tls ? bufferevent_openssl_socket_new(base, fd, SSL_new(tls),
							    BUFFEREVENT_SSL_CONNECTING,
							    BEV_OPT_CLOSE_ON_FREE)
			   : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(peer->stream, handle_read, NULL, handle_event, peer);
	(void)bufferevent_enable(peer->stream, (short)(peer->deaf ? EV_WRITE : EV_READ | EV_WRITE));
	if (peer->deaf)
		(void)bufferevent_disable(peer->stream, EV_READ);
}

void test_peer_listen_again(struct test_peer *peer)
{
	(void)bufferevent_enable(peer->stream, EV_READ);
}

void test_peer_finish(struct test_peer *peer)
{
	stream_free(peer->stream);
	buf_finish(&peer->received);
	*peer = (struct test_peer) { 0 };
}

void test_peer_send(struct test_peer *peer, const void *bytes, size_t len)
{
	CHECK_INT(bufferevent_write(peer->stream, bytes, len), 0);
}

void test_peer_send_text(struct test_peer *peer, const char *text)
{
	test_peer_send(peer, text, strlen(text));
}

void test_peer_half_close(struct test_peer *peer)
{
	LOOP_UNTIL(peer->base, !stream_queued_bytes(peer->stream));
	stream_half_close(peer->stream);
}

void test_peer_reset(struct test_peer *peer)
{
	const struct linger now = { .l_onoff = 1 };

	(void)setsockopt(bufferevent_getfd(peer->stream), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	bufferevent_free(peer->stream);
	peer->stream = NULL;
}

bool test_peer_has(const struct test_peer *peer, const char *text)
{
	return peer->received.len &&
	       memmem(peer->received.data, peer->received.len, text, strlen(text));
}
