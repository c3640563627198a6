/*
 * The host's side of the attacks: victims of every kind, set up so that anything
 * done to one of them can be seen afterwards.
 */
#pragma once

#include <sys/stat.h>

#include "attempts.h"
#include "base/base.h"

#define CANARY_UID 64000 /* that of the first job: its victims are its own, the worst case */

enum attempt {
#define NUMBER(judge, name) ATTEMPT_##name,
	ATTEMPTS(NUMBER)
#undef NUMBER
	ATTEMPT_N,
};

const char *attempt_name(enum attempt attempt);
enum judge attempt_judge(enum attempt attempt);
/* ATTEMPT_N if there is none of that name. */
enum attempt attempt_find(const char *name, size_t len);

struct canary {
	struct canary_facts facts;
	int fifo, tcp, udp, stream, datagram, abstract, terminal, terminal_end;
	struct stat before[ATTEMPT_N]; /* of FILE victims */
	struct stat shared_before;
	char host_name[65];
	char shadow[24]; /* how the host's /etc/shadow begins */
	bool has_message_queue;
	bool mounted[2]; /* the kernel's own file systems, by us */
	pid_t automounter;
	bool was_automount_asked;
	bool hit[ATTEMPT_N];
};

/* Aborts the whole test if it cannot: there is nothing to judge then. */
void canary_set_up(struct canary *canary);
void canary_tear_down(struct canary *canary);

/* Answers "check NAME": whether a HELD attempt holds something now. */
void canary_check_held(struct canary *canary, enum attempt attempt);

/* Answers "mount later": a writable mount below the canary's directory. */
void canary_mount_later(struct canary *canary);

/* Answers "leak NAME TEXT": whether the text has the host's secret in it. */
void canary_check_leak(struct canary *canary, enum attempt attempt, const char *text, size_t len);

/* After the job: looks at every victim and fills 'hit'. */
void canary_judge(struct canary *canary);

/* The victim process's main. */
int canary_be_victim(const char *dir);
