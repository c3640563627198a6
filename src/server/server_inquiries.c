/* Investigations: their limits from the settings, and who is told when one has ended. */
#include "server/inquiry/exports.h"
#include "server/inquiry/inquiry.h"
#include "server/respond.h"
#include "server/server.h"

/* A supervisor starts us again, and with us what starts investigators. */
static void handle_lost(void *data)
{
	struct server *server = data;

	server->status = 1;
	(void)event_base_loopexit(server->base, NULL);
}

static void handle_finished(const char *org, const char *investigation, void *data)
{
	const struct server *server = data;

	respond_to_report(org, investigation, server->respond);
	if (server->exports)
		exports_add(server->exports, org, investigation);
}

static unsigned at_least_one(const struct config *config, const char *name)
{
	uint64_t count = config_get_count(config, name);

	return count == 0 ? 1 : count > 900 ? 900 : (unsigned)count;
}

int server_inquiries_open(struct server *server, struct error *err)
{
	const struct config *config = server->config;
	struct inquiry_config inquiries = {
		.base = server->base,
		.store = server->api.store,
		.hub = server->api.hub,
		.courier = server->courier,
		.models = &server->models,
		.executables = server->place.executables,
		.owner = server->owner,
		.is_alone = server->is_alone,
		.concurrent = at_least_one(config, "investigations"),
		.per_org = at_least_one(config, "investigations_per_org"),
		.budget = {
			.time_ns = config_get_ns(config, "investigation_time"),
			.calls = (unsigned)config_get_count(config, "investigation_calls"),
			.tokens = config_get_count(config, "investigation_tokens"),
			.cost_micros = config_get_count(config, "investigation_cost"),
		},
		.finished = handle_finished,
		.lost = handle_lost,
		.data = server,
	};

	if (model_endpoints_load(&server->models, config_get(config, "models_file")->text, err) < 0)
		return err->code;
	server->api.inquiries = inquiries_new(&inquiries, err);
	return server->api.inquiries ? 0 : err->code;
}
