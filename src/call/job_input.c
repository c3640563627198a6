/* What a job's child reads: the arguments; and, with a NUL before it, what is given. */
#include <errno.h>

#include "call/job_internal.h"

struct str job_input_left(const struct job *job)
{
	size_t at = job->n_sent - (job->n_sent < job->n_args ? 0 : job->n_args);

	if (job->n_sent < job->n_args)
		return (struct str) { job->args + at, job->n_args - at };
	if (!job->given.max)
		return (struct str) { 0 };
	if (at == 0)
		return (struct str) { "", 1 };
	return (struct str) { buf_text(&job->given) + at - 1, job->given.len + 1 - at };
}

int job_take_given(struct job *job, struct error *err)
{
	struct runner *runner = job->runner;
	int r;

	if (!job->give)
		return 0;
	if (runner->n_given + JOB_GIVEN_MAX_BYTES > RUNNER_MAX_GIVEN_BYTES)
		return error_set(err, -EBUSY,
				 "the calls that run have been given %zu bytes already; try again",
				 runner->n_given);
	buf_init(&job->given, JOB_GIVEN_MAX_BYTES);
	r = job->give(job, &job->given, err);
	runner->n_given += job->given.len;
	return r;
}

void job_drop_given(struct job *job)
{
	job->runner->n_given -= job->given.len;
	buf_finish(&job->given);
	job->given = (struct buf) { 0 };
}
