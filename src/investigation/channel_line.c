#include "investigation/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "investigation/channel_internal.h"

void news_finish(struct news *news)
{
	frame_finish(&news->frame);
}

void news_cleanup(struct news *news)
{
	news_finish(news);
}

static struct channel *channel_of(struct line *line)
{
	return container_of(line, struct channel, line);
}

static int call(struct line *line, const struct ledger *ledger, size_t item, struct error *err)
{
	return channel_send_call(channel_of(line), ledger, item, err);
}

static int write_header(const struct channel *channel, json_t *header, struct error *err)
{
	int r = frame_write(channel->fd, header, NULL, 0, err);

	json_decref(header);
	return r;
}

static int cancel(struct line *line, size_t item, struct error *err)
{
	return write_header(channel_of(line),
			    json_pack("{s:s, s:I}", "type", "cancel", "id", (json_int_t)item + 1),
			    err);
}

static int order(struct line *line, const struct model_order *order, struct error *err)
{
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:I, s:s, s:s}", "type", "model", "id", (json_int_t)order->id,
			  "model", order->model, "path", order->path);
	size_t len = strlen(order->body);

	if (len > FRAME_BODY_MAX_BYTES)
		return error_set(err, -E2BIG, "a request of %zu bytes does not fit a frame", len);
	return frame_write(channel_of(line)->fd, header, order->body, len, err);
}

static int give_up(struct line *line, int64_t id, struct error *err)
{
	return write_header(channel_of(line),
			    json_pack("{s:s, s:I}", "type", "model_cancel", "id", (json_int_t)id),
			    err);
}

static int ask(struct line *line, int64_t id, const json_t *question, struct error *err)
{
	CLEANUP(json) json_t *data = json_deep_copy(question);
	CLEANUP(json) json_t *event = NULL;
	CLEANUP(text) char *text = NULL;

	json_put(data, "id", json_integer(id));
	event = json_pack("{s:s, s:O}", "type", "question", "data", data);
	text = json_canonical(event);
	return channel_send(channel_of(line), "event", text, err);
}

static struct str body_of(const struct frame *frame)
{
	return (struct str) { frame->n_body ? frame->body : "", frame->n_body };
}

static void read_news(struct news *news, struct ledger *ledger)
{
	const json_t *header = news->frame.header;
	const char *type = json_get_text(header, "type", "");

	news->id = json_get_int(header, "id", 0);
	news->text = body_of(&news->frame);
	if (strcmp(type, "answer") == 0) {
		if (channel_take_answer(ledger, &news->frame))
			news->kind = NEWS_ANSWER;
	} else if (strcmp(type, "model_head") == 0) {
		news->kind = NEWS_HEAD;
		news->status = (int)json_get_int(header, "status", 0);
		news->retry_after_s = json_get_number(header, "retry_after_s", 0);
	} else if (strcmp(type, "model_chunk") == 0) {
		news->kind = NEWS_CHUNK;
	} else if (strcmp(type, "model_end") == 0) {
		const char *error = json_get_text(header, "error", "");

		news->kind = NEWS_END;
		news->text = (struct str) { error, strlen(error) };
	} else if (strcmp(type, "person") == 0) {
		news->kind = NEWS_PERSON;
	} else if (strcmp(type, "waits") == 0) {
		news->kind = NEWS_WAITS;
		news->waits = json_get_bool(header, "waits", false);
	} else if (strcmp(type, "withdraw") == 0) {
		news->kind = NEWS_TOOLS;
	} else if (strcmp(type, "conclude") == 0) {
		news->kind = NEWS_OVER;
	} else if (strcmp(type, "spent") == 0) {
		const char *why = json_get_text(header, "why", "");

		news->kind = NEWS_SPENT;
		news->text = (struct str) { why, strlen(why) };
	}
}

static int hear(struct line *line, struct ledger *ledger, uint64_t deadline_ns,
		struct news *news_out, struct error *err)
{
	struct channel *channel = channel_of(line);
	struct pollfd poller = { .fd = channel->fd, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t wait_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS + 1 : 0;
	int r = poll(&poller, 1, wait_ms < 600000 ? (int)wait_ms : 600000);

	*news_out = (struct news) { 0 };
	if (r < 0 && errno != EINTR)
		return error_errno(err, "wait for news");
	if (r <= 0)
		return 0;
	r = frame_read(channel->fd, &news_out->frame, err);
	if (r < 0)
		return r;
	(void)channel_take_conclude(channel, &news_out->frame);
	read_news(news_out, ledger);
	return 0;
}

static void tell(struct line *line, const char *type, json_t *data)
{
	struct channel *channel = channel_of(line);

	channel->witness.tell(&channel->witness, type, data);
}

void channel_line_init(struct channel *channel)
{
	channel->line = (struct line) {
		.call = call,
		.cancel = cancel,
		.order = order,
		.give_up = give_up,
		.ask = ask,
		.hear = hear,
		.tell = tell,
	};
}
