/*
 * A job: one decided call on its way through the launcher and a sandboxed child.
 *
 * The runner is the warden's side: it hands records to the launcher, feeds the
 * arguments, collects the bounded output and calls back exactly once. At most
 * RUNNER_MAX_JOBS run at a time; more wait in order, and beyond
 * RUNNER_MAX_WAITING a job is refused with -EBUSY.
 */
#pragma once

#include <event2/event.h>

#include "base/buf.h"
#include "call/progress.h"
#include "call/sandbox/launcher.h"
#include "call/tool.h"

#define RUNNER_MAX_JOBS 16
#define RUNNER_MAX_WAITING 256
#define JOB_RESULT_MAX_BYTES (2 * MIB)
#define JOB_GIVEN_MAX_BYTES (8 * MIB)
#define RUNNER_MAX_GIVEN_BYTES (32 * MIB) /* to all that run; beyond: -EBUSY */

struct job {
	const struct tool_info *tool;
	const char *args; /* JSON for the child's standard input; borrowed until done */
	size_t n_args;
	enum sandbox_profile profile;
	unsigned root_set;    /* see launcher_config */
	uint64_t deadline_ns; /* monotonic; 0: the tool's own time */

	/*
	 * Adds what goes behind the arguments and a NUL, when the job starts; it is freed once the
	 * child has it. NULL: nothing goes there.
	 */
	int (*give)(struct job *job, struct buf *given, struct error *err);

	/* Exactly once. 'outcome' always; 'result' is the child's JSON, NULL if 'err' is set. */
	void (*done)(struct job *job, const struct launch_outcome *outcome,
		     const struct buf *result, const struct error *err);

	/* What it shows meanwhile, any number of times before 'done'; NULL: nobody asked. */
	void (*show)(struct job *job, const struct progress_piece *piece);

	/* private */
	struct runner *runner;
	struct job *next;
	uint64_t id;
	enum {
		JOB_IDLE,
		JOB_WAITING,
		JOB_RUNNING
	} state;
	int input_fd, output_fd, error_fd;
	size_t n_sent;
	struct buf given;
	struct sandbox_limits limits;
	struct event *input, *output, *error;
	struct buf result, complaint;
	struct progress_reader reader;
	bool is_garbled; /* what it wrote is no progress */
	bool has_outcome;
	struct launch_outcome outcome;
};

struct runner {
	struct event_base *base;
	struct launcher *launcher;
	/* The launcher ended, and nothing can run any more; or NULL. */
	void (*gone)(struct runner *runner);
	void *data; /* for whoever 'gone' tells */

	/* private */
	struct event *event;
	struct job *running, *waiting;
	unsigned n_running, n_waiting;
	size_t n_given; /* bytes */
	uint64_t next_id;
};

int runner_init(struct runner *runner, struct event_base *base, struct launcher *launcher,
		struct error *err) MUST_CHECK;
void runner_finish(struct runner *runner);

/* Tells the steward of signed programs that the agent's server answered what was asked then
 * (CLOCK_BOOTTIME). */
void runner_tell_contact(struct runner *runner, uint64_t asked_ns);

/* May call 'done' before it returns. */
void job_start(struct runner *runner, struct job *job);
void job_cancel(struct job *job);

/* Frees what the result held; the job must not be running. */
void job_finish(struct job *job);
