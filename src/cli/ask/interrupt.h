/*
 * Ctrl-C (and TERM, HUP) as something to wait for, so that what was begun can be
 * cancelled and nothing is left behind.
 */
#pragma once

#include "base/base.h"

struct interrupt {
	int fd;     /* becomes readable */
	int signal; /* which one came, 0 while none did */
};

/* From here on the signals wait in 'fd' instead of ending the process. */
int interrupt_open(struct interrupt *interrupt) MUST_CHECK;

/* As it was before. */
void interrupt_close(struct interrupt *interrupt);
void interrupt_cleanup(struct interrupt *interrupt);

/* Whether one has come. */
bool interrupt_came(struct interrupt *interrupt);

/* For a child between fork and exec: it begins with no signal blocked. */
void interrupt_forget(void);
