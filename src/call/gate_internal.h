/* The gate inside: its dealings with the spool. */
#pragma once

#include "call/gate.h"

/* 0 with the rule that decided, or why not; 'answer' says what approval it would take. */
int gate_judge(struct call *call, char *decision, struct answer *answer);
/* Whether its job is to be given what it cannot read itself; -EACCES where that is not for this
 * caller; and gives it. */
bool gate_gives_cases(const struct call *call);
int gate_check_cases(const struct call *call, struct error *err);
int gate_give_case(struct job *job, struct buf *given, struct error *err);

/* -ENOTSUP where no calls are kept, -EINVAL for an id that is none. */
int gate_check_durable(const struct call *call, struct error *err);

/* True, with the answer, for a durable call that was made before; 'kept' holds the answer's frame.
 */
bool gate_is_known(struct call *call, struct frame *kept, struct answer *answer);

/* From here on the id is known, whatever happens. */
int gate_keep(struct call *call, struct error *err);

/*
 * The result is kept before anything else comes of it. Where it cannot be, the
 * outcome stays open too: the next start settles both, and the same way.
 */
bool gate_keep_answer(struct call *call, struct answer *answer);
