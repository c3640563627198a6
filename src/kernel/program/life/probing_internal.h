/*
 * Probing: what a program's probes say (kernel/program/probe.h), before it comes and at each check.
 *
 * The steward has no network: for each question the launcher starts constable-prober
 * (call/sandbox/launcher.h), which tries all probes of one program at once, from inside the first
 * control group that the program is attached to where that takes a process, and is gone when it
 * has answered. Neither agent nor server has a part in it. The question is a frame {"probes":
 * [{"probe", "timeout_ms"}]}, its answer {"answers":[{"ms", "error"?}]}. Who cannot be asked before
 * a program comes is a reason not to take it; a check without an answer is none, neither good nor
 * bad.
 */
#pragma once

#include "base/json.h"

struct steward;
struct watched;

enum probing_state {
	PROBING_IDLE,
	PROBING_STARTS, /* the launcher was told */
	PROBING_READY,  /* it waits for the question */
	PROBING_ASKED,
};

struct probing {
	enum probing_state state;
	int fd;            /* or -1 */
	pid_t pid;         /* the prober's */
	uint64_t id;       /* of the program that is checked */
	uint64_t until_ns; /* CLOCK_BOOTTIME: then it is given up */
};

/* Puts the probes of manifest and host into 'program', with what they say before it is attached.
 * One that 'returns' was asked when it first came. */
int probing_prepare(struct steward *steward, json_t *program, const json_t *manifest,
		    const json_t *limits, bool returns, struct error *err) MUST_CHECK;

/* A check is due for all that are watched. */
void probing_note_due(struct steward *steward);
/* The launcher's answer: minus the prober's pid, with its socket, which is taken over. */
void probing_take(struct steward *steward, int64_t value, int fd);
/* Asks next, or gives up; the next time to look. */
uint64_t probing_tend(struct steward *steward);
/* The prober said something, or has ended. */
void probing_read(struct steward *steward);

/* The list of a program with what each said last. A new reference, or NULL. */
json_t *probing_describe(const json_t *program, const struct watched *watched);
