#include <string.h>

#include "agent/agent.h"
#include "agent/bus_internal.h"
#include "base/clock.h"
#include "base/log.h"

#define SIGNAL_MAX_BYTES (8 * KIB)
#define WHY_MAX_BYTES 300

/* Names of an artifact: the registry's id, the program's name, or its SHA-256. */
static const json_t *find(const struct bus *bus, const char *artifact)
{
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&bus->agent->programs, "programs"), i, program)
	{
		if (program_is_attached(program) &&
		    (strcmp(telemetry_artifact(bus->agent, program), artifact) == 0 ||
		     strcmp(json_get_text(program, "name", ""), artifact) == 0 ||
		     strcmp(json_get_text(program, "sha256", ""), artifact) == 0))
			return program;
	}
	return NULL;
}

static void tell(struct bus *bus, const char *artifact, const char *status, const char *error)
{
	char when[CLOCK_TEXT_BYTES];
	json_t *event = json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:s, s:{s:s}}", "type", "rollback_status", "artifact_id",
		json_text(artifact, strlen(artifact)), "host_id", bus->agent->state.agent, "reason",
		"orchestrator_signal", "timestamp", clock_format(clock_wall_ns(), when), "status",
		status, "metadata", "agent_version", bus->agent->version);

	if (error)
		json_put(event, "error", json_text(error, strlen(error)));
	bus_publish(bus, TELEMETRY_ROLLBACK_SUBJECT, event);
}

/* What was done the list of programs tells, whoever asked for it. */
static void handle_answer(const struct frame *answer, const struct error *err, void *data)
{
	struct bus *bus = data;
	const char *sentence = err ? err->text : "";

	if (err || warden_code(answer, &sentence) < 0) {
		log_warn("a rollback that the orchestrator asked for failed: %s", sentence);
		tell(bus, "", "failed", sentence);
		return;
	}
	programs_ask(&bus->agent->programs);
}

static void roll_back(struct bus *bus, const json_t *program, const json_t *signal)
{
	const char *why = json_get_text(signal, "reason", "");
	CLEANUP(json)
	json_t *args = json_pack("{s:s, s:s}", "name", json_get_text(program, "name", ""), "reason",
				 "orchestrator_signal");
	CLEANUP(text) char *text = NULL;

	if (*why && strlen(why) <= WHY_MAX_BYTES)
		json_put(args, "why", json_string(why));
	text = json_canonical(args);
	if (warden_ask(bus->agent->warden,
		       json_pack("{s:s, s:s}", "type", "call", "tool", "rollback_program"), text,
		       handle_answer, bus) < 0)
		tell(bus, telemetry_artifact(bus->agent, program), "failed", "the warden is away");
	else
		tell(bus, telemetry_artifact(bus->agent, program), "initiated", NULL);
}

void bus_take_signal(struct bus *bus, struct str payload)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *signal = json_parse(payload.data, payload.len, SIGNAL_MAX_BYTES, &err);
	const char *artifact = json_get_text(signal, "artifact_id", "");
	const json_t *program;

	bus->n_signals++;
	if (!json_is_object(signal) || !*artifact) {
		log_warn("a signal over NATS names no artifact_id");
		return;
	}
	program = find(bus, artifact);
	if (program)
		roll_back(bus, program, signal);
	else
		tell(bus, artifact, "failed", "no such program is attached");
}
