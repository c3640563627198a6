#include "call/broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "call/frame.h"

/* The longest are the addresses for BROKER_KERNEL_NAMES: 4096 of 26 bytes. */
#define ARGS_MAX_BYTES (128 * KIB)

struct broker {
	int fd;
};

struct broker *broker_new(int fd)
{
	struct broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		abort();
	broker->fd = fd;
	return broker;
}

void broker_free(struct broker *broker)
{
	if (broker)
		fd_close(&broker->fd);
	free(broker);
}

/* Where it refuses, what it says beside the reason is the answer too. */
static json_t *exchange(struct broker *broker, const json_t *header, const json_t *args,
			struct error *err)
{
	CLEANUP(text) char *text = args ? json_canonical(args) : NULL;
	CLEANUP(frame) struct frame answer = { 0 };
	struct error ignored = { 0 };
	int code;

	if (frame_write(broker->fd, header, text, text ? strlen(text) : 0, err) < 0 ||
	    frame_read(broker->fd, &answer, err) < 0)
		return NULL;
	code = (int)json_get_int(answer.header, "code", 0);
	if (code < 0)
		error_set(err, code, "%s", json_get_text(answer.header, "error", "no answer"));
	return json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES,
			  code < 0 ? &ignored : err);
}

static json_t *ask_remote(struct broker *broker, enum broker_question question, const json_t *args,
			  struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:i}", "question", (int)question);
	struct error why = { 0 }; /* 'err' may still tell of an earlier question */
	CLEANUP(json) json_t *answer = exchange(broker, header, args, &why);

	if (!why.code)
		return TAKE(answer);
	*err = why;
	return NULL;
}

json_t *steward_ask(struct task *task, const char *ask, const json_t *args, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s}", "ask", ask);
	json_t *answer;

	if (!task->broker || task->host->is_fixture) {
		error_set(err, -ENOTSUP, "signed programs need the warden of a host, run by root");
		return NULL;
	}
	answer = exchange(task->broker, header, args, err);
	if (!answer && (err->code == -EPIPE || err->code == -ECONNRESET))
		error_set(err, err->code,
			  "the steward of signed programs ended before it answered: the warden's "
			  "log says why");
	return answer;
}

json_t *broker_ask(struct task *task, enum broker_question question, const json_t *args,
		   struct error *err)
{
	/* A fixture answers itself; and who runs without a broker sees what he may see. */
	if (!task->broker || task->host->is_fixture)
		return broker_answer(task->host, question, args, err);
	return ask_remote(task->broker, question, args, err);
}

/* The asker is a sandboxed job: nothing in its frame is trusted. */
static json_t *answer_frame(const struct frame *frame, struct host *host, struct error *err)
{
	CLEANUP(json) json_t *args = NULL;
	int64_t question = json_get_int(frame->header, "question", -1);

	if (question < 0 || question >= BROKER_N_QUESTIONS) {
		error_set(err, -EINVAL, "no such question");
		return NULL;
	}
	if (frame->n_body) {
		args = json_parse(frame->body, frame->n_body, ARGS_MAX_BYTES, err);
		if (!args)
			return NULL;
	}
	return broker_answer(host, (enum broker_question)question, args, err);
}

static int serve_one(int fd, struct host *host, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *header = json_object();
	CLEANUP(text) char *text = NULL;
	struct error why = { 0 };
	int r = frame_read(fd, &frame, err);

	if (r < 0)
		return r;
	answer = answer_frame(&frame, host, &why);
	text = answer ? json_canonical(answer) : NULL;
	if (text && strlen(text) > FRAME_BODY_MAX_BYTES)
		error_set(&why, -E2BIG, "the answer exceeds %zu bytes", FRAME_BODY_MAX_BYTES);
	json_put(header, "code", json_integer(why.code));
	if (why.code)
		json_put(header, "error", json_text(why.text, strlen(why.text)));
	return frame_write(fd, header, text, text && !why.code ? strlen(text) : 0, err);
}

int broker_serve(int fd, struct host *host, struct error *err)
{
	int r;

	do
		r = serve_one(fd, host, err);
	while (r == 0);
	return r == -EPIPE || r == -ECONNRESET ? 0 : r; /* the job is done */
}
