#include "server/api/serve_submit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "server/api/agent_row.h"
#include "server/hub/grants.h"
#include "server/hub/labels.h"
#include "server/hub/queue.h"
#include "tools/catalogue.h"

#define MAX_FAN_OUT 1000
#define TIMEOUT_MS 60000

/* Each by its index, and unordered: else SQLite reads all agents of the org to find one. */
static const char one_sql[] =
	"SELECT id, name, labels, state, server FROM agents WHERE org = $1 AND id = $2 AND revoked "
	"IS NULL "
	"UNION ALL SELECT id, name, labels, state, server FROM agents WHERE org = $1 AND name = $2 "
	"AND id <> $2 AND revoked IS NULL LIMIT 2";
/* What may have the label; agent_has_label() says whether. */
static const char labelled_sql[] =
	"SELECT id, name, labels, state, server FROM agents WHERE org = $1 "
	"AND revoked IS NULL AND " LABELS_MAY_MATCH("$2") " ORDER BY id LIMIT 20000";

/* One call of the fan-out, from being submitted to its outcome or the end of the wait. */
struct leg {
	struct hub_wait wait;
	struct fan_out *fan_out;
	char agent[HUB_ID_BYTES];
	const char *name, *presence;
	char id[HUB_ID_BYTES];
	const char *grant; /* its id, or NULL */
	char state[32];
	char error[256];
};

struct fan_out {
	struct exchange *exchange;
	const char *args, *risk, *caller;
	unsigned n_legs, n_open;
	struct store_step audit;
	struct leg legs[];
};

static void answer(struct fan_out *fan_out)
{
	struct exchange *exchange = fan_out->exchange;
	json_t *list = json_array();

	for (unsigned i = 0; i < fan_out->n_legs; i++) {
		const struct leg *leg = &fan_out->legs[i];

		json_push(list, json_pack("{s:s?, s:s, s:s, s:s, s:s, s:s?}", "id",
					  leg->id[0] ? leg->id : NULL, "agent", leg->agent, "name",
					  leg->name, "agent_state", leg->presence, "state",
					  leg->state, "error", leg->error[0] ? leg->error : NULL));
	}
	exchange_answer(exchange, json_pack("{s:o}", "calls", list));
}

static void answer_recorded(struct exchange *exchange)
{
	answer(exchange->data);
}

static void close_leg(struct leg *leg)
{
	if (--leg->fan_out->n_open == 0)
		answer(leg->fan_out);
}

static void handle_outcome(struct hub_wait *wait, const char *state, const struct error *err)
{
	struct leg *leg = container_of(wait, struct leg, wait);

	if (state)
		text_format(leg->state, sizeof(leg->state), "%s", state);
	else
		text_format(leg->error, sizeof(leg->error), "%s", err->text);
	close_leg(leg);
}

/* Nothing of the batch with its record is there. */
static void record_refusal(struct leg *leg)
{
	struct fan_out *fan_out = leg->fan_out;
	struct exchange *exchange = fan_out->exchange;
	const struct store_step audit =
		exchange_audit(exchange, "call.refuse", exchange_member(exchange, "tool", ""),
			       json_pack("{s:s, s:s, s:s}", "agent", leg->agent, "risk",
					 fan_out->risk, "why", leg->error));

	exchange->data = fan_out;
	exchange_record(exchange, &audit, answer_recorded);
}

static void handle_submitted(const char *id, const struct error *err, void *data)
{
	struct leg *leg = data;
	struct exchange *exchange = leg->fan_out->exchange;
	int64_t wait_ms = json_get_int(exchange->body, "wait_ms", 0);

	if (err) {
		text_format(leg->state, sizeof(leg->state), "refused");
		text_format(leg->error, sizeof(leg->error), "%s", err->text);
		if (leg->fan_out->n_legs == 1)
			record_refusal(leg);
		else
			close_leg(leg);
		return;
	}
	exchange_recorded(exchange);
	text_format(leg->id, sizeof(leg->id), "%s", id);
	text_format(leg->state, sizeof(leg->state), "queued");
	if (wait_ms == 0) {
		close_leg(leg);
		return;
	}
	leg->wait = (struct hub_wait) {
		.org = exchange->caller.org->id,
		.call = leg->id,
		.until_ns = clock_monotonic_ns() + (uint64_t)wait_ms * NS_PER_MS,
		.since = HUB_WAIT_SUBMITTED,
		.done = handle_outcome,
	};
	hub_wait(exchange->api->hub, &leg->wait);
}

/* A single call and its record are one batch; several are recorded before the first of them. */
static void submit_all(struct exchange *exchange)
{
	struct fan_out *fan_out = exchange->data;
	int64_t timeout_ms = json_get_int(exchange->body, "timeout_ms", TIMEOUT_MS);
	int64_t approval_ms = json_get_int(exchange->body, "approval_ms", 0);
	struct hub_call call = {
		.org = exchange->caller.org->id,
		.tool = exchange_member(exchange, "tool", ""),
		.args = fan_out->args,
		.caller = fan_out->caller,
		.risk = fan_out->risk,
		.deadline_ns = clock_wall_ns() + (uint64_t)timeout_ms * NS_PER_MS,
		.approval_wait_ns = (uint64_t)approval_ms * NS_PER_MS,
		.record = fan_out->n_legs == 1 ? &fan_out->audit : NULL,
	};

	for (unsigned i = 0; i < fan_out->n_legs; i++) {
		call.agent = fan_out->legs[i].agent;
		call.grant = fan_out->legs[i].grant;
		hub_submit(exchange->api->hub, &call, handle_submitted, &fan_out->legs[i]);
	}
}

