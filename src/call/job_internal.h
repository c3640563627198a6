/* The job inside. */
#pragma once

#include "call/job.h"

/* job_input.c: what of the input is to be sent next. */
struct str job_input_left(const struct job *job);
int job_take_given(struct job *job, struct error *err);
void job_drop_given(struct job *job);

/* Sets 'err' if the outcome of a job that has ended is a failure. */
void job_explain(const struct job *job, struct error *err);
