/* The job inside. */
#pragma once

#include "call/job.h"

/* Sets 'err' if the outcome of a job that has ended is a failure. */
void job_explain(const struct job *job, struct error *err);
