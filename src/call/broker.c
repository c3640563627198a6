#include "call/broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "call/frame.h"

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

static json_t *ask_remote(struct broker *broker, enum broker_question question, const json_t *args,
			  struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:i}", "question", (int)question);
	CLEANUP(text) char *text = args ? json_canonical(args) : NULL;
	CLEANUP(frame) struct frame answer = { 0 };
	int code;

	if (frame_write(broker->fd, header, text, text ? strlen(text) : 0, err) < 0 ||
	    frame_read(broker->fd, &answer, err) < 0) {
		error_wrap(err, "ask the broker");
		return NULL;
	}
	code = (int)json_get_int(answer.header, "code", 0);
	if (code < 0) {
		error_set(err, code, "%s", json_get_text(answer.header, "error", "no answer"));
		return NULL;
	}
	return json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, err);
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
		args = json_parse(frame->body, frame->n_body, FRAME_HEADER_MAX_BYTES, err);
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
