#include "call/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/job_internal.h"

#define COMPLAINT_MAX_BYTES (4 * KIB)

static void start_waiting(struct runner *runner);

static void unlink_job(struct job **list, struct job *job)
{
	while (*list != job)
		list = &(*list)->next;
	*list = job->next;
	job->next = NULL;
}

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void close_stream(struct event **event, int *fd)
{
	free_event(event);
	fd_close(fd);
}

static void release(struct job *job)
{
	close_stream(&job->input, &job->input_fd);
	close_stream(&job->output, &job->output_fd);
	close_stream(&job->error, &job->error_fd);
	job_drop_given(job);
}

/* Done once the outcome came and everything the child wrote was read. */
static void finish_if_complete(struct job *job)
{
	struct runner *runner = job->runner;
	struct error err = { 0 };

	if (!job->has_outcome || job->output || job->error)
		return;
	release(job);
	unlink_job(&runner->running, job);
	runner->n_running--;
	job->state = JOB_IDLE;
	job_explain(job, &err);
	job->done(job, &job->outcome, err.code ? NULL : &job->result, err.code ? &err : NULL);
	start_waiting(runner);
}

static void handle_input(int fd, short what UNUSED, void *data)
{
	struct job *job = data;
	struct str left = job_input_left(job);
	ssize_t n = write(fd, left.data, left.len);

	if (n > 0)
		job->n_sent += (size_t)n;
	if (job_input_left(job).len && (n >= 0 || errno == EAGAIN || errno == EINTR))
		return;
	close_stream(&job->input, &job->input_fd);
	job_drop_given(job);
}

static void add_result(struct job *job, const char *bytes, size_t len)
{
	bool had_room = !job->result.dropped;

	buf_add(&job->result, bytes, len);
	if (had_room && job->result.dropped)
		job_cancel(job);
}

static void add_pieces(struct job *job, const char *bytes, size_t len)
{
	struct progress_piece piece;
	int r;

	if (job->is_garbled)
		return;
	progress_reader_add(&job->reader, bytes, len);
	while ((r = progress_decode(&job->reader, &piece)) == 1) {
		if (piece.is_result)
			add_result(job, piece.text.data, piece.text.len);
		else
			job->show(job, &piece);
	}
	if (r < 0) {
		job->is_garbled = true;
		job_cancel(job);
	}
}

static void add_output(struct job *job, const char *bytes, size_t len)
{
	if (job->show)
		add_pieces(job, bytes, len);
	else
		add_result(job, bytes, len);
}

