#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/steward_internal.h"

static json_t *tell_when(void)
{
	char when[CLOCK_TEXT_BYTES];

	return json_string(clock_format(clock_wall_ns(), when));
}

static json_t *name(const json_t *program)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "name", json_get_text(program, "name", ""),
			 "version", json_get_text(program, "version", ""), "sha256",
			 json_get_text(program, "sha256", ""), "at", tell_when());
}

static json_t *note(struct steward *steward, const json_t *program,
		    const struct rollback_cause *cause)
{
	json_t *rollback = name(program);

	json_put(rollback, "id", json_integer(json_get_int(program, "id", 0)));
	json_put(rollback, "reason", json_string(cause->reason));
	json_put(rollback, "why", journal_why(cause->why));
	json_put(rollback, "status", json_string("in_progress"));
	if (cause->threshold) {
		json_put(rollback, "threshold", json_string(cause->threshold));
		json_put(rollback, "value", json_real(cause->value));
		json_put(rollback, "above", json_real(cause->above));
	}
	journal_add_rollback(&steward->journal, rollback);
	return rollback;
}

static void quarantine(struct steward *steward, const json_t *program, const char *why)
{
	const char *sha256 = json_get_text(program, "sha256", "");
	json_t *item;

	if (journal_find_quarantined(&steward->journal, sha256))
		return;
	item = name(program);
	json_put(item, "why", journal_why(why));
	journal_add_quarantined(&steward->journal, item);
}

/* The rest of the time that the one before had; 0 where there is none to come back. */
static int64_t time_left_s(const struct steward *steward, const json_t *program)
{
	int64_t id = json_get_int(program, "replaces", 0);
	const json_t *before = id ? journal_find(&steward->journal, (uint64_t)id) : NULL;
	int64_t lease_ns = json_get_int(before, "lease_ns", 0);
	int64_t now_ns = (int64_t)guardian_now_ns();

	/* Only what was well: its place was taken, nothing else had ended it. */
	if (!before || journal_state(before) != PROGRAM_REMOVED || lease_ns <= now_ns)
		return 0;
	return (lease_ns - now_ns) / (int64_t)NS_PER_SEC;
}

/* Returns what it said of the version that is back; NULL where none is. */
static const char *bring_back(struct steward *steward, const json_t *program, const char *why,
			      struct error *err)
{
	int64_t before_id = json_get_int(program, "replaces", 0);
	int64_t left_s = time_left_s(steward, program);
	CLEANUP(json) json_t *args = NULL;
	struct health health;

	if (health_parse(program, &steward->limits, &health, err) < 0 || !health.returns_previous)
		return NULL;
	if (before_id && !journal_find(&steward->journal, (uint64_t)before_id))
		error_set(err, -ENOENT, "the journal has no word of the version before any more");
	if (left_s < 1)
		return NULL;
	args = kept_load(steward, before_id, err);
	if (!args)
		return NULL;
	json_put(args, "ttl_s", json_integer(left_s));
	if (steward_return(steward, args, why, err) < 0)
		return NULL;
	kept_forget(steward, before_id);
	kept_forget(steward, json_get_int(program, "id", 0));
	return json_get_text(
		journal_find_live(&steward->journal, json_get_text(program, "name", ""), program),
		"version", NULL);
}

static int carry_out(struct steward *steward, json_t *program, json_t *rollback, struct error *err)
{
	const char *why = json_get_text(rollback, "why", "");
	struct error no_return = { 0 };
	/* What did not come back when this was tried before has been forgotten since. */
	const char *version = json_object_get(rollback, "error")
				      ? NULL
				      : bring_back(steward, program, why, &no_return);
	int r = 0;

	if (no_return.code)
		json_put(rollback, "error", journal_why(no_return.text));
	if (version)
		json_put(rollback, "returned", json_string(version));
	else
		r = steward_end(steward, program, PROGRAM_ROLLED_BACK, why, err);
	/* Out of the kernel it is, whatever could be written of it. */
	json_put(rollback, "status", json_string("completed"));
	return r < 0 ? r : journal_save(&steward->journal, err);
}

int steward_roll_back(struct steward *steward, json_t *program, const struct rollback_cause *cause,
		      struct error *err)
{
	CLEANUP(json) json_t *held = json_incref(program);
	CLEANUP(json) json_t *rollback = json_incref(note(steward, program, cause));
	struct error unwritten = { 0 };

