#include "agent/telemetry.h"

#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "net/jsonrpc.h"

static const struct {
	const char *state, *status, *event; /* on entering it, or NULL */
} states[] = {
	{ "VERIFIED", "loading", NULL },
	{ "LOADED", "loaded", NULL },
	{ "CANARY", "running", "program_loaded" },
	{ "ACTIVE", "running", "program_loaded" },
	{ "EXPIRED", "unloaded", "program_unloaded" },
	{ "REMOVED", "unloaded", "program_unloaded" },
	{ "FAILED", "failed", "program_error" },
	{ "ROLLED_BACK", "rolled_back", "program_rolled_back" },
};

static size_t find_state(const json_t *program)
{
	const char *state = json_get_text(program, "state", "");
	size_t i = ARRAY_LEN(states) - 1;

	while (i > 0 && strcmp(states[i].state, state) != 0)
		i--;
	return i;
}

const char *telemetry_status(const json_t *program)
{
	return states[find_state(program)].status;
}

static json_t *now_text(void)
{
	char text[CLOCK_TEXT_BYTES];

	return json_string(clock_format(clock_wall_ns(), text));
}

const char *telemetry_artifact(const struct agent *agent, const json_t *program)
{
	const char *id = registry_artifact(agent->registry, json_get_text(program, "sha256", ""));

	return id ? id : json_get_text(program, "name", "");
}

json_t *telemetry_of(const struct agent *agent, const json_t *program)
{
	const json_t *figures = json_object_get(program, "figures");
	const char *why = json_get_text(program, "why", NULL);
	json_t *data =
		json_pack("{s:s, s:s, s:o, s:s, s:f, s:I, s:I, s:I, s:I, s:f}", "artifact_id",
			  telemetry_artifact(agent, program), "host_id", agent->state.agent,
			  "timestamp", now_text(), "status", telemetry_status(program),
			  "cpu_percent", json_get_number(figures, "cpu_percent", 0), "memory_kb",
			  json_get_int(figures, "memory_kb", 0), "packets_processed",
			  json_get_int(figures, "packets", 0), "violations",
			  json_get_int(figures, "violations", 0), "errors",
			  json_get_int(figures, "errors", 0), "latency_ms",
			  json_get_number(figures, "latency_ms", 0));

	if (why && strcmp(json_get_text(program, "state", ""), "FAILED") == 0)
		json_put(data, "verifier_msg", json_string(why));
	return data;
}

json_t *telemetry_of_rollback(const struct agent *agent, const json_t *rollback)
{
	static const char *const copied[] = { "threshold", "value", "error" };
	json_t *event = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "type", "rollback_status",
		"artifact_id", telemetry_artifact(agent, rollback), "host_id", agent->state.agent,
		"reason", json_get_text(rollback, "reason", ""), "timestamp",
		json_get_text(rollback, "at", ""), "status", json_get_text(rollback, "status", ""),
		"metadata", "version", json_get_text(rollback, "version", ""), "sha256",
		json_get_text(rollback, "sha256", ""), "why", json_get_text(rollback, "why", ""));

	for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
		json_t *value = json_object_get(rollback, copied[i]);

		if (value)
			json_put(event, copied[i], json_incref(value));
	}
	if (json_object_get(rollback, "returned"))
		json_put(json_object_get(event, "metadata"), "returned",
			 json_incref(json_object_get(rollback, "returned")));
	return event;
}

/* --- news ------------------------------------------------------------------------------------ */

void telemetry_init(struct telemetry *telemetry, struct agent *agent)
{
	*telemetry = (struct telemetry) { .agent = agent };
}

/* Takes 'data'. What the link cannot have now it does not get: the server has the list too. */
static void tell_link(struct telemetry *telemetry, const char *kind, json_t *data)
{
	json_t *params = json_pack("{s:s, s:b, s:o}", "kind", kind, "full", 1, "data", data);

	telemetry->n_events++;
	(void)link_send_result(&telemetry->agent->link,
			       jsonrpc_format_notification("event", params));
}

/* As the documents have an event; takes 'data'. */
static void tell_bus(struct telemetry *telemetry, const char *type, json_t *data,
		     const char *loaded)
{
	struct agent *agent = telemetry->agent;
	json_t *event = json_pack("{s:s, s:o, s:o, s:{s:s, s:s}}", "type", type, "timestamp",
				  now_text(), "data", data, "metadata", "host_id",
				  agent->state.agent, "agent_version", agent->version);

	if (loaded)
		json_put(json_object_get(event, "metadata"), "loaded_programs",
			 json_string(loaded));
	bus_publish(&agent->bus, config_get(agent->config, "telemetry_subject")->text, event);
}

void telemetry_tick(struct telemetry *telemetry)
{
	char loaded[16];

	if (!bus_is_on(&telemetry->agent->bus))
		return;
	text_format(loaded, sizeof(loaded), "%u",
		    programs_count_attached(&telemetry->agent->programs));
	tell_bus(telemetry, "agent_heartbeat", json_object(), loaded);
}

static const json_t *find_same(const json_t *before, const json_t *program)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(before, "programs"), i, one)
	{
		if (json_get_int(one, "id", 0) == json_get_int(program, "id", -1))
			return one;
	}
	return NULL;
}

static void compare_programs(struct telemetry *telemetry, const json_t *before)
{
	const struct agent *agent = telemetry->agent;
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		const json_t *same = find_same(before, program);
		const char *event = states[find_state(program)].event;

		if (event && (!same || states[find_state(same)].event != event)) {
			tell_link(telemetry, event, telemetry_of(agent, program));
			tell_bus(telemetry, event, telemetry_of(agent, program), NULL);
		}
	}
}

static bool is_known(const json_t *before, const json_t *rollback)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(before, "rollbacks"), i, one)
	{
		if (json_equal(one, rollback))
			return true;
	}
	return false;
}

static void compare_rollbacks(const struct telemetry *telemetry, const json_t *before)
{
	struct agent *agent = telemetry->agent;
	const json_t *rollback;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "rollbacks"), i, rollback)
	{
		if (is_known(before, rollback))
			continue;
		bus_publish(&agent->bus, TELEMETRY_ROLLBACK_SUBJECT,
			    telemetry_of_rollback(agent, rollback));
		if (json_object_get(rollback, "threshold"))
			bus_publish(&agent->bus, TELEMETRY_ALERT_SUBJECT,
				    telemetry_of_rollback(agent, rollback));
	}
}

static void report(struct telemetry *telemetry)
{
	const struct agent *agent = telemetry->agent;
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		if (program_is_attached(program) && json_object_get(program, "figures"))
			tell_bus(telemetry, "program_telemetry", telemetry_of(agent, program),
				 NULL);
	}
}

void telemetry_compare(struct telemetry *telemetry, const json_t *before)
{
	if (before) {
		compare_programs(telemetry, before);
		compare_rollbacks(telemetry, before);
	}
	if (bus_is_on(&telemetry->agent->bus))
		report(telemetry);
}