static void read_stream(struct job *job, struct event **event, int *fd, struct buf *into)
{
	char chunk[PROGRESS_READ_BYTES];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0) {
		if (into == &job->result)
			add_output(job, chunk, (size_t)n);
		else
			buf_add(into, chunk, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_stream(event, fd);
	finish_if_complete(job);
}

static void handle_output(int fd UNUSED, short what UNUSED, void *data)
{
	struct job *job = data;

	read_stream(job, &job->output, &job->output_fd, &job->result);
}

static void handle_error(int fd UNUSED, short what UNUSED, void *data)
{
	struct job *job = data;

	read_stream(job, &job->error, &job->error_fd, &job->complaint);
}

static struct event *watch(struct job *job, int fd, short what, event_callback_fn handle)
{
	struct event *event = event_new(job->runner->base, fd, what | EV_PERSIST, handle, job);

	if (!event || event_add(event, NULL) < 0)
		abort();
	return event;
}

static enum launch_steward steward_for(const struct tool_info *tool)
{
	if (!(tool->needs & TOOL_NEEDS_STEWARD))
		return LAUNCH_NO_STEWARD;
	return tool->risk == TOOL_READS ? LAUNCH_STEWARD_READS : LAUNCH_STEWARD_CHANGES;
}

static struct launch_record make_record(const struct job *job)
{
	struct launch_record record = {
		.kind = LAUNCH_RUN,
		.profile = job->profile,
		.executable = job->tool->executable,
		.needs_broker = (job->tool->needs & (TOOL_NEEDS_BROKER | TOOL_NEEDS_STEWARD)) != 0,
		.needs_steward = steward_for(job->tool),
		.needs_processes = (job->tool->needs & TOOL_NEEDS_PROCESSES) != 0,
		.needs_bus = (job->tool->needs & TOOL_NEEDS_SYSTEMD) != 0,
		.target = job->tool->target,
		.root_set = job->root_set,
		.wants_progress = job->show != NULL,
		.id = job->id,
		.limits = job->limits,
	};

	(void)snprintf(record.tool, sizeof(record.tool), "%s", job->tool->name);
	return record;
}

static int launch(struct job *job, struct error *err)
{
	struct launch_record record = make_record(job);
	int ends[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		if (pipe2(ends[i], O_CLOEXEC) < 0)
			r = error_errno(err, "make a pipe");
	if (r == 0)
		r = launcher_send(job->runner->launcher, &record,
				  (int[]) { ends[0][0], ends[1][1], ends[2][1] }, err);
	fd_close(&ends[0][0]);
	fd_close(&ends[1][1]);
	fd_close(&ends[2][1]);
	job->input_fd = ends[0][1];
	job->output_fd = ends[1][0];
	job->error_fd = ends[2][0];
	return r;
}

/* The time that is left of the caller's deadline, if that is less than the tool's. */
static int fit_deadline(struct job *job, struct error *err)
{
	uint64_t now = clock_monotonic_ns();

	if (!job->deadline_ns)
		return 0;
	if (job->deadline_ns <= now)
		return error_set(err, -ETIMEDOUT,
				 "its deadline passed before the call could start");
	if (job->deadline_ns - now < job->limits.wall_ns)
		job->limits.wall_ns = job->deadline_ns - now;
	return 0;
}

static void run(struct job *job)
{
	struct runner *runner = job->runner;
	struct error err = { 0 };

	job->id = ++runner->next_id;
	if (fit_deadline(job, &err) < 0 || job_take_given(job, &err) < 0 || launch(job, &err) < 0) {
		release(job);
		job->state = JOB_IDLE;
		job->outcome = (struct launch_outcome) { .end = LAUNCH_REFUSED };
		job->done(job, &job->outcome, NULL, &err);
		return;
	}
	job->state = JOB_RUNNING;
	job->next = runner->running;
	runner->running = job;
	runner->n_running++;
	(void)fcntl(job->input_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(job->output_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(job->error_fd, F_SETFL, O_NONBLOCK);
	job->input = watch(job, job->input_fd, EV_WRITE, handle_input);
	job->output = watch(job, job->output_fd, EV_READ, handle_output);
	job->error = watch(job, job->error_fd, EV_READ, handle_error);
}

static void start_waiting(struct runner *runner)
{
	while (runner->waiting && runner->n_running < RUNNER_MAX_JOBS) {
		struct job *job = runner->waiting;

		unlink_job(&runner->waiting, job);
		runner->n_waiting--;
		run(job);
	}
}

static struct job *find_running(struct runner *runner, uint64_t id)
{
	struct job *job = runner->running;

	while (job && job->id != id)
		job = job->next;
	return job;
}

/* The launcher is gone: no outcome will come any more. */
static void fail_all(struct runner *runner)
{
	event_del(runner->event);
	while (runner->running) {
		struct job *job = runner->running;

		job->has_outcome = true;
		job->outcome = (struct launch_outcome) { .id = job->id, .end = LAUNCH_REFUSED };
		(void)snprintf(job->outcome.why, sizeof(job->outcome.why), "the launcher ended");
		close_stream(&job->output, &job->output_fd);
		close_stream(&job->error, &job->error_fd);
		finish_if_complete(job);
	}
	if (runner->gone)
		runner->gone(runner);
}

static void handle_outcome(int fd UNUSED, short what UNUSED, void *data)
{
	struct runner *runner = data;
	struct launch_outcome outcome;
	int r;

	while ((r = launcher_receive(runner->launcher, &outcome)) == 0) {
		struct job *job = find_running(runner, outcome.id);

		if (!job || job->has_outcome)
			continue;
		job->outcome = outcome;
		job->has_outcome = true;
		finish_if_complete(job);
	}
	if (r != -EAGAIN)
		fail_all(runner);
}

void runner_tell_contact(struct runner *runner, uint64_t asked_ns)
{
	const struct launch_record record = { .kind = LAUNCH_CONTACT, .id = asked_ns };
	struct error err = { 0 };

	if (launcher_send(runner->launcher, &record, NULL, &err) < 0)
		return; /* it died: fail_all() answers */
}

int runner_init(struct runner *runner, struct event_base *base, struct launcher *launcher,
		struct error *err)
{
	*runner = (struct runner) { .base = base, .launcher = launcher };
	runner->event = event_new(base, launcher->fd, EV_READ | EV_PERSIST, handle_outcome, runner);
	if (!runner->event || event_add(runner->event, NULL) < 0)
		return error_set(err, -ENOMEM, "cannot watch the launcher");
	return 0;
}

void runner_finish(struct runner *runner)
{
	free_event(&runner->event);
}

static void enqueue(struct runner *runner, struct job *job)
{
	struct job **at = &runner->waiting;

	while (*at)
		at = &(*at)->next;
	*at = job;
	runner->n_waiting++;
	job->state = JOB_WAITING;
}

void job_start(struct runner *runner, struct job *job)
{
	struct error err = { 0 };

	job->runner = runner;
	job->next = NULL;
	job->input_fd = job->output_fd = job->error_fd = -1;
	buf_init(&job->result, JOB_RESULT_MAX_BYTES);
	buf_init(&job->complaint, COMPLAINT_MAX_BYTES);
	progress_reader_init(&job->reader);
	job->limits = sandbox_default_limits(job->profile);
	if (job->tool->timeout_ms)
		job->limits.wall_ns = job->tool->timeout_ms * NS_PER_MS;
	if (runner->n_running < RUNNER_MAX_JOBS) {
		run(job);
	} else if (runner->n_waiting < RUNNER_MAX_WAITING) {
		enqueue(runner, job);
	} else {
		error_set(&err, -EBUSY, "%u calls are waiting already", runner->n_waiting);
		job->done(job, &job->outcome, NULL, &err);
	}
}

void job_cancel(struct job *job)
{
	struct launch_record record = { .kind = LAUNCH_CANCEL, .id = job->id };
	struct error err = { 0 };

	switch (job->state) {
	case JOB_IDLE:
		return;
	case JOB_WAITING:
		unlink_job(&job->runner->waiting, job);
		job->runner->n_waiting--;
		job->state = JOB_IDLE;
		job->outcome = (struct launch_outcome) { .end = LAUNCH_CANCELLED };
		error_set(&err, -ECANCELED, "the call was cancelled before it started");
		job->done(job, &job->outcome, NULL, &err);
		return;
	case JOB_RUNNING:
		if (launcher_send(job->runner->launcher, &record, NULL, &err) < 0)
			return; /* it died, and its jobs with it: fail_all() answers */
	}
}

void job_finish(struct job *job)
{
	buf_finish(&job->result);
	buf_finish(&job->complaint);
	progress_reader_finish(&job->reader);
}
