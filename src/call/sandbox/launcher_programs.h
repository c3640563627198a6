/*
 * What launcher and steward of signed programs (kernel/program/life/steward.h) tell each other.
 */
#pragma once

#include "base/base.h"

/* What the steward may say, one byte: that the kernel is to count runs for a while. The answer is
 * fd_pass() of LAUNCHER_STATISTICS with what keeps that on, or with nothing. And unasked it hears
 * of LAUNCH_CONTACT: LAUNCHER_CONTACT and the nanoseconds (CLOCK_BOOTTIME). */
#define LAUNCHER_WANTS_STATISTICS 's'
#define LAUNCHER_STATISTICS 2
/* Or that it has to ask somebody outside: the answer is LAUNCHER_COURIER with the socket of a
 * constable-courier that lives as long as that, until it is done with it, or with nothing. With
 * 'vault_token' it is passed LAUNCHER_TOKEN first of all, and a descriptor to read that from. */
#define LAUNCHER_WANTS_COURIER 'c'
#define LAUNCHER_COURIER_DONE 'e'
#define LAUNCHER_COURIER 3
#define LAUNCHER_TOKEN 4
/* Or the constable-prober: minus its pid is the answer, with its socket, until it is done with it.
 */
#define LAUNCHER_WANTS_PROBER 'p'
#define LAUNCHER_PROBER_DONE 'd'
#define LAUNCHER_NO_PROBER 5
/* Or that it has taken the end of a job that it was passed, the first of those that it has not. */
#define LAUNCHER_TAKEN 't'
#define LAUNCHER_CONTACT 1000

/* What the steward of signed programs is told; see kernel/program/life/steward.h. */
struct launcher_programs {
	const char *folder;     /* NULL: there are none here */
	const char *limits;     /* path of what they may */
	const char *public_key; /* that may sign them, or NULL */
	const char *rollback;   /* limits of their health, or NULL */
	/* Of Vault, where keys are that may sign them: each may be NULL. */
	const char *vault_url, *vault_ca, *vault_namespace, *vault_path;
	const char *vault_token; /* a secret, or NULL */
	bool at_start;           /* what was attached is looked after, though nobody asks */
	bool at_once;            /* with 'at_start': though nothing was attached */
};
