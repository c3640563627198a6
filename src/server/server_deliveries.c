/* Deliveries: the courier that carries them, and what it may reach. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call/hash.h"
#include "courier/courier.h"
#include "identity/file.h"
#include "server/inquiry/attachments.h"
#include "server/notify/notify.h"
#include "server/server.h"

static int open_courier(struct server *server, struct error *err)
{
	const struct courier_config config = { .executables = server->place.executables };

	server->courier = courier_new(server->base, &config, err);
	return server->courier ? 0 : err->code;
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

/* Another folder or host is another server, also where it has a copy of our keys. */
static void name_owner(struct server *server)
{
	char host[256] = "", text[SERVER_PATH_BYTES + 2048];

	(void)gethostname(host, sizeof(host) - 1);
	text_format(text, sizeof(text), "%s\n%s\n%s", server->anchor_text, host,
		    server->place.state);
	(void)hash_text(text, strlen(text), server->owner);
}

int server_deliveries_open(struct server *server, struct error *err)
{
	const char *networks = config_get(server->config, "delivery_networks")->text;
	int r = open_courier(server, err);

	if (r == 0)
		r = load_ca(server, err);
	if (r < 0)
		return r;
	name_owner(server);
	server->is_alone = strncmp(server->place.database, "postgres", 8) != 0;
	server->api.attachments = attachments_new(&(struct attachments_config) {
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
	attachments_free(server->api.attachments);
	if (server->courier)
		courier_free(server->courier);
	free(server->delivery_ca);
}
