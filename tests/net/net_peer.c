/*
 * Either end of a connection of ours, for tests whose other end is not ours:
 *
 *	net_peer serve CERTIFICATE KEY CA      prints "TLS-PORT PLAIN-PORT"; SIGTERM ends it
 *	net_peer dial URL CERTIFICATE KEY CA   sends lines of standard input, prints what comes
 *	net_peer hold URL CERTIFICATE KEY CA N opens N WebSockets, says so, waits for its input's
 *end
 *
 * Deadlines of the server are short, so that tests are.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "net/dial.h"
#include "net/http_server.h"
#include "net/listen.h"
#include "net/tls.h"

#define MAX_DIALS 32

struct peer {
	struct event_base *base;
	struct event *input, *term;
	struct tls_identity identity;
	X509_STORE *trusted;
	SSL_CTX *tls;
	struct http_server *servers[2];
	unsigned n_ended;

	struct dial_config dial;
	struct websocket *ws;
	unsigned n_wanted, n_dialling, n_open, n_expected;
	struct buf line;
	bool input_ended;
	int status;
};

static _Noreturn void give_up(const struct error *err)
{
	(void)fprintf(stderr, "net_peer: %s\n", err->text);
	exit(1);
}

static void load(struct peer *peer, char **paths)
{
	CLEANUP(buf) struct buf ca = { 0 };
	CLEANUP(fd) int fd = open(paths[2], O_RDONLY | O_CLOEXEC);
	struct error err = { 0 };

	buf_init(&ca, MIB);
	if (tls_identity_load(&peer->identity, paths[0], paths[1], &err) < 0)
		give_up(&err);
	if (fd < 0 || buf_read_fd(&ca, fd) < 0)
		exit(1);
	peer->trusted = tls_trust_parse(buf_text(&ca), &err);
	if (!peer->trusted)
		give_up(&err);
}

/* The server. */

static void echo(struct websocket *ws, const char *text, size_t len, void *data UNUSED)
{
	if (strcmp(text, "close me") == 0)
		websocket_close(ws, 4321, "as you wish");
	else if (websocket_send(ws, text, len) < 0)
		websocket_close(ws, WEBSOCKET_TRY_LATER, "too much at once");
}

static void ignore_end(struct websocket *ws UNUSED, unsigned code UNUSED, const char *reason UNUSED,
		       void *data UNUSED)
{
}

static void answer(struct http_request *request, void *data UNUSED)
{
	static const struct http_stream_handlers no_handlers;
	const struct websocket_config websocket = { .handle_message = echo,
						    .handle_closed = ignore_end };
	struct http_stream *stream;

	if (strcmp(request->path, "/ws") == 0) {
		(void)http_accept_websocket(request, &websocket);
	} else if (strcmp(request->path, "/stream") == 0) {
		stream = http_stream_start(request, 200, "text/event-stream", &no_handlers, NULL);
		if (stream && http_stream_write(stream, "data: 1\n\n", 9) == 0)
			http_stream_end(stream);
	} else if (strcmp(request->path, "/echo") == 0) {
		http_reply(request, 200, "application/octet-stream", request->body,
			   request->n_body);
	} else {
		http_reply_error(request, 404, NULL, "nothing is here");
	}
}

static void handle_ended(struct http_server *server UNUSED, void *data)
{
	struct peer *peer = data;

	if (++peer->n_ended == 2)
		(void)event_base_loopbreak(peer->base);
}

static void handle_term(evutil_socket_t signal_number UNUSED, short what UNUSED, void *data)
{
	struct peer *peer = data;

	http_server_shutdown(peer->servers[0], 3 * NS_PER_SEC, handle_ended, peer);
	http_server_shutdown(peer->servers[1], 3 * NS_PER_SEC, handle_ended, peer);
}

static void serve(struct peer *peer)
{
	struct http_server_config config = {
		.handle_request = answer,
		.max_connections = 20000,
		.max_connections_per_address = 20000,
		.head_ns = NS_PER_SEC,
		.body_ns = NS_PER_SEC,
		.idle_ns = 5 * NS_PER_SEC,
		.stall_ns = 2 * NS_PER_SEC,
	};
	struct error err = { 0 };
	int fds[] = { listen_open("127.0.0.1", 0, &err), listen_open("127.0.0.1", 0, &err) };

	peer->tls = tls_server_new(&peer->identity, peer->trusted, &err);
	if (!peer->tls || fds[0] < 0 || fds[1] < 0)
		give_up(&err);
	(void)printf("%u %u\n", listen_port(fds[0]), listen_port(fds[1]));
	(void)fflush(stdout);
	peer->servers[1] = http_server_new(peer->base, fds[1], &config);
	config.tls = peer->tls;
	peer->servers[0] = http_server_new(peer->base, fds[0], &config);
	peer->term = evsignal_new(peer->base, SIGTERM, handle_term, peer);
	(void)event_add(peer->term, NULL);
	(void)event_base_dispatch(peer->base);
	http_server_free(peer->servers[0]);
	http_server_free(peer->servers[1]);
	event_free(peer->term);
}

