/* The steward inside. */
#pragma once

#include "call/sandbox/launcher.h"
#include "kernel/program/life/guardian.h"
#include "kernel/program/life/journal.h"
#include "kernel/program/life/probing_internal.h"
#include "kernel/program/life/steward.h"
#include "kernel/program/life/watch.h"
#include "kernel/program/limits.h"
#include "kernel/program/load/load.h"

#define STEWARD_MAX_CLIENTS 24
#define STEWARD_LEASE_CHECKS 3    /* intervals for which a program goes on without the steward */
#define STEWARD_BUSY_S 15         /* at most, with a look at Vault: no program ends of it */
#define STEWARD_CANARY_SPARE_S 15 /* for which the guardian waits longer than the steward */

struct steward {
	const struct steward_config *config;
	struct journal journal;
	struct guardian guardian;
	char socket[4096]; /* the guardian's */
	char host[256];
	int clients[STEWARD_MAX_CLIENTS]; /* -1: free */
	bool may_change[STEWARD_MAX_CLIENTS];
	int fd;                 /* where they come from */
	uint64_t idle_since_ns; /* monotonic */
	struct health_limits limits;
	struct watch watch;
	struct probing probing;
	uint64_t contact_ns; /* when the agent last asked its server what was answered; 0: never */
	int timer;           /* of the clock that goes on while the host sleeps */
	struct vault vault;
	int courier;                   /* its socket while Vault is asked, else -1 */
	bool is_waiting;               /* for what becomes 'courier' */
	char token[VAULT_TOKEN_BYTES]; /* of the warden's environment; a secret */
};

/* Takes one message of the launcher's: who asks, what was reached, or a descriptor that was waited
 * for. False when it is gone, or says nothing for that long. */
bool steward_hear_within(struct steward *steward, int timeout_ms);
/* The guardian's end, and what the prober says, as far as they are there: waits for neither. */
void steward_hear_helpers(struct steward *steward);

/* New references, or NULL with 'err'. 'log_out' is heap text, if there is one. */
json_t *steward_apply(struct steward *steward, const json_t *args, char **log_out,
		      struct error *err);
json_t *steward_remove(struct steward *steward, const json_t *args, struct error *err);
json_t *steward_roll_back_by(struct steward *steward, const json_t *args, struct error *err);
json_t *steward_release(struct steward *steward, const json_t *args, struct error *err);
json_t *steward_tune(struct steward *steward, const json_t *args, struct error *err);
json_t *steward_list(const struct steward *steward);
json_t *steward_describe(const struct steward *steward, const json_t *program);

/* Makes journal and kernel agree, after any end of any process of ours. */
int steward_reconcile(struct steward *steward, struct error *err) MUST_CHECK;

/* What is to be done by now: canaries that stood the time become active, ends are noted, and what
 * could not be written before is.
 * Returns the next time (CLOCK_BOOTTIME), UINT64_MAX for none. */
uint64_t steward_tend(struct steward *steward);
/* The same without a look at Vault. */
uint64_t steward_tend_programs(struct steward *steward);

/* Ends one: out of the kernel, into the journal. Where that cannot be written it is out all the
 * same, and steward_tend() writes it when it can be. */
int steward_end(struct steward *steward, json_t *program, enum program_state state, const char *why,
		struct error *err) MUST_CHECK;

/* Attaches again what 'args' applied once, in the place of the one of its name, which is rolled
 * back with it. */
int steward_return(struct steward *steward, const json_t *args, const char *why,
		   struct error *err) MUST_CHECK;

/* Why one is rolled back; 'threshold' may be NULL. */
struct rollback_cause {
	const char *reason; /* as telemetry says it: "telemetry_threshold", "manual" ... */
	const char *threshold;
	double value, above;
	const char *why; /* a sentence */
};

/* Out of the kernel, its artifact into quarantine, and the one before back. */
int steward_roll_back(struct steward *steward, json_t *program, const struct rollback_cause *cause,
		      struct error *err) MUST_CHECK;
/* Carries out one of the journal's that was begun by who died of it; the version before is back
 * afterwards, or the rollback says why not. */
int rollback_resume(struct steward *steward, json_t *rollback, struct error *err) MUST_CHECK;
/* The verifier refused it: it was never attached, and is not tried again. */
void rollback_note_refused(struct steward *steward, const json_t *program, const char *why);

/* Rolls back the first that broke its rules for long enough; the next time to look again. */
uint64_t judge_tend(struct steward *steward);
/* How the host is before it has done anything, and after each window what it broke. */
void judge_begin(struct watch *watch, struct watched *watched);
void judge_look(struct watch *watch, struct watched *watched);
/* What its probes say by now, see probing_internal.h. */
void judge_probes(struct watched *watched, const json_t *answers);
/* What it breaks by now, in 'why_out' of ERROR_TEXT_BYTES: false for nothing. */
bool judge_accuses(const struct watched *watched, struct rollback_cause *cause_out, char *why_out);

/* For how long a program may wait for a sign that the agent still reaches its server: 0 for one
 * that cannot cut it off, and where nobody was reached before. */
int64_t steward_confirm_s(const struct steward *steward, const json_t *program);
/* The agent asked its server then (CLOCK_BOOTTIME), and was answered. */
void steward_note_contact(struct steward *steward, uint64_t asked_ns);

/* It stays until its time is over: from its attaching on, or from the end of its trial. */
bool steward_is_on_trial(const json_t *program);
int steward_activate(struct steward *steward, json_t *program, struct error *err) MUST_CHECK;

/* What was being changed of it when a steward died is changed; that it cannot be is no reason for
 * nobody to look after it. */
void steward_finish_tuning(struct steward *steward, json_t *program);
/* How many each list has is enough to be told apart by. */
void steward_count_lists(json_t *program, const json_t *lists);

/* For how long a program goes on without the steward: some checks, and what one may take. */
uint64_t steward_lease_ahead_ns(const struct steward *steward);
/* Until when a program with a lease may go on by itself: to the end of its time where it keeps,
 * else until the steward has missed some checks. */
uint64_t steward_lease_ns(const struct steward *steward, const json_t *program);
/* Tells it so; nothing for one without a lease. */
int steward_set_lease(const struct steward *steward, json_t *program, struct error *err) MUST_CHECK;

/* Starts constable-loader behind walls of its own; our end of its socket, or a negative errno. */
int loader_start(const struct steward *steward, pid_t *pid_out, struct error *err) MUST_CHECK;
void loader_end(pid_t pid);

/* Puts a program in the place of another under the same link. */
int link_update(int link, int program);
