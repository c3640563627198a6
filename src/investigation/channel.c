#include "investigation/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "call/frame.h"
#include "investigation/channel_internal.h"

int channel_send(struct channel *channel, const char *type, const char *text, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", type);
	size_t len = strlen(text);

	if (len > FRAME_BODY_MAX_BYTES)
		return error_set(err, -E2BIG, "a %s of %zu bytes does not fit a frame", type, len);
	return frame_write(channel->fd, header, text, len, err);
}

json_t *channel_start(struct channel *channel, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	json_t *body;

	if (frame_read(channel->fd, &frame, err) < 0)
		return NULL;
	if (strcmp(json_get_text(frame.header, "type", ""), "start") != 0) {
		error_set(err, -EBADMSG, "expected a frame of type 'start'");
		return NULL;
	}
	body = json_parse(frame.body, frame.n_body, FRAME_BODY_MAX_BYTES, err);
	if (!body)
		error_wrap(err, "the start of the investigation");
	return body;
}

int channel_send_call(const struct channel *channel, const struct ledger *ledger, size_t item,
		      struct error *err)
{
	const struct evidence *evidence = &ledger->items[item];
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:I, s:s, s:s, s:s*}", "type", "call", "id",
				   (json_int_t)item + 1, "tool", evidence->tool, "evidence",
				   evidence->id, "why", evidence->wanted);
	CLEANUP(text) char *args = json_canonical(evidence->args);

	return frame_write(channel->fd, header, args, strlen(args), err);
}

static int send_calls(struct witness *witness, struct ledger *ledger, size_t first,
		      struct error *err)
{
	const struct channel *channel = container_of(witness, struct channel, witness);

	for (size_t i = first; i < ledger->n; i++) {
		int r = channel_send_call(channel, ledger, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static void take_answer(struct ledger *ledger, struct evidence *evidence, const struct frame *frame)
{
	int code = (int)json_get_int(frame->header, "code", 0);

	(void)clock_format(clock_wall_ns(), evidence->time);
	evidence->elapsed_ms = json_get_number(frame->header, "elapsed_ms", 0);
	if (code) {
		ledger_fail(evidence, code,
			    json_get_text(frame->header, "error", "the call failed"));
		text_format(evidence->outcome, sizeof(evidence->outcome), "%s",
			    json_get_text(frame->header, "outcome", ""));
	} else {
		ledger_answer(ledger, evidence, (struct str) { frame->body, frame->n_body },
			      json_get_text(frame->header, "sha256", NULL));
	}
}

static bool is_open(const struct evidence *evidence)
{
	return !evidence->result && !evidence->why.code;
}

bool channel_take_answer(struct ledger *ledger, const struct frame *frame)
{
	int64_t id = json_get_int(frame->header, "id", 0);

	if (strcmp(json_get_text(frame->header, "type", ""), "answer") != 0 || id <= 0 ||
	    id > (int64_t)ledger->n || !is_open(&ledger->items[id - 1]))
		return false;
	take_answer(ledger, &ledger->items[id - 1], frame);
	return true;
}

bool channel_take_conclude(struct channel *channel, const struct frame *frame)
{
	bool is_over = strcmp(json_get_text(frame->header, "type", ""), "conclude") == 0;

	channel->witness.is_over |= is_over;
	return is_over;
}

/* One frame; answers to calls that are not open any more are ignored. */
static int hear(struct channel *channel, struct ledger *ledger, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	int r = frame_read(channel->fd, &frame, err);

	if (r == 0 && !channel_take_conclude(channel, &frame))
		(void)channel_take_answer(ledger, &frame);
	return r;
}

static bool any_open(const struct ledger *ledger, size_t first)
{
	for (size_t i = first; i < ledger->n; i++)
		if (is_open(&ledger->items[i]))
			return true;
	return false;
}

static int give_up(const struct channel *channel, struct ledger *ledger, size_t first,
		   struct error *err)
{
	for (size_t i = first; i < ledger->n; i++) {
		CLEANUP(json)
		json_t *header = json_pack("{s:s, s:I}", "type", "cancel", "id", (json_int_t)i + 1);
		int r;

		if (!is_open(&ledger->items[i]))
			continue;
		ledger_fail(&ledger->items[i], -ETIMEDOUT, "no answer in time");
		r = frame_write(channel->fd, header, NULL, 0, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A change waits for a person first. */
static uint64_t timeout_ns(const struct ledger *ledger, size_t first)
{
	for (size_t i = first; i < ledger->n; i++)
		if (ledger->items[i].wanted)
			return CHANNEL_APPROVAL_TIMEOUT_MS * NS_PER_MS;
	return CHANNEL_CALL_TIMEOUT_MS * NS_PER_MS;
}

static int collect(struct witness *witness, struct ledger *ledger, size_t first, struct error *err)
{
	struct channel *channel = container_of(witness, struct channel, witness);
	uint64_t deadline_ns = clock_monotonic_ns() + timeout_ns(ledger, first);

	while (any_open(ledger, first)) {
		struct pollfd pollfd = { .fd = channel->fd, .events = POLLIN };
		uint64_t now_ns = clock_monotonic_ns();
		int r;

		if (now_ns >= deadline_ns || witness->is_over)
			return give_up(channel, ledger, first, err);
		r = poll(&pollfd, 1, (int)((deadline_ns - now_ns) / NS_PER_MS) + 1);
		if (r < 0 && errno != EINTR)
			return error_errno(err, "wait for answers");
		if (r > 0) {
			r = hear(channel, ledger, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Nobody listening is no reason to stop: the report is what counts. */
static void tell(struct witness *witness, const char *type, json_t *data)
{
	struct channel *channel = container_of(witness, struct channel, witness);
	CLEANUP(json) json_t *event = json_pack("{s:s, s:o}", "type", type, "data", data);
	CLEANUP(text) char *text = json_canonical(event);
	struct error err = { 0 };

	if (channel_send(channel, "event", text, &err) < 0)
		log_debug("an event was not told: %s", err.text);
}

void channel_init(struct channel *channel, int fd)
{
	*channel = (struct channel) {
		.witness = { .send = send_calls, .collect = collect, .tell = tell },
		.fd = fd,
	};
	channel_line_init(channel);
}
