#include "cli/ask/investigator.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/ask/child.h"
#include "cli/ask/record.h"
#include "cli/ask/session_internal.h"

#define REPORT_MAX_BYTES FRAME_BODY_MAX_BYTES
#define TICK_MS 100
#define CANCEL_NS (3 * NS_PER_SEC)
#define EVENTS_MAX 128

void investigation_finish(struct investigation *investigation)
{
	json_decref(investigation->report);
	json_decref(investigation->bundle);
	json_decref(investigation->events);
	investigation->report = investigation->bundle = investigation->events = NULL;
}

void investigation_cleanup(struct investigation *investigation)
{
	investigation_finish(investigation);
}

/* Only its tool, id and arguments pass: what it says otherwise is not heard. */
static int forward_call(struct session *session, const struct frame *frame, struct error *err)
{
	struct watcher *watcher = session->investigation->watcher;
	json_int_t id = json_get_int(frame->header, "id", 0);
	const char *tool = json_get_text(frame->header, "tool", "");
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s, s:I}", "type", "call", "tool", tool, "id", id);

	if (session->n_open == SESSION_MAX_OPEN)
		return error_set(err, -EBADMSG, "the investigator has %d open calls",
				 SESSION_MAX_OPEN);
	session->open[session->n_open++] = id;
	wanted_note(&session->wanted, frame);
	if (watcher)
		watcher->call_started(watcher, id, tool, frame->n_body ? frame->body : "{}");
	return frame_write(session->gate->fd, header, frame->body, frame->n_body, err);
}

static int answer_call(struct session *session, const struct frame *frame, struct error *err)
{
	const json_t *record = session->investigation->record;

	return record ? record_answer(record, frame, session->fd, err)
		      : forward_call(session, frame, err);
}

static int forward_cancel(struct session *session, json_int_t id, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:I}", "type", "cancel", "id", id);

	person_forget(&session->person, PERSON_CHANGE, id);
	if (!session->gate)
		return 0; /* a record answers at once */
	return frame_write(session->gate->fd, header, NULL, 0, err);
}

/* 1: it is not for the investigator. */
static int take_answer(struct session *session, struct frame *frame, struct error *err)
{
	struct watcher *watcher = session->investigation->watcher;
	int r = gate_remote_receive(session->gate, frame, err);
	json_int_t id;

	if (r == 0 && watcher && session->wanted.host)
		watcher->pause(watcher); /* it may have to be said what is waited for */
	if (r == 0)
		r = wanted_hear(&session->wanted, frame, err);
	if (r != 0)
		return r;
	id = json_get_int(frame->header, "id", 0);
	session_close_call(session, id);
	if (watcher)
		watcher->call_ended(watcher, id, (int)json_get_int(frame->header, "code", 0),
				    json_get_number(frame->header, "elapsed_ms", 0));
	return 0;
}

static int forward_answer(struct session *session, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	int r = take_answer(session, &frame, err);

	if (r != 0)
		return r < 0 ? r : 0;
	return frame_write(session->fd, frame.header, frame.body, frame.n_body, err);
}

static int take_document(const struct frame *frame, json_t **document, struct error *err)
{
	json_decref(*document);
	*document = json_parse(frame->body, frame->n_body, REPORT_MAX_BYTES, err);
	return *document ? 0 : err->code;
}

/* What was thought when: of the case, so that its trace can say it (investigation/otlp.h). */
static void keep_event(struct investigation *investigation, json_t *event)
{
	char time[CLOCK_TEXT_BYTES];

	if (!investigation->events)
		investigation->events = json_array();
	if (json_array_size(investigation->events) == EVENTS_MAX)
		return;
	json_put(event, "timestamp", json_string(clock_format(clock_wall_ns(), time)));
	json_push(investigation->events, json_incref(event));
}