	quarantine(steward, program, cause->why);
	step_reached("program-rollback");
	/* A disk that is full is no reason to let it go on; the quarantine outlasts the boot. */
	json_put(program, "intent", json_string(program_state_name(PROGRAM_ROLLED_BACK)));
	if (journal_save(&steward->journal, &unwritten) < 0)
		log_error("%s", unwritten.text);
	step_reached("program-rolling");
	log_warn("the program '%s' %s is rolled back: %s", json_get_text(program, "name", ""),
		 json_get_text(program, "version", ""), cause->why);
	return carry_out(steward, held, rollback, err);
}

/* What took the place of that one, and is there. */
static const json_t *find_returned(const struct journal *journal, int64_t id)
{
	const json_t *program;
	size_t i;

	json_array_foreach(journal_programs(journal), i, program)
	{
		if (program_state_is_attached(journal_state(program)) &&
		    json_get_int(program, "replaces", 0) == id)
			return program;
	}
	return NULL;
}

int rollback_resume(struct steward *steward, json_t *rollback, struct error *err)
{
	int64_t id = json_get_int(rollback, "id", 0);
	json_t *program = journal_find(&steward->journal, (uint64_t)id);
	const json_t *returned = find_returned(&steward->journal, id);
	CLEANUP(json) json_t *held = json_incref(program);

	if (program && program_state_is_attached(journal_state(program)))
		return carry_out(steward, held, rollback, err);
	if (returned)
		json_put(rollback, "returned", json_string(json_get_text(returned, "version", "")));
	else if (!json_object_get(rollback, "error"))
		json_put(rollback, "error",
			 json_string("it was interrupted: the version before is not back"));
	json_put(rollback, "status", json_string("completed"));
	return journal_save(&steward->journal, err);
}

void rollback_note_refused(struct steward *steward, const json_t *program, const char *why)
{
	struct rollback_cause cause = {
		.reason = "verifier_failure",
		.threshold = "verifier_failure",
		.value = 1,
		.why = why,
	};
	struct error err = { 0 };
	json_t *rollback = note(steward, program, &cause);

	json_put(rollback, "status", json_string("completed"));
	quarantine(steward, program, why);
	if (journal_save(&steward->journal, &err) < 0)
		log_error("%s", err.text);
}

/* Who names an artifact does not mean what took its place meanwhile. */
static bool is_meant(const json_t *program, const char *sha256)
{
	return !*sha256 || strcmp(json_get_text(program, "sha256", ""), sha256) == 0;
}

json_t *steward_roll_back_by(struct steward *steward, const json_t *args, struct error *err)
{
	const char *program_name = json_get_text(args, "name", "");
	json_t *program = journal_find_live(&steward->journal, program_name, NULL);
	bool is_signal = strcmp(json_get_text(args, "reason", ""), "orchestrator_signal") == 0;
	struct rollback_cause cause = {
		.reason = is_signal ? "orchestrator_signal" : "manual",
		.why = json_get_text(args, "why",
				     is_signal ? "the orchestrator asked for it" : "by a call"),
	};

	if (!program) {
		error_set(err, -ENOENT, "no program '%.63s' is attached on this host",
			  program_name);
		return NULL;
	}
	if (!is_meant(program, json_get_text(args, "sha256", ""))) {
		error_set(err, -ESTALE, "the program '%.63s' that is attached is another artifact",
			  program_name);
		return NULL;
	}
	json_incref(program);
	if (steward_roll_back(steward, program, &cause, err) < 0) {
		json_decref(program);
		return NULL;
	}
	args = steward_describe(steward, program);
	json_decref(program);
	return (json_t *)args;
}

json_t *steward_release(struct steward *steward, const json_t *args, struct error *err)
{
	const char *wanted = json_get_text(args, "name", "");
	json_t *list = journal_quarantine(&steward->journal);
	int n = 0;

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (strcmp(json_get_text(json_array_get(list, i), "name", ""), wanted) != 0)
			continue;
		(void)json_array_remove(list, i);
		n++;
	}
	if (!n)
		error_set(err, -ENOENT, "nothing of '%.63s' is in quarantine on this host", wanted);
	if (!n || journal_save(&steward->journal, err) < 0)
		return NULL;
	return json_pack("{s:s, s:i}", "name", wanted, "released", n);
}
