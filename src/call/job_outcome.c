/* Why a job failed, in a sentence. */
#include <errno.h>
#include <inttypes.h>

#include "call/job_internal.h"

/* The child's own words for a failure: {"error": {"code", "text"}}. */
static bool read_complaint(const struct job *job, struct error *err)
{
	struct error ignored = { 0 };
	CLEANUP(json)
	json_t *answer =
		json_parse(buf_text(&job->result), job->result.len, JOB_RESULT_MAX_BYTES, &ignored);
	const json_t *error = json_object_get(answer, "error");

	if (!error)
		return false;
	error_set(err, (int)json_get_int(error, "code", -EIO), "%s",
		  json_get_text(error, "text", "the tool failed"));
	return true;
}

void job_explain(const struct job *job, struct error *err)
{
	const struct launch_outcome *outcome = &job->outcome;

	switch ((enum launch_end)outcome->end) {
	case LAUNCH_EXITED:
		if (outcome->status == 0 && !job->result.dropped)
			return;
		if (outcome->why[0])
			error_set(err, -EPERM,
				  "a wall of the sandbox cannot stand, so nothing ran: %s",
				  outcome->why);
		else if (job->result.dropped)
			error_set(err, -EFBIG, "the result exceeds %zu bytes", job->result.max);
		else if (!read_complaint(job, err))
			error_set(err, -EIO, "the job exited with status %d%s%s", outcome->status,
				  job->complaint.len ? ": " : "", buf_text(&job->complaint));
		return;
	case LAUNCH_KILLED:
		error_set(err, -EIO, "the job was killed by signal %d", outcome->status);
		return;
	case LAUNCH_TIMED_OUT:
		error_set(err, -ETIMEDOUT, "the job passed its deadline of %" PRIu64 " ms",
			  (uint64_t)job->limits.wall_ns / NS_PER_MS);
		return;
	case LAUNCH_CANCELLED:
		if (job->is_garbled)
			error_set(err, -EBADMSG, "the job wrote what no job may write");
		else
			error_set(err, -ECANCELED, "%s",
				  job->result.dropped ? "the job flooded its output and was stopped"
						      : "the call was cancelled");
		return;
	case LAUNCH_OUT_OF_MEMORY:
		error_set(err, -ENOMEM, "the job passed its memory limit of %" PRIu64 " MiB",
			  job->limits.memory_bytes / MIB);
		return;
	case LAUNCH_REFUSED:
		break;
	}
	error_set(err, -EPERM, "the sandbox refused to start: %s", outcome->why);
}
