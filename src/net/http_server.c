#include "net/http_server.h"

#include <malloc.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_server_internal.h"
#include "net/websocket_internal.h"

/* How long accepting rests when the process or the machine has no descriptor left. */
#define REST_NS (100 * NS_PER_MS)

/* From so many connections on, memory is given back when half of them have left. */
#define CROWD 512
#define TRIM_AFTER_NS NS_PER_SEC

static void set_defaults(struct http_server_config *config)
{
	if (!config->max_head_bytes)
		config->max_head_bytes = HTTP_HEAD_MAX_BYTES;
	if (!config->max_body_bytes)
		config->max_body_bytes = MIB;
	if (!config->max_connections)
		config->max_connections = 1024;
	if (!config->max_connections_per_address)
		config->max_connections_per_address = 256;
	if (!config->max_handshakes)
		config->max_handshakes = 256;
	if (!config->head_ns)
		config->head_ns = 10 * NS_PER_SEC;
	if (!config->body_ns)
		config->body_ns = 60 * NS_PER_SEC;
	if (!config->idle_ns)
		config->idle_ns = 75 * NS_PER_SEC;
	if (!config->stall_ns)
		config->stall_ns = 30 * NS_PER_SEC;
}

/* Accepts while there is room for a handshake and a descriptor to have. */
static void update_accepting(struct http_server *server)
{
	bool accepting = server->listener && !server->out_of_descriptors &&
			 server->n_handshakes < server->config.max_handshakes;

	if (!server->listener || accepting == server->accepting)
		return;
	server->accepting = accepting;
	if (accepting)
		(void)evconnlistener_enable(server->listener);
	else
		(void)evconnlistener_disable(server->listener);
}

static void handle_accept(struct evconnlistener *listener UNUSED, evutil_socket_t fd,
			  struct sockaddr *address, int len UNUSED, void *data)
{
	struct http_server *server = data;
	struct address_key key = address_key_of(address);

	if (server->n_connections >= server->config.max_connections ||
	    !address_count_add(&server->addresses, &key,
			       server->config.max_connections_per_address)) {
		server->n_refused++;
		(void)evutil_closesocket(fd);
		return;
	}
	server->n_connections++;
	if (server->n_connections > server->n_peak)
		server->n_peak = server->n_connections;
	if (server->config.tls)
		server->n_handshakes++;
	http_connection_start(server, fd, address);
	update_accepting(server);
}

/* Level-triggered: without a rest the loop would spin until somebody closes one. */
static void handle_accept_error(struct evconnlistener *listener UNUSED, void *data)
{
	struct http_server *server = data;
	struct timeval rest = stream_timeval(REST_NS);

	server->out_of_descriptors = true;
	update_accepting(server);
	(void)event_add(&server->resume, &rest);
}

static void handle_resume(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct http_server *server = data;

	server->out_of_descriptors = false;
	update_accepting(server);
}

void http_server_note_handshake_end(struct http_server *server)
{
	server->n_handshakes--;
	update_accepting(server);
}

void http_server_note_gone(struct http_server *server)
{
	struct timeval now = { 0 }, soon = stream_timeval(TRIM_AFTER_NS);

	server->n_connections--;
	if (server->n_peak >= CROWD && server->n_connections <= server->n_peak / 2) {
		server->n_peak = server->n_connections;
		(void)event_add(&server->trim, &soon);
	}
	if (server->done && !server->n_connections)
		(void)event_add(&server->done_timer, &now);
}

/* The allocator keeps what ten thousand handshakes left behind until it is asked. */
static void handle_trim(evutil_socket_t fd UNUSED, short what UNUSED, void *data UNUSED)
{
	(void)malloc_trim(0);
}

static void handle_done(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct http_server *server = data;
	void (*done)(struct http_server * server, void *data) = server->done;

	server->done = NULL;
	done(server, server->done_data);
}

struct http_server *http_server_new(struct event_base *base, int fd,
				    const struct http_server_config *config)
{
	struct http_server *server = calloc(1, sizeof(*server));
	const int on = 1;

	if (!server)
		abort();
	server->base = base;
	server->config = *config;
	set_defaults(&server->config);
	if (config->tls)
		SSL_CTX_up_ref(config->tls);
	LIST_INIT(&server->connections);
	LIST_INIT(&server->leaving);
	LIST_INIT(&server->held);
	(void)evutil_make_socket_nonblocking(fd);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (event_assign(&server->resume, base, -1, 0, handle_resume, server) < 0 ||
	    event_assign(&server->trim, base, -1, 0, handle_trim, server) < 0 ||
	    event_assign(&server->done_timer, base, -1, 0, handle_done, server) < 0)
		abort();
	server->listener = evconnlistener_new(base, handle_accept, server,
					      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!server->listener)
		abort();
	server->accepting = true;
	evconnlistener_set_error_cb(server->listener, handle_accept_error);
	return server;
}

static void stop_listening(struct http_server *server)
{
	if (server->listener)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	(void)event_del(&server->resume);
}

void http_server_free(struct http_server *server)
{
	struct http_connection *connection;

	if (!server)
		return;
	stop_listening(server);
	server->done = NULL;
	while ((connection = LIST_FIRST(&server->leaving)))
		http_connection_close(connection);
	while ((connection = LIST_FIRST(&server->connections)))
		http_connection_close(connection);
	(void)event_del(&server->done_timer);
	(void)event_del(&server->trim);
	address_count_finish(&server->addresses);
	SSL_CTX_free(server->config.tls);
	free(server);
}

void http_server_shutdown(struct http_server *server, uint64_t limit_ns,
			  void (*done)(struct http_server *server, void *data), void *data)
{
	struct http_connection *connection;
	struct timeval limit = stream_timeval(limit_ns);

	stop_listening(server);
	server->closing = true;
	/* Leaving may call back, and that may end others: no place in the list is kept. */
	while ((connection = LIST_FIRST(&server->connections))) {
		LIST_REMOVE(connection, link);
		LIST_INSERT_HEAD(&server->leaving, connection, link);
		http_connection_leave(connection);
	}
	server->done = done;
	server->done_data = data;
	if (!server->n_connections)
		limit = (struct timeval) { 0 };
	(void)event_add(&server->done_timer, &limit);
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->n_connections;
}

uint64_t http_server_refused(const struct http_server *server)
{
	return server->n_refused;
}