static int hear_event(struct session *session, const struct frame *frame, struct error *err)
{
	struct investigation *investigation = session->investigation;
	CLEANUP(json) json_t *event = json_parse(frame->body, frame->n_body, REPORT_MAX_BYTES, err);
	const json_t *data = json_object_get(event, "data");

	if (!event)
		return err->code;
	if (strcmp(json_get_text(event, "type", ""), "question") == 0)
		return session_hear_question(session, data, err);
	if (strcmp(json_get_text(event, "type", ""), "question_timeout") == 0)
		person_forget(&session->person, PERSON_QUESTION, json_get_int(data, "id", 0));
	if (strcmp(json_get_text(event, "type", ""), "thought") != 0)
		return 0;
	keep_event(investigation, event);
	if (investigation->watcher)
		investigation->watcher->thought(investigation->watcher,
						json_is_string(data)
							? json_string_value(data)
							: json_get_text(data, "text", ""));
	return 0;
}

/* 1 once the investigator has said everything, 0 to go on. */
static int hear(struct session *session, struct error *err)
{
	struct investigation *investigation = session->investigation;
	CLEANUP(frame) struct frame frame = { 0 };
	const char *type;
	int r = frame_read(session->fd, &frame, err);

	if (r == -EPIPE)
		return investigation->report
			       ? 1
			       : error_set(err, -EIO, "the investigator ended without a report");
	if (r < 0)
		return error_wrap(err, "the investigator");
	if (engine_hear(session->engine, session->fd, &frame))
		return 0;
	type = json_get_text(frame.header, "type", "");
	if (strcmp(type, "call") == 0)
		return answer_call(session, &frame, err);
	if (strcmp(type, "cancel") == 0)
		return forward_cancel(session, json_get_int(frame.header, "id", 0), err);
	if (strcmp(type, "event") == 0)
		return hear_event(session, &frame, err);
	if (strcmp(type, "report") == 0)
		return take_document(&frame, &investigation->report, err);
	if (strcmp(type, "case") == 0)
		return take_document(&frame, &investigation->bundle, err);
	if (strcmp(type, "conversation") == 0)
		return 0;
	return error_set(err, -EBADMSG, "the investigator sent a frame of type '%s'", type);
}

static int wait_for_news(struct session *session, struct pollfd pollers[4], struct error *err)
{
	const struct watcher *watcher = session->investigation->watcher;
	uint64_t now = clock_monotonic_ns();
	uint64_t left_ms;
	int r;

	if (now >= session->deadline_ns)
		return error_set(err, -ETIMEDOUT,
				 "the investigation took too long; --timeout gives it more time");
	left_ms = (session->deadline_ns - now) / NS_PER_MS + 1;
	r = engine_poll(session->engine, pollers, 4,
			watcher && left_ms > TICK_MS ? TICK_MS : (int)left_ms);
	if (r < 0 && errno != EINTR)
		return error_errno(err, "wait for the investigator");
	session_show(session);
	return 0;
}

