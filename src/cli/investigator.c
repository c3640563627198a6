#include "cli/investigator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"

#define INVESTIGATOR_FD 3
#define REPORT_MAX_BYTES FRAME_BODY_MAX_BYTES

struct session {
	struct investigation *investigation;
	struct gate_remote *gate;
	int fd; /* of the investigator */
	uint64_t deadline_ns;
};

void investigation_finish(struct investigation *investigation)
{
	json_decref(investigation->report);
	json_decref(investigation->bundle);
	investigation->report = investigation->bundle = NULL;
}

void investigation_cleanup(struct investigation *investigation)
{
	investigation_finish(investigation);
}

static void exec_investigator(const struct cli *cli, int fd, const char *replay)
{
	char path[4096];
	const char *args[] = {
		"constable-investigator",   "--knowledge", cli->knowledge,
		replay ? "--replay" : NULL, replay,        NULL,
	};

	(void)snprintf(path, sizeof(path), "%s/constable-investigator", cli->executables);
	if (fd == INVESTIGATOR_FD)
		(void)fcntl(fd, F_SETFD, 0);
	else if (fd >= 0 && dup2(fd, INVESTIGATOR_FD) < 0)
		_exit(127);
	(void)execv(path, (char *const *)(const void *)args);
	(void)fprintf(stderr, "constable: cannot run '%s': %s\n", path, strerrordesc_np(errno));
	_exit(127);
}

static pid_t start_investigator(const struct cli *cli, int *fd_out, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	pid = fork();
	if (pid == 0)
		exec_investigator(cli, ends[1], NULL);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return error_errno(err, "start the investigator");
	}
	*fd_out = ends[0];
	return pid;
}

/* Only its tool, id and arguments pass: what it says otherwise is not heard. */
static int forward_call(struct session *session, const struct frame *frame, struct error *err)
{
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s, s:I}", "type", "call", "tool",
				   json_get_text(frame->header, "tool", ""), "id",
				   (json_int_t)json_get_int(frame->header, "id", 0));

	return frame_write(session->gate->fd, header, frame->body, frame->n_body, err);
}

static int forward_answer(struct session *session, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	int r = gate_remote_receive(session->gate, &frame, err);

	return r < 0 ? r : frame_write(session->fd, frame.header, frame.body, frame.n_body, err);
}

static int take_document(const struct frame *frame, json_t **document, struct error *err)
{
	json_decref(*document);
	*document = json_parse(frame->body, frame->n_body, REPORT_MAX_BYTES, err);
	return *document ? 0 : err->code;
}

static int hear_event(struct investigation *investigation, const struct frame *frame,
		      struct error *err)
{
	CLEANUP(json) json_t *event = json_parse(frame->body, frame->n_body, REPORT_MAX_BYTES, err);

	if (!event)
		return err->code;
	if (investigation->event)
		investigation->event(investigation->data, event);
	return 0;
}

/* 1 once the investigator has said everything, 0 to go on. */
static int hear(struct session *session, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	const char *type;
	int r = frame_read(session->fd, &frame, err);

	if (r == -EPIPE)
		return session->investigation->report
			       ? 1
			       : error_set(err, -EIO, "the investigator ended without a report");
	if (r < 0)
		return error_wrap(err, "the investigator");
	type = json_get_text(frame.header, "type", "");
	if (strcmp(type, "call") == 0)
		return forward_call(session, &frame, err);
	if (strcmp(type, "event") == 0)
		return hear_event(session->investigation, &frame, err);
	if (strcmp(type, "report") == 0)
		return take_document(&frame, &session->investigation->report, err);
	if (strcmp(type, "case") == 0)
		return take_document(&frame, &session->investigation->bundle, err);
	return error_set(err, -EBADMSG, "the investigator sent a frame of type '%s'", type);
}

static int wait_for_news(const struct session *session, struct pollfd pollers[2], struct error *err)
{
	uint64_t now = clock_monotonic_ns();
	int r;

	if (now >= session->deadline_ns)
		return error_set(err, -ETIMEDOUT,
				 "the investigation took too long; --timeout S "
				 "gives it more time");
	r = poll(pollers, 2, (int)((session->deadline_ns - now) / NS_PER_MS) + 1);
	if (r < 0 && errno != EINTR)
		return error_errno(err, "wait for the investigator");
	return 0;
}

static int converse(struct session *session, struct error *err)
{
	for (;;) {
		struct pollfd pollers[2] = {
			{ .fd = session->fd, .events = POLLIN },
			{ .fd = session->gate->fd, .events = POLLIN },
		};
		int r = wait_for_news(session, pollers, err);

		if (r == 0 && pollers[1].revents)
			r = forward_answer(session, err);
		if (r == 0 && pollers[0].revents)
			r = hear(session, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int send_start(struct session *session, struct error *err)
{
	CLEANUP(json) json_t *ask = json_pack("{s:s}", "type", "tools");
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "start");
	CLEANUP(json) json_t *tools = NULL;
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(frame) struct frame answer = { 0 };
	char hostname[256] = "";
	int r = gate_remote_call(session->gate, ask, NULL, 0, &answer, err);

	if (r < 0)
		return r;
	tools = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
	if (!tools)
		return err->code;
	(void)gethostname(hostname, sizeof(hostname) - 1);
	body = json_pack("{s:o, s:o, s:{s:I}, s:O}", "question",
			 json_text(session->investigation->question,
				   strlen(session->investigation->question)),
			 "host", json_text(hostname, strlen(hostname)), "window", "since_s",
			 (json_int_t)session->investigation->since_s, "tools", tools);
	text = json_canonical(body);
	return frame_write(session->fd, header, text, strlen(text), err);
}

int investigate(const struct cli *cli, struct investigation *investigation, struct error *err)
{
	CLEANUP(gate_remote) struct gate_remote gate = { .fd = -1 };
	CLEANUP(fd) int fd = -1;
	struct session session = { .investigation = investigation, .gate = &gate };
	pid_t pid;
	int r = cli_open_gate(cli, &gate, err);

	if (r < 0)
		return r;
	pid = start_investigator(cli, &fd, err);
	if (pid < 0)
		return err->code;
	session.fd = fd;
	session.deadline_ns = clock_monotonic_ns() + investigation->timeout_ms * NS_PER_MS;
	r = send_start(&session, err);
	if (r == 0)
		r = converse(&session, err);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return r;
}

int investigate_replay(const struct cli *cli, const char *bundle_path, json_t **report_out,
		       struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int ends[2], status = 0, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		exec_investigator(cli, -1, bundle_path);
	}
	fd_close(&ends[1]);
	buf_init(&text, REPORT_MAX_BYTES);
	r = pid < 0 ? -EAGAIN : buf_read_fd(&text, ends[0]);
	fd_close(&ends[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	if (r < 0)
		return error_set(err, r, "replay '%s': %s", bundle_path, strerrordesc_np(-r));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, -EBADMSG, "'%s' could not be replayed", bundle_path);
	*report_out = json_parse(buf_text(&text), text.len, REPORT_MAX_BYTES, err);
	return *report_out ? 0 : err->code;
}
