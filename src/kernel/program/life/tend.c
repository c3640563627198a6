#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/keys_internal.h"
#include "kernel/program/life/steward_internal.h"

#define RETRY_NS NS_PER_SEC
#define MAX_HEARD 64 /* at once, so that who says much stops nothing */

static uint64_t id_of(const json_t *program)
{
	return (uint64_t)json_get_int(program, "id", 0);
}

static uint64_t lease_of(const json_t *program)
{
	return (uint64_t)json_get_int(program, "lease_ns", 0);
}

/* It comes back no more, nor does what it took the place of, unless that is still there. */
static void forget_kept(const struct steward *steward, const json_t *program)
{
	int64_t before_id = json_get_int(program, "replaces", 0);
	const json_t *before = journal_find(&steward->journal, (uint64_t)before_id);

	kept_forget(steward, json_get_int(program, "id", 0));
	if (!before || program_state_has_ended(journal_state(before)))
		kept_forget(steward, before_id);
}

int steward_end(struct steward *steward, json_t *program, enum program_state state, const char *why,
		struct error *err)
{
	char kept[ERROR_TEXT_BYTES];

	text_copy(kept, sizeof(kept), why);
	if (journal_intend(&steward->journal, program, state, err) < 0)
		*err = (struct error) { 0 }; /* journal_reach() tells */
	step_reached("program-ending");
	/* A guardian that is gone holds nothing. */
	if (steward->guardian.fd >= 0 &&
	    guardian_release(&steward->guardian, id_of(program), err) < 0) {
		guardian_close(&steward->guardian);
		*err = (struct error) { 0 };
	}
	step_reached("program-released");
	forget_kept(steward, program);
	return journal_reach(&steward->journal, program, state, kept, err) < 0
		       ? error_wrap(err, "'%s' is out of the kernel, but",
				    json_get_text(program, "name", ""))
		       : 0;
}

/* What an earlier try has put on disk stays: a kill lengthens no life. */
static uint64_t end_of(const json_t *program)
{
	uint64_t ttl_ns = (uint64_t)json_get_int(program, "ttl_s", 1) * NS_PER_SEC;
	uint64_t now_ns = guardian_now_ns();

	if (journal_intent(program) == PROGRAM_ACTIVE)
		return lease_of(program);
	return ttl_ns + (steward_is_on_trial(program)
				 ? now_ns
				 : (uint64_t)json_get_int(program, "attached_ns", (int64_t)now_ns));
}

bool steward_is_on_trial(const json_t *program)
{
	return json_object_get(program, "observe_ns");
}

int steward_activate(struct steward *steward, json_t *program, struct error *err)
{
	uint64_t end_ns = end_of(program), old_ns = lease_of(program);

	json_put(program, "lease_ns", json_integer((json_int_t)end_ns));
	if (journal_intend(&steward->journal, program, PROGRAM_ACTIVE, err) < 0 ||
	    steward_set_lease(steward, program, err) < 0 ||
	    guardian_renew(&steward->guardian, id_of(program), end_ns, err) < 0) {
		json_put(program, "lease_ns", json_integer((json_int_t)old_ns));
		(void)json_object_del(program, "intent");
		return err->code;
	}
	step_reached("program-renewed");
	journal_note_seq(&steward->journal, program);
	if (journal_reach(&steward->journal, program, PROGRAM_ACTIVE, NULL, err) < 0)
		return err->code;
	step_reached("program-active");
	return 0;
}

/* Until when somebody must have reached the server; 0 where nobody has to. */
static uint64_t confirm_of(const json_t *program)
{
	return (uint64_t)json_get_int(program, "confirm_ns", 0);
}

static uint64_t sooner(uint64_t one_ns, uint64_t other_ns)
{
	return one_ns < other_ns ? one_ns : other_ns;
}

static uint64_t next_of(const json_t *program)
{
	uint64_t lease_ns = lease_of(program), at_ns;

	if (journal_state(program) != PROGRAM_CANARY)
		return lease_ns;
	/* A word from the server ends the wait for it; not on trial: at once. */
	at_ns = confirm_of(program) ? confirm_of(program)
				    : (uint64_t)json_get_int(program, "observe_ns", 0);
	return sooner(at_ns, lease_ns);
}

static void tend_one(struct steward *steward, json_t *program)
{
	static const struct rollback_cause cut_off = {
		.reason = "connectivity",
		.why = "since it came the agent no longer reaches its server",
	};
	const struct watched *watched = watch_find(&steward->watch, program);
	char why[ERROR_TEXT_BYTES];
	struct rollback_cause cause;
	struct error err = { 0 };
	int r = 0;

	if (confirm_of(program) && guardian_now_ns() >= confirm_of(program))
		r = steward_roll_back(steward, program, &cut_off, &err);
	else if (guardian_now_ns() >= lease_of(program))
		r = steward_end(steward, program, PROGRAM_EXPIRED, "its time was over", &err);
	else if (watched && judge_accuses(watched, &cause, why))
		r = steward_roll_back(steward, program, &cause, &err); /* it did not stand it */
	else if (journal_state(program) == PROGRAM_CANARY)
		r = steward_activate(steward, program, &err);
	if (r < 0)
		log_error("the program '%s': %s", json_get_text(program, "name", ""), err.text);
}