static int converse(struct session *session, struct error *err)
{
	struct interrupt *interrupt = session->investigation->interrupt;

	for (;;) {
		struct pollfd pollers[4] = {
			{ .fd = session->fd, .events = POLLIN },
			{ .fd = session->gate ? session->gate->fd : -1, .events = POLLIN },
			{ .fd = interrupt ? interrupt->fd : -1, .events = POLLIN },
			{ .fd = session->person.is_asked ? session->person.fd : -1,
			  .events = POLLIN },
		};
		int r = wait_for_news(session, pollers, err);

		if (r == 0 && pollers[2].revents && interrupt_came(interrupt))
			r = error_set(err, -ECANCELED, "interrupted: every call was cancelled");
		if (r == 0 && pollers[3].revents)
			r = session_hear_person(session, err);
		if (r == 0 && pollers[1].revents)
			r = forward_answer(session, err);
		if (r == 0 && pollers[0].revents)
			r = hear(session, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

/* After a failure: no call of ours runs on. */
static void cancel_open(struct session *session)
{
	uint64_t deadline_ns = clock_monotonic_ns() + CANCEL_NS;
	struct error err = { 0 };

	for (size_t i = session->n_open; i-- > 0;)
		if (wanted_waits(&session->wanted, session->open[i]))
			session_close_call(session, session->open[i]);
	for (size_t i = 0; i < session->n_open; i++)
		if (forward_cancel(session, session->open[i], &err) < 0)
			return;
	while (session->gate && session->n_open && clock_monotonic_ns() < deadline_ns) {
		struct pollfd poller = { .fd = session->gate->fd, .events = POLLIN };
		CLEANUP(frame) struct frame frame = { 0 };

		if (poll(&poller, 1, TICK_MS) > 0 && take_answer(session, &frame, &err) < 0)
			return;
	}
}

static json_t *ask_for_tools(struct session *session, struct error *err)
{
	CLEANUP(json) json_t *ask = json_pack("{s:s}", "type", "tools");
	CLEANUP(frame) struct frame answer = { 0 };

	if (!session->gate)
		return record_tools(session->investigation->record,
				    session->investigation->catalogue);
	if (gate_remote_call(session->gate, ask, NULL, 0, &answer, err) < 0)
		return NULL;
	return json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
}

static json_t *host_name(const struct investigation *investigation)
{
	char hostname[256] = "";

	if (investigation->record)
		return json_string(json_get_text(investigation->record, "host", "?"));
	(void)gethostname(hostname, sizeof(hostname) - 1);
	return json_text(hostname, strlen(hostname));
}

static int send_start(struct session *session, struct error *err)
{
	const struct investigation *investigation = session->investigation;
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "start");
	CLEANUP(json) json_t *tools = ask_for_tools(session, err);
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(text) char *text = NULL;

	if (!tools)
		return err->code;
	body = json_pack("{s:o, s:o, s:{s:I, s:I}, s:{s:b}, s:O}", "question",
			 json_text(investigation->question, strlen(investigation->question)),
			 "host", host_name(investigation), "window", "since_s",
			 (json_int_t)investigation->since_s, "waited_s",
			 (json_int_t)investigation->waited_s, "options", "thorough",
			 investigation->extent == EXTENT_EVERYTHING, "tools", tools);
	if (investigation->remedy)
		json_put(body, "remedy", json_incref((json_t *)(uintptr_t)investigation->remedy));
	if (session->engine)
		engine_tell(session->engine, investigation->timeout_ns, body);
	if (session->engine && session->approves)
		json_put(body, "approvals", json_true());
	text = json_canonical(body);
	return frame_write(session->fd, header, text, strlen(text), err);
}

int investigate(const struct cli *cli, struct investigation *investigation, struct error *err)
{
	CLEANUP(gate_remote) struct gate_remote gate = { .fd = -1 };
	CLEANUP(engine) struct engine *engine = NULL;
	CLEANUP(fd) int fd = -1;
	struct session session = {
		.investigation = investigation,
		.gate = investigation->record ? NULL : &gate,
	};
	pid_t pid;
	int r = session.gate ? cli_open_gate(cli, &gate, err) : 0;

	if (r == 0 && investigation->engine)
		r = engine_open(cli, investigation->engine, &engine, err);
	if (r < 0)
		return r;
	session.engine = engine;
	person_init(&session.person);
	if (!session.gate)
		session.person.fd = -1; /* what is on record asks nobody */
	session.approves = session.gate && session.person.fd >= 0 && (cli->host || geteuid() == 0);
	session.wanted = (struct wanted) {
		.cli = cli,
		.host = session.gate ? cli->host : NULL,
		.gate = session.gate,
		.person = &session.person,
		.consent = json_object_get(investigation->remedy, "call"),
	};
	pid = child_start(cli, &fd, err);
	if (pid < 0)
		return err->code;
	session.fd = fd;
	session.deadline_ns = clock_monotonic_ns() + investigation->timeout_ns;
	r = send_start(&session, err);
	if (r == 0)
		r = converse(&session, err);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		cancel_open(&session);
	}
	(void)waitpid(pid, NULL, 0);
	person_finish(&session.person);
	wanted_finish(&session.wanted);
	if (investigation->bundle && investigation->events)
		json_put(investigation->bundle, "events", json_incref(investigation->events));
	return r;
}
