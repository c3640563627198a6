/*
 * How a job reaches the steward of signed programs (kernel/program/life/steward.h): the launcher
 * starts one when the first job asks, hands it the other end of each job's socket, and starts
 * another when that one is gone. The guardian that it leaves behind is no orphan.
 */
#pragma once

#include "call/sandbox/handed_internal.h"

struct serve;

struct stewardship {
	pid_t pid;     /* 0: none */
	int fd;        /* where connections go, or -1 */
	pid_t prober;  /* that it wanted; 0: none */
	pid_t courier; /* one that asks Vault for it; 0: none */
	struct handed handed;
	uint64_t contact_ns; /* CLOCK_BOOTTIME, see LAUNCH_CONTACT; 0: never */
	/* One that has to be there crashed; monotonic, 0: none is to be started. */
	uint64_t again_ns, pause_ns, started_ns;
};

/* A job's end, or -1: nobody leads programs here. Unless it 'may_change' it may only list. */
int stewardship_connect(struct serve *serve, bool may_change);

/* Starts one if its folder says that something was attached, or if it has to be there at once. */
void stewardship_resume(struct serve *serve);

/* The agent reached its server, by what it asked then; who starts later is told too. */
void stewardship_tell_contact(struct serve *serve, uint64_t asked_ns);

/* It says something, or it has ended. */
void stewardship_serve(struct serve *serve);

/* Ends it, or takes note that it ended: what does not keep is detached. */
void stewardship_end(struct serve *serve);

/* Starts one in the place of one that crashed and has to be there, after a pause that grows; when
 * that is to be (monotonic), UINT64_MAX: never. */
uint64_t stewardship_again_ns(const struct serve *serve);
void stewardship_tick(struct serve *serve, uint64_t now_ns);

/* Whether it is the steward, its prober, or a guardian. */
bool stewardship_has(const struct serve *serve, pid_t pid);

/* Whether it is the steward's courier, which ends with its socket; and that it was reaped. */
bool stewardship_asks_by(const struct serve *serve, pid_t pid);
void stewardship_note_reaped(struct serve *serve, pid_t pid);
