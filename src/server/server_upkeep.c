#include "base/clock.h"
#include "base/log.h"
#include "server/alert/alert.h"
#include "server/incident/incident.h"
#include "server/inquiry/attachments.h"
#include "server/inquiry/upkeep.h"
#include "server/notify/notify.h"
#include "server/pipeline/reaction.h"
#include "server/server.h"
#include "server/service/change.h"
#include "server/service/flow.h"

#define DAY_NS (86400 * (int64_t)NS_PER_SEC)
#define OWN_STEPS 12 /* that are one each */

static const char codes_sql[] = "DELETE FROM device_codes WHERE expires < $1";
static const char orders_sql[] = "DELETE FROM investigation_orders WHERE created < $1";
static const char servers_sql[] = "DELETE FROM servers WHERE heard < $1 AND NOT EXISTS (SELECT 1 "
				  "FROM investigations WHERE owner = servers.id AND "
				  "finished IS NULL) AND NOT EXISTS (SELECT 1 FROM agents "
				  "WHERE server = servers.id)";
static const char progress_sql[] = "DELETE FROM progress WHERE time < $1";
static const char tools_sql[] = "DELETE FROM agent_tools WHERE time < $1";
static const char use_sql[] = "DELETE FROM investigation_use WHERE counted < $1";
static const char tokens_sql[] = "DELETE FROM tokens WHERE expires < $1";
static const char keys_sql[] = "DELETE FROM api_keys WHERE role = 'agent' AND expires < $1";

static void handle_done(const struct store_result *result UNUSED, const struct error *err,
			void *data UNUSED)
{
	if (err)
		log_warn("what has expired could not be removed: %s", err->text);
}

static void remove_old_inquiries(struct server *server)
{
	struct store_value params[1];
	struct store_step steps[INQUIRY_UPKEEP_STEPS];
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};
	uint64_t kept_ns = config_get_ns(server->config, "investigations_kept");

	inquiry_upkeep_steps((int64_t)(clock_wall_ns() - kept_ns), params, steps);
	(void)store_submit(server->api.store, &batch, handle_done, NULL);
}

void server_upkeep(struct server *server)
{
	int64_t now = (int64_t)clock_wall_ns();
	const struct store_value minute = store_int(now - 60 * (int64_t)NS_PER_SEC);
	const struct store_value yesterday = store_int(now - DAY_NS);
	const struct store_value last_month = store_int(now - 30 * DAY_NS);
	struct store_value told_alerts[1], told_incidents[1], reactions[1], changes[1], flows[1],
		files[1], ended[OUTBOX_UPKEEP_STEPS];
	struct store_step steps[OWN_STEPS + INCIDENT_UPKEEP_STEPS + OUTBOX_UPKEEP_STEPS +
				FLOW_UPKEEP_STEPS] = {
		{ codes_sql, &yesterday, 1, STORE_ANY },  { tokens_sql, &last_month, 1, STORE_ANY },
		{ keys_sql, &yesterday, 1, STORE_ANY },   alert_upkeep_step(told_alerts),
		reaction_upkeep_step(reactions),          change_upkeep_step(changes),
		{ orders_sql, &yesterday, 1, STORE_ANY }, { servers_sql, &yesterday, 1, STORE_ANY },
		{ tools_sql, &yesterday, 1, STORE_ANY },  { progress_sql, &minute, 1, STORE_ANY },
		attachments_upkeep_step(files),           { use_sql, &yesterday, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};
	struct error err = { 0 };

	incident_upkeep_steps(told_incidents, &steps[OWN_STEPS]);
	outbox_upkeep_steps((uint64_t)now, ended, &steps[OWN_STEPS + INCIDENT_UPKEEP_STEPS]);
	flow_upkeep_steps(flows, &steps[OWN_STEPS + INCIDENT_UPKEEP_STEPS + OUTBOX_UPKEEP_STEPS]);
	(void)store_submit(server->api.store, &batch, handle_done, NULL);
	remove_old_inquiries(server);
	if (server_identity_renew(server, &err) < 0)
		log_error("the server's certificate: %s", err.text);
}
