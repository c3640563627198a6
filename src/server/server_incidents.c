/* The way of an alert through the server: integration, incident, and who hears of it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "server/alert/alert.h"
#include "server/hub/events.h"
#include "server/incident/incident.h"
#include "server/inquiry/exports.h"
#include "server/inquiry/inquiry.h"
#include "server/notify/notify.h"
#include "server/respond.h"
#include "server/server.h"

static void take(const struct alert_delivery *delivery, alert_taken *done, void *done_data,
		 void *data)
{
	const struct server *server = data;

	incident_take(server->api.incidents,
		      &(const struct incident_intake) {
			      .org = delivery->org,
			      .integration = delivery->integration,
			      .alerts = delivery->alerts,
			      .steps = delivery->steps,
			      .n_steps = delivery->n_steps,
		      },
		      done, done_data);
}

static void handle_change(const struct incident_news *news, void *data)
{
	const struct server *server = data;
	const struct hub_news event = {
		.org = news->org,
		.kind = "incident",
		.data = json_pack("{s:s, s:s, s:O*}", "id", news->incident, "change",
				  incident_change_name(news->change), "data", news->data),
	};

	hub_publish(server->api.hub, &event, NULL, NULL);
	respond_to_news(news, server->respond);
}

static void add_metrics(const struct api *api, struct buf *page)
{
	const struct server *server = container_of(api, const struct server, api);

	alert_metrics(api->alerts, page);
	incident_metrics(api->incidents, page);
	inquiry_metrics(api->inquiries, page);
	respond_metrics(server->respond, page);
	outbox_metrics(api->outbox, page);
	if (server->exports)
		exports_metrics(server->exports, page);
}

void server_incidents_open(struct server *server)
{
	const struct config *config = server->config;
	const struct incident_config rules = {
		.base = server->base,
		.store = server->api.store,
		.settle_ns = config_get_ns(config, "incident_settle"),
		.flap_ns = config_get_ns(config, "incident_flap"),
		.join_ns = config_get_ns(config, "incident_join"),
		.storm_ns = config_get_ns(config, "storm_window"),
		.storm_incidents = (unsigned)config_get_count(config, "storm_incidents"),
		.is_alone = server->is_alone,
		.changed = handle_change,
		.data = server,
	};

	server->api.incidents = incidents_new(&rules);
	server->alerts = calloc(1, sizeof(*server->alerts));
	if (!server->alerts)
		abort();
	server->alerts->config = (struct alert_config) {
		.vault = server->vault,
		.public_url = server->identity.url,
		.take = take,
		.data = server,
	};
	server->api.alerts = server->alerts;
	server->api.add_metrics = add_metrics;
}

void server_incidents_start(struct server *server)
{
	const struct respond_config config = {
		.base = server->base,
		.store = server->api.store,
		.incidents = server->api.incidents,
		.inquiries = server->api.inquiries,
		.outbox = server->api.outbox,
	};

	respond_start(server->respond, &config);
	incidents_start(server->api.incidents);
}

void server_incidents_close(struct server *server)
{
	incidents_free(server->api.incidents);
	free(server->alerts);
}
