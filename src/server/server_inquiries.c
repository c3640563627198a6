/* Investigations: their limits from the settings, and who is told when one has ended. */
#include <stdlib.h>

#include "server/hub/events.h"
#include "server/inquiry/exports.h"
#include "server/inquiry/inquiry.h"
#include "server/org/audit.h"
#include "server/respond.h"
#include "server/server.h"
#include "server/service/flow.h"
#include "server/service/impact.h"

struct impact_question {
	inquiry_impact *done;
	void *data;
};

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
	const struct hub_news event = {
		.org = org,
		.kind = "investigation",
		.data = json_pack("{s:s, s:s}", "id", investigation, "change", "ended"),
	};

	hub_publish(server->api.hub, &event, NULL, NULL);
	respond_to_report(org, investigation, server->respond);
	if (server->exports)
		exports_add(server->exports, org, investigation);
}

static void handle_appealed(void *data)
{
	const struct server *server = data;

	respond_to_appeals(server->respond);
}

static void handle_audited(const char *org, void *data)
{
	const struct server *server = data;
	struct org *found = orgs_find(server->api.orgs, org);

	if (found)
		audit_seal(server->api.store, found);
}

static void handle_answer(const struct inquiry_answer *answer, void *data)
{
	const struct server *server = data;

	flow_take(server->api.store, &(struct flow_evidence) { answer->org, answer->agent,
							       answer->tool, answer->bytes });
}

static void handle_incident(const json_t *incident, const struct error *err UNUSED, void *data)
{
	struct impact_question *question = data;
	CLEANUP(json) json_t *impact = incident ? impact_of(incident) : NULL;

	question->done(impact, question->data);
	free(question);
}

static void read_impact(const char *org, const char *incident, inquiry_impact *done,
			void *done_data, void *data)
{
	const struct server *server = data;
	struct impact_question *question = malloc(sizeof(*question));

	if (!question)
		abort();
	*question = (struct impact_question) { done, done_data };
	incident_read(server->api.store, org, incident, handle_incident, question);
}

static unsigned at_least_one(const struct config *config, const char *name)
{
	uint64_t count = config_get_count(config, name);

	return count == 0 ? 1 : count > 900 ? 900 : (unsigned)count;
}

/* The settings investigation_OF_... */
static struct use day_of(const struct config *config, const char *of)
{
	static const char *const names[USE_KINDS] = {
		[USE_CALLS] = "calls",
		[USE_TIME] = "time",
		[USE_TOKENS] = "tokens",
		[USE_COST] = "cost",
	};
	struct use day = { 0 };

	for (unsigned i = 0; i < USE_KINDS; i++) {
		char name[64];

		text_format(name, sizeof(name), "investigation_%s_%s", of, names[i]);
		day.of[i] = i == USE_TIME ? config_get_ns(config, name) / NS_PER_MS
					  : config_get_count(config, name);
	}
	return day;
}

static bool knows_engine(const struct api *api, const char *engine)
{
	return inquiry_knows_engine(api->inquiries, engine);
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
		.mcp_servers = server->api.mcp_servers,
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
		.org_day = day_of(config, "org"),
		.all_day = day_of(config, "all"),
		.approval_ns = config_get_ns(config, "investigation_approval"),
		.answer_ns = config_get_ns(config, "investigation_answer"),
		.finished = handle_finished,
		.audited = handle_audited,
		.appealed = handle_appealed,
		.heard = handle_answer,
		.read_impact = read_impact,
		.lost = handle_lost,
		.data = server,
	};

	if (model_endpoints_load(&server->models, config_get(config, "models_file")->text, err) < 0)
		return err->code;
	server->api.knows_engine = knows_engine;
	server->api.inquiries = inquiries_new(&inquiries, err);
	return server->api.inquiries ? 0 : err->code;
}
