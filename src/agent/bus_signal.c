#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/bus_internal.h"
#include "base/clock.h"
#include "base/log.h"

#define SIGNAL_MAX_BYTES (8 * KIB)
#define WHY_MAX_BYTES 300
#define ARTIFACT_BYTES 257
#define NAME_BYTES 64
#define SHA256_BYTES 65
/* Each is answered, and answers must not push telemetry out of the queue. */
#define WINDOW_NS (10 * NS_PER_SEC)
#define WINDOW_SIGNALS 32

struct bus_signal {
	struct bus_signal *next;
	struct bus *bus;
	char artifact[ARTIFACT_BYTES];
	char name[NAME_BYTES]; /* "" until the list of programs is there */
	char sha256[SHA256_BYTES];
	char why[WHY_MAX_BYTES + 1];
};

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

static void drop(struct bus_signal *signal)
{
	struct bus_signals *signals = &signal->bus->signals;
	struct bus_signal **at = &signals->open;

	while (*at != signal)
		at = &(*at)->next;
	*at = signal->next;
	signals->n_open--;
	free(signal);
}

void bus_forget_signals(struct bus *bus)
{
	while (bus->signals.open) {
		warden_forget(bus->agent->warden, bus->signals.open);
		drop(bus->signals.open);
	}
}

static void fail(struct bus_signal *signal, const char *why)
{
	tell(signal->bus, signal->artifact, "failed", why);
	drop(signal);
}

/* What was done the list of programs tells, whoever asked for it. */
static void handle_answer(const struct frame *answer, const struct error *err, void *data)
{
	struct bus_signal *signal = data;
	struct programs *programs = &signal->bus->agent->programs;
	const char *sentence = err ? err->text : "";

	if (err || warden_code(answer, &sentence) < 0) {
		log_warn("a rollback that the orchestrator asked for failed: %s", sentence);
		fail(signal, sentence);
		return;
	}
	drop(signal);
	programs_ask(programs);
}

static void ask_warden(struct bus_signal *signal)
{
	struct bus *bus = signal->bus;
	CLEANUP(json)
	json_t *args = json_pack("{s:s, s:s, s:s}", "name", signal->name, "sha256", signal->sha256,
				 "reason", "orchestrator_signal");
	CLEANUP(text) char *text = NULL;
	int r;

	if (signal->why[0])
		json_put(args, "why", json_string(signal->why));
	text = json_canonical(args);
	r = warden_ask(bus->agent->warden,
		       json_pack("{s:s, s:s}", "type", "call", "tool", "rollback_program"), text,
		       handle_answer, signal);
	if (r < 0)
		fail(signal,
		     r == -EBUSY ? "busy: the warden has enough to do" : "the warden is away");
	else
		tell(bus, signal->artifact, "initiated", NULL);
}

/* One rollback of a program at a time, by whatever name it was meant. */
static bool is_under_way(const struct bus *bus, const char *name, const char *artifact)
{
	for (const struct bus_signal *one = bus->signals.open; one; one = one->next)
		if (one->name[0] ? strcmp(one->name, name) == 0
				 : strcmp(one->artifact, artifact) == 0)
			return true;
	return false;
}

static void roll_back(struct bus_signal *signal, const json_t *program)
{
	struct bus *bus = signal->bus;
	const char *name = json_get_text(program, "name", "");

	text_copy(signal->artifact, sizeof(signal->artifact),
		  telemetry_artifact(bus->agent, program));
	if (is_under_way(bus, name, "")) {
		fail(signal, "busy: a rollback of it is under way");
		return;
	}
	text_copy(signal->name, sizeof(signal->name), name);
	text_copy(signal->sha256, sizeof(signal->sha256), json_get_text(program, "sha256", ""));
	ask_warden(signal);
}

void bus_programs_are_known(struct bus *bus)
{
	struct bus_signal *signal = bus->signals.open;

	while (signal) {
		struct bus_signal *next = signal->next;
		const json_t *program = signal->name[0] ? NULL : find(bus, signal->artifact);

		if (program)
			roll_back(signal, program);
		else if (!signal->name[0])
			fail(signal, warden_is_up(bus->agent->warden)
					     ? "no such program is attached"
					     : "the warden is away");
		signal = next;
	}
}

/* What came a moment ago may not be in the list yet. */
static void take(struct bus *bus, const char *artifact, const char *why)
{
	struct bus_signal *signal;
	const json_t *program = find(bus, artifact);

	if (is_under_way(bus, json_get_text(program, "name", ""), artifact)) {
		tell(bus, artifact, "failed", "busy: a rollback of it is under way");
		return;
	}
	if (bus->signals.n_open >= BUS_MAX_SIGNALS) {
		tell(bus, artifact, "failed", "busy: too many rollbacks are under way");
		return;
	}
	signal = calloc(1, sizeof(*signal));
	if (!signal)
		abort();
	*signal = (struct bus_signal) { .bus = bus, .next = bus->signals.open };
	text_copy(signal->artifact, sizeof(signal->artifact), artifact);
	if (strlen(why) <= WHY_MAX_BYTES)
		text_copy(signal->why, sizeof(signal->why), why);
	bus->signals.open = signal;
	bus->signals.n_open++;
	if (program)
		roll_back(signal, program);
	else
		programs_ask(&bus->agent->programs);
}

static bool is_too_often(struct bus_signals *signals)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - signals->window_ns > WINDOW_NS) {
		signals->window_ns = now_ns;
		signals->n_window = 0;
	}
	signals->n++;
	if (signals->n_window++ < WINDOW_SIGNALS)
		return false;
	if (signals->n_window == WINDOW_SIGNALS + 1)
		log_warn("more signals over NATS than %u in 10 s are not heard", WINDOW_SIGNALS);
	signals->n_ignored++;
	return true;
}

void bus_take_signal(struct bus *bus, struct str payload)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *signal = NULL;
	const char *artifact;

	if (is_too_often(&bus->signals))
		return;
	signal = json_parse(payload.data, payload.len, SIGNAL_MAX_BYTES, &err);
	artifact = json_get_text(signal, "artifact_id", "");
	if (!json_is_object(signal) || !*artifact || strlen(artifact) >= ARTIFACT_BYTES)
		log_warn("a signal over NATS names no artifact_id");
	else
		take(bus, artifact, json_get_text(signal, "reason", ""));
}