/* What goes with us is told now and then that we are there. Returns when it has to be again. */
static uint64_t renew_lease(struct steward *steward, json_t *program)
{
	uint64_t ahead_ns = steward_lease_ahead_ns(steward), slice_ns, now_ns;
	uint64_t until_ns = (uint64_t)json_get_int(program, "leased_ns", 0);
	struct error err = { 0 };

	if (json_get_bool(program, "keeps", false) ||
	    !json_object_get(json_object_get(program, "live"), "lease"))
		return UINT64_MAX;
	now_ns = guardian_now_ns();
	if (until_ns >= lease_of(program))
		return UINT64_MAX;
	slice_ns = steward->limits.check_interval_s * NS_PER_SEC;
	if (until_ns > now_ns + ahead_ns - slice_ns)
		return until_ns - (ahead_ns - slice_ns);
	if (steward_set_lease(steward, program, &err) < 0) {
		log_error("%s", err.text);
		return now_ns + RETRY_NS;
	}
	return now_ns + slice_ns;
}

/* Whoever tried it first has told why it failed. */
static uint64_t catch_up(struct steward *steward)
{
	struct error err = { 0 };

	return steward->journal.is_behind && journal_save(&steward->journal, &err) < 0
		       ? guardian_now_ns() + RETRY_NS
		       : UINT64_MAX;
}

/* What was said while we were busy counts before anything is judged. */
static void hear_all(struct steward *steward)
{
	for (int i = 0; i < MAX_HEARD && steward_hear_within(steward, 0); i++)
		;
	steward_hear_helpers(steward);
}

uint64_t steward_tend(struct steward *steward)
{
	uint64_t look_ns = keys_tend(steward); /* may take all of a look at Vault */

	return sooner(look_ns, steward_tend_programs(steward));
}

uint64_t steward_tend_programs(struct steward *steward)
{
	uint64_t next_ns, now_ns, at_ns;
	json_t *program;
	size_t i;

	hear_all(steward);
	next_ns = watch_tend(steward);
	next_ns = sooner(next_ns, probing_tend(steward));
	next_ns = sooner(next_ns, judge_tend(steward));
	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		now_ns = guardian_now_ns();
		if (!program_state_is_attached(journal_state(program)))
			continue;
		if (next_of(program) <= now_ns) {
			tend_one(steward, program);
			/* What came back took a place in the list. */
			next_ns = sooner(next_ns, now_ns + RETRY_NS);
		}
		if (!program_state_is_attached(journal_state(program)))
			continue;
		next_ns = sooner(next_ns, renew_lease(steward, program));
		/* What failed, for a full disk perhaps, is tried again, but not all the time. */
		at_ns = next_of(program) > now_ns ? next_of(program) : now_ns + RETRY_NS;
		next_ns = sooner(next_ns, at_ns);
	}
	watch_drop_ended(steward);
	return sooner(next_ns, catch_up(steward));
}

json_t *steward_remove(struct steward *steward, const json_t *args, struct error *err)
{
	const char *name = json_get_text(args, "name", "");
	json_t *program = journal_find_live(&steward->journal, name, NULL);

	if (!program) {
		error_set(err, -ENOENT, "no program '%.63s' is attached on this host", name);
		return NULL;
	}
	if (steward_end(steward, program, PROGRAM_REMOVED, "removed by a call", err) < 0)
		return NULL;
	return steward_describe(steward, program);
}

static json_t *seconds_until(uint64_t ns)
{
	uint64_t now_ns = guardian_now_ns();

	return json_integer(ns > now_ns ? (json_int_t)((ns - now_ns) / NS_PER_SEC) : 0);
}

json_t *steward_describe(const struct steward *steward, const json_t *program)
{
	/* What the steward remembers for itself. */
	static const char *const inner[] = { "lease_ns", "observe_ns", "confirm_ns", "attached_ns",
					     "counters", "health",     "rollback",   "live",
					     "changing", "leased_ns" };
	const struct watched *watched = watch_find(&steward->watch, program);
	json_t *shown = json_copy((json_t *)program);

	for (size_t i = 0; i < ARRAY_LEN(inner); i++)
		(void)json_object_del(shown, inner[i]);
	if (confirm_of(program) && program_state_is_attached(journal_state(program)))
		json_put(shown, "confirm_within_s", seconds_until(confirm_of(program)));
	if (json_object_get(program, "probes"))
		json_put(shown, "probes", probing_describe(program, watched));
	if (watched && watched->n_windows)
		json_put(shown, "figures", watch_describe(watched));
	if (program_state_is_attached(journal_state(program)))
		json_put(shown, "ttl_remaining_s", seconds_until(lease_of(program)));
	return shown;
}

json_t *steward_list(const struct steward *steward)
{
	json_t *list = json_array(), *program, *vault = vault_describe(&steward->vault), *whole;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		json_push(list, steward_describe(steward, program));
	}
	whole = json_pack("{s:o, s:O, s:O, s:o}", "programs", list, "rollbacks",
			  journal_rollbacks(&steward->journal), "quarantine",
			  journal_quarantine(&steward->journal), "keys", keys_list(steward));
	if (vault)
		json_put(whole, "vault", vault);
	return whole;
}