/* The risk as this server's own catalogue has it; what it does not know may do anything. */
static const char *risk_of(const struct exchange *exchange)
{
	const struct tool_info *info =
		catalogue_find(exchange->api->tools, exchange_member(exchange, "tool", ""));

	return tool_risk_name(info ? info->risk : TOOL_CHANGES);
}

static struct fan_out *fan_out_new(struct exchange *exchange, unsigned n_most)
{
	struct fan_out *fan_out =
		exchange_alloc(exchange, sizeof(*fan_out) + n_most * sizeof(struct leg));
	CLEANUP(json) json_t *none = json_object();
	const json_t *args = json_object_get(exchange->body, "arguments");
	char *canonical = json_canonical(args ? args : none);

	fan_out->exchange = exchange;
	fan_out->args = exchange_text(exchange, "%s", canonical);
	fan_out->risk = risk_of(exchange);
	fan_out->caller =
		exchange_text(exchange, "%s/%s", exchange->caller.id, exchange->caller.name);
	free(canonical);
	return fan_out;
}

static void choose(struct fan_out *fan_out, const struct store_rows *rows, const char *label)
{
	for (unsigned i = 0; i < rows->n_rows && fan_out->n_legs <= MAX_FAN_OUT; i++) {
		CLEANUP(json) json_t *labels = json_loads(store_text_at(rows, i, 2), 0, NULL);
		struct leg *leg = &fan_out->legs[fan_out->n_legs];

		if (!agent_has_label(labels, label))
			continue;
		leg->fan_out = fan_out;
		text_format(leg->agent, sizeof(leg->agent), "%s", store_text_at(rows, i, 0));
		leg->name = exchange_text(fan_out->exchange, "%s", store_text_at(rows, i, 1));
		leg->presence = exchange_text(fan_out->exchange, "%s",
					      agent_presence(fan_out->exchange, leg->agent,
							     store_text_at(rows, i, 3),
							     store_text_at(rows, i, 4)));
		fan_out->n_legs++;
	}
}

static void add_grants(struct fan_out *fan_out, const struct store_rows *rows)
{
	const struct exchange *exchange = fan_out->exchange;
	const json_t *args = json_object_get(exchange->body, "arguments");
	CLEANUP(json) json_t *none = json_object();
	struct grant_call call = {
		.org = exchange->caller.org->id,
		.tool = exchange_member(exchange, "tool", ""),
		.args = args ? args : none,
		.now_s = clock_wall_ns() / NS_PER_SEC,
	};

	for (unsigned i = 0; i < fan_out->n_legs; i++) {
		const char *grant;

		call.host = fan_out->legs[i].agent;
		grant = grants_find(rows, &call);
		if (grant)
			fan_out->legs[i].grant = exchange_text(fan_out->exchange, "%s", grant);
	}
}

/* The first was counted when the request came in. */
static bool take_calls(struct exchange *exchange, unsigned n)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (unsigned i = 1; i < n; i++)
		if (!orgs_take_call(exchange->caller.org, now_ns))
			return false;
	return true;
}

static void handle_agents(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	const char *label = exchange_member(exchange, "label", NULL);
	struct fan_out *fan_out = fan_out_new(exchange, rows->n_rows);

	choose(fan_out, rows, label);
	if (fan_out->n_legs == 0 || (!label && fan_out->n_legs > 1)) {
		exchange_refuse(exchange, fan_out->n_legs ? 409 : 404, NULL,
				fan_out->n_legs ? "several agents have this name: give the id"
						: "no such agent");
		return;
	}
	if (fan_out->n_legs > MAX_FAN_OUT || !take_calls(exchange, fan_out->n_legs)) {
		exchange_refuse(exchange, 429, "quota_exceeded",
				"that is more calls than may be made at once");
		return;
	}
	if (strcmp(fan_out->risk, "reads") != 0)
		add_grants(fan_out, &result->steps[1]);
	exchange->data = fan_out;
	fan_out->n_open = fan_out->n_legs;
	fan_out->audit =
		exchange_audit(exchange, "call.submit", exchange_member(exchange, "tool", ""),
			       json_pack("{s:s, s:i, s:s, s:s*}", "agent", fan_out->legs[0].agent,
					 "n_agents", (int)fan_out->n_legs, "risk", fan_out->risk,
					 "grant", fan_out->legs[0].grant));
	if (fan_out->n_legs == 1)
		submit_all(exchange);
	else
		exchange_record(exchange, &fan_out->audit, submit_all);
}

void serve_submit(struct exchange *exchange)
{
	const char *agent = exchange_member(exchange, "agent", NULL);
	const char *label = exchange_member(exchange, "label", NULL);
	char hash[LABEL_HASH_BYTES];

	if (!agent == !label) {
		exchange_refuse(exchange, 400, NULL, "say either agent or label");
		return;
	}
	const struct store_step labelled = STEP(labelled_sql, STORE_ANY, exchange_org(exchange),
						store_text(label ? label_hash(label, hash) : NULL));
	const struct store_step one =
		STEP(one_sql, STORE_ANY, exchange_org(exchange), store_text(agent));
	const struct store_step steps[] = {
		agent ? one : labelled,
		STEP(grants_sql, STORE_ANY, exchange_org(exchange),
		     store_text(exchange_member(exchange, "tool", "")), exchange_now()),
	};

	/* What only reads needs no grant, and is most of what is asked. */
	exchange_ask(exchange, exchange->caller.org->id, steps,
		     strcmp(risk_of(exchange), "reads") == 0 ? 1 : 2, handle_agents);
}