/* The client of one WebSocket. */

static void close_when_done(struct peer *peer)
{
	if (peer->ws && peer->input_ended && !peer->n_expected)
		websocket_close(peer->ws, WEBSOCKET_NORMAL, "that was all");
}

static void handle_message(struct websocket *ws UNUSED, const char *text, size_t len, void *data)
{
	struct peer *peer = data;

	(void)printf("message %zu %.60s\n", len, text);
	if (peer->n_expected)
		peer->n_expected--;
	close_when_done(peer);
}

static void handle_closed(struct websocket *ws UNUSED, unsigned code, const char *reason,
			  void *data)
{
	struct peer *peer = data;

	(void)printf("closed %u %s\n", code, reason);
	peer->ws = NULL;
	(void)event_base_loopbreak(peer->base);
}

static void send_lines(struct peer *peer)
{
	char *line = peer->line.data, *end;

	while (line && (end = strchr(line, '\n'))) {
		if (websocket_send(peer->ws, line, (size_t)(end - line)) == 0)
			peer->n_expected++;
		line = end + 1;
	}
}

static void handle_connected(struct dial *dial UNUSED, struct dial_outcome *outcome, void *data)
{
	struct peer *peer = data;

	if (!outcome->ws) {
		(void)printf("failed %u %s\n", outcome->http_status, outcome->err.text);
		(void)event_base_loopbreak(peer->base);
		return;
	}
	(void)printf("open\n");
	peer->ws = outcome->ws;
	buf_init(&peer->line, 64 * MIB);
	if (buf_read_fd(&peer->line, 0) < 0)
		exit(1);
	send_lines(peer);
	peer->input_ended = true;
	close_when_done(peer);
}

static void start_dial(struct peer *peer)
{
	struct error err = { 0 };

	if (!dial_start(peer->base, &peer->dial, &err))
		give_up(&err);
}

static void configure_dial(struct peer *peer, const char *url)
{
	struct error err = { 0 };

	peer->tls = tls_client_new(&peer->identity, peer->trusted, &err);
	if (!peer->tls)
		give_up(&err);
	peer->dial = (struct dial_config) {
		.url = url,
		.tls = peer->tls,
		.resolver = getenv("RESOLVER"),
		.proxy = getenv("PROXY"),
		.deadline_ns = 10 * NS_PER_SEC,
		.websocket = { .handle_message = handle_message,
			       .handle_closed = handle_closed,
			       .max_message_bytes = 16 * MIB,
			       .max_queued_bytes = 64 * MIB,
			       .data = peer },
		.handle_done = handle_connected,
		.data = peer,
	};
}

/* The client of many. */

static void handle_held(struct dial *dial UNUSED, struct dial_outcome *outcome, void *data)
{
	struct peer *peer = data;

	if (!outcome->ws)
		give_up(&outcome->err);
	peer->n_dialling--;
	if (++peer->n_open == peer->n_wanted) {
		(void)printf("open %u\n", peer->n_open);
		(void)fflush(stdout);
	}
	while (peer->n_dialling < MAX_DIALS && peer->n_open + peer->n_dialling < peer->n_wanted) {
		peer->n_dialling++;
		start_dial(peer);
	}
}

static void handle_input(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	(void)event_base_loopbreak(((struct peer *)data)->base);
}

static void hold(struct peer *peer, unsigned n)
{
	peer->n_wanted = n;
	peer->dial.handle_done = handle_held;
	peer->dial.websocket.handle_message = echo;
	peer->dial.websocket.handle_closed = ignore_end;
	peer->input = event_new(peer->base, 0, EV_READ, handle_input, peer);
	(void)event_add(peer->input, NULL);
	peer->n_dialling = 1;
	start_dial(peer);
	(void)event_base_dispatch(peer->base);
	_exit(0); /* the kernel closes them faster */
}

int main(int argc, char **argv)
{
	struct peer peer = { .base = event_base_new() };

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc == 5 && strcmp(argv[1], "serve") == 0) {
		load(&peer, argv + 2);
		serve(&peer);
	} else if (argc >= 6 && (strcmp(argv[1], "dial") == 0 || strcmp(argv[1], "hold") == 0)) {
		load(&peer, argv + 3);
		configure_dial(&peer, argv[2]);
		if (argc == 7)
			hold(&peer, (unsigned)strtoul(argv[6], NULL, 10));
		start_dial(&peer);
		(void)event_base_dispatch(peer.base);
		buf_finish(&peer.line);
	} else {
		return 2;
	}
	SSL_CTX_free(peer.tls);
	X509_STORE_free(peer.trusted);
	tls_identity_finish(&peer.identity);
	event_base_free(peer.base);
	return 0;
}
