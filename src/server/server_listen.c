#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "net/listen.h"
#include "server/org/network.h"
#include "server/server.h"

#define ADDRESS_BYTES 64

static int add(struct server *server, const char *address, uint16_t *port, struct error *err)
{
	int fd;

	if (server->n_listeners == SERVER_MAX_LISTENERS)
		return error_set(err, -E2BIG, "listen: at most %d addresses", SERVER_MAX_LISTENERS);
	fd = listen_open(address, *port, err);
	if (fd < 0)
		return fd;
	server->sockets[server->n_listeners++] = fd;
	*port = listen_port(fd);
	return 0;
}

/* Both families where there are both. */
static int add_all(struct server *server, uint16_t *port, struct error *err)
{
	struct error why = { 0 };

	return add(server, "::", port, &why) == 0 ? 0 : add(server, "0.0.0.0", port, err);
}

int server_listen(struct server *server, uint16_t *port_out, struct error *err)
{
	const char *at = config_get(server->config, "listen")->text;
	uint64_t port = config_get_count(server->config, "port");
	bool plain = config_get_choice(server->config, "tls") == 1;
	char address[ADDRESS_BYTES];
	int r = 0;

	if (port > UINT16_MAX)
		return error_set(err, -EINVAL, "port: there are only %u", UINT16_MAX);
	*port_out = (uint16_t)port;
	for (at += strspn(at, ", "); r == 0 && *at; at += strspn(at, ", ")) {
		size_t len = strcspn(at, ", ");

		text_format(address, sizeof(address), "%.*s", (int)len, at);
		at += len;
		if (plain && !network_has("127.0.0.0/8 ::1", address))
			return error_set(err, -EINVAL,
					 "tls: off is for loopback addresses, and '%s' is none",
					 address);
		if (strcmp(address, "*") == 0)
			r = add_all(server, port_out, err);
		else
			r = add(server, address, port_out, err);
	}
	if (r == 0 && server->n_listeners == 0)
		r = error_set(err, -EINVAL, "listen: there is no address");
	return r;
}
