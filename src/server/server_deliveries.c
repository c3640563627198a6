/* Deliveries: the courier that carries them, and what it may reach. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"
#include "identity/file.h"
#include "server/chat/chat.h"
#include "server/inquiry/attachments.h"
#include "server/inquiry/foreign.h"
#include "server/mcp/mcp_server.h"
#include "server/notify/notify.h"
#include "server/server.h"

static int open_courier(struct server *server, struct error *err)
{
	const struct courier_config config = { .executables = server->place.executables };

	server->courier = courier_new(server->base, &config, err);
	return server->courier ? 0 : err->code;
}

static void handle_mcp_changed(const char *org, void *data)
{
	const struct server *server = data;

	inquiries_reread_foreign(server->api.inquiries, org);
}

static int load_ca(struct server *server, struct error *err)
{
	const char *path = config_get(server->config, "delivery_ca")->text;
	struct buf pem;
	int r = 0;

	buf_init(&pem, FILE_MAX_BYTES);
	if (*path)
		r = file_load_public(path, &pem, err);
	server->delivery_ca = pem.data;
	return r < 0 ? error_wrap(err, "delivery_ca") : 0;
}

int server_deliveries_open(struct server *server, struct error *err)
{
	const char *networks = config_get(server->config, "delivery_networks")->text;
	int r = open_courier(server, err);

	if (r == 0)
		r = load_ca(server, err);
	if (r < 0)
		return r;
	server->api.attachments = attachments_new(&(struct attachments_config) {
		.store = server->api.store,
		.vault = server->vault,
		.courier = server->courier,
		.networks = *networks ? networks : NULL,
		.ca_pem = server->delivery_ca,
	});
	server->api.mcp_servers = mcp_servers_new(&(struct mcp_servers_config) {
		.base = server->base,
		.store = server->api.store,
		.vault = server->vault,
		.courier = server->courier,
		.networks = *networks ? networks : NULL,
		.ca_pem = server->delivery_ca,
		.changed = handle_mcp_changed,
		.data = server,
	});
	server->api.chat = chat_new(&(struct chat_config) {
		.courier = server->courier,
		.networks = *networks ? networks : NULL,
		.ca_pem = server->delivery_ca,
	});
	server->api.outbox = outbox_new(&(struct outbox_config) {
		.base = server->base,
		.store = server->api.store,
		.vault = server->vault,
		.courier = server->courier,
		.owner = server->owner,
		.networks = *networks ? networks : NULL,
		.ca_pem = server->delivery_ca,
	});
	return 0;
}

void server_deliveries_close(struct server *server)
{
	outbox_free(server->api.outbox);
	chat_free(server->api.chat);
	mcp_servers_free(server->api.mcp_servers);
	attachments_free(server->api.attachments);
	if (server->courier)
		courier_free(server->courier);
	free(server->delivery_ca);
}
