/*
 * Every attempt of the attack program, and who says whether it got through:
 *
 * FILE	      the host, whose victim file DIR/NAME must be as it was
 * DIRECTORY  the host, whose victim directory DIR/NAME must stay empty
 * HELD	      the host, asked while the attempt still holds what it took
 * HOST	      the host, by a check of its own, see verdict.c
 * LEAK	      the host, which knows the secret that must not be in the output
 * SELF	      the attempt: what it gained is seen by nobody else
 *
 * An errno explains a verdict and never makes one where the host can look.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "attempts_files.h"
#include "attempts_system.h"

#define ATTEMPTS(X) ATTEMPTS_ON_FILES(X) ATTEMPTS_ON_SYSTEM(X)

enum judge {
	JUDGE_FILE,
	JUDGE_DIRECTORY,
	JUDGE_HELD,
	JUDGE_HOST,
	JUDGE_LEAK,
	JUDGE_SELF
};

#define SECRET "constable-canary-secret-5b1f"

/* What the host tells the attack program, as one line of text. */
struct canary_facts {
	char dir[96];
	pid_t victim; /* of the job's own uid: the worst case */
	int tcp_port, udp_port;
	int shm, message_queue, semaphore;
	uint64_t secret_address; /* in the victim's memory */
};

/* One line, both ways. 0 or -EINVAL. */
void facts_format(const struct canary_facts *facts, char *line, unsigned long size);
int facts_parse(const char *line, struct canary_facts *facts_out);
