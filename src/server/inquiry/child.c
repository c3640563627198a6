/*
 * The investigator of a leg, seen from here. Whatever it says is checked: it has read what
 * hosts say, and may have been taken over by it.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "call/frame.h"
#include "server/inquiry/foreign.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/inquiry/remedy.h"

#define PREFIX_BYTES 8
#define FRAME_MAX_BYTES (PREFIX_BYTES + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES)
#define RESTORED_MAX 40
#define RESTORED_MAX_BYTES (768 * KIB)
#define THOUGHT_MAX_BYTES 4096

void leg_send(struct leg *leg, const json_t *header, struct str body)
{
	CLEANUP(buf) struct buf out = { 0 };

	if (!leg->channel)
		return;
	buf_init(&out, FRAME_MAX_BYTES);
	frame_encode(header, body.data, body.len, &out);
	if (bufferevent_write(leg->channel, out.data, out.len) < 0)
		abort();
}

void leg_end_child(struct leg *leg)
{
	struct inquiries *inquiries = leg->run->inquiries;

	leg_end_model(leg);
	leg_forget_questions(leg);
	if (leg->channel)
		bufferevent_free(leg->channel);
	leg->channel = NULL;
	if (leg->child) {
		starter_end(&inquiries->starter, leg->child);
		inquiries->counters.investigators--;
	}
	leg->child = 0;
}

static int take_call(struct leg *leg, const struct frame *frame, struct error *err)
{
	const char *evidence = json_get_text(frame->header, "evidence", "");
	struct ask_words words = {
		.id = json_get_int(frame->header, "id", 0),
		.tool = json_get_text(frame->header, "tool", ""),
		.why = json_get_text(frame->header, "why", NULL),
		.args = { frame->body, frame->n_body },
	};

	if (*evidence++ != 'e' || !scan_u64(&evidence, &words.number) || *evidence ||
	    words.number <= leg->base || words.number > leg->base + LEDGER_MAX_ITEMS)
		return error_set(err, -EBADMSG, "a call without a number of its own");
	ask_start(leg, &words);
	return 0;
}

static int take_cancel(struct leg *leg, const struct frame *frame, struct error *err UNUSED)
{
	ask_cancel(leg, json_get_int(frame->header, "id", 0));
	return 0;
}

/* Its thoughts; of calls and results we know more than it does. */
static int take_event(struct leg *leg, const struct frame *frame, struct error *err)
{
	CLEANUP(json)
	json_t *event = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, err);
	const char *type = json_get_text(event, "type", "");
	const char *text = json_get_text(json_object_get(event, "data"), "text", "");
	json_t *data;

	if (!event)
		return err->code;
	if (leg->models && strcmp(type, "question") == 0)
		leg_take_question(leg, json_object_get(event, "data"));
	else if (leg->models && strcmp(type, "question_timeout") == 0)
		leg_take_question_timeout(leg, json_object_get(event, "data"));
	else if (leg->models && strcmp(type, "model") == 0)
		leg_take_use(leg, json_object_get(event, "data"));
	if (strcmp(type, "thought") != 0 || leg->replay == LEG_REPLAYS)
		return 0;
	data = json_pack("{s:o}", "text", json_text(text, strnlen(text, THOUGHT_MAX_BYTES)));
	if (leg->run->n_legs > 1)
		json_put(data, "host", json_text(leg->host, strlen(leg->host)));
	run_tell(leg->run, "thought", data);
	return 0;
}

static int take_document(const struct frame *frame, json_t **document, struct error *err)
{
	json_decref(*document);
	*document = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, err);
	if (*document && !json_is_object(*document))
		return error_set(err, -EBADMSG, "a document that is no object");
	return *document ? 0 : err->code;
}

static int take_case(struct leg *leg, const struct frame *frame, struct error *err)
{
	return take_document(frame, &leg->bundle, err);
}

static int take_report(struct leg *leg, const struct frame *frame, struct error *err)
{
	int r = take_document(frame, &leg->report, err);

	step_reached("inquiry-reported");
	if (r == 0)
		run_leg_done(leg);
	return r;
}

/* What a model was told and said goes on record as evidence and report only. */
static int take_conversation(struct leg *leg UNUSED, const struct frame *frame UNUSED,
			     struct error *err UNUSED)
{
	return 0;
}

static int take_failure(struct leg *leg UNUSED, const struct frame *frame, struct error *err)
{
	return error_set(err, -EIO, "%.*s", (int)frame->n_body, frame->body);
}

/* What may come over a channel. */
static const struct word {
	const char *type;
	int (*take)(struct leg *leg, const struct frame *frame, struct error *err);
} words[] = {
	{ "call", take_call },
	{ "cancel", take_cancel },
	{ "event", take_event },
	{ "case", take_case },
	{ "report", take_report },
	{ "failure", take_failure },
	{ "model", leg_take_model },
	{ "model_cancel", leg_take_model },
	{ "conversation", take_conversation },
};

static int take(struct leg *leg, const struct frame *frame, struct error *err)
{
	const char *type = json_get_text(frame->header, "type", "");

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].type, type) == 0)
			return words[i].take(leg, frame, err);
	return error_set(err, -EBADMSG, "a frame of type '%.32s'", type);
}

static uint32_t size_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The bytes of the first frame once it is there whole, or so many that are too many. */
static size_t next_frame(struct evbuffer *input)
{
	unsigned char prefix[PREFIX_BYTES];
	size_t len = evbuffer_get_length(input), size;

	if (evbuffer_copyout(input, prefix, sizeof(prefix)) < (ev_ssize_t)sizeof(prefix))
		return 0;
	size = PREFIX_BYTES + (size_t)size_at(prefix) + size_at(prefix + 4);
	if (size > FRAME_MAX_BYTES)
		return PREFIX_BYTES; /* which frame_decode() finds wanting */
	return len < size ? 0 : size;
}

static int take_next(struct leg *leg, size_t size, struct error *err)
{
	struct evbuffer *input = bufferevent_get_input(leg->channel);
	const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
	CLEANUP(frame) struct frame frame = { 0 };
	ssize_t n = frame_decode(bytes, size, &frame, err);

	if (n <= 0)
		return n < 0 ? (int)n : error_set(err, -EBADMSG, "half a frame");
	(void)evbuffer_drain(input, (size_t)n);
	return take(leg, &frame, err);
}

static void handle_read(struct bufferevent *channel UNUSED, void *data)
{
	struct leg *leg = data;
	struct error err = { 0 };
	size_t size;

	while (leg->channel && (size = next_frame(bufferevent_get_input(leg->channel)))) {
		if (take_next(leg, size, &err) == 0)
			continue;
		(void)error_wrap(&err, "the investigator");
		leg_fail(leg, err.code, err.text);
		return;
	}
}

static void handle_end(struct bufferevent *channel UNUSED, short what, void *data)
{
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		leg_fail(data, -EIO, "the investigator ended without a report");
}

/* What this host told before: of the thread, of the context, and the record if it cannot repeat. */
static json_t *known_to(const struct leg *leg)
{
	const json_t *const lists[] = {
		leg->run->earlier,
		leg->context,
		leg->replay == LEG_RESTORES ? leg->run->recorded : NULL,
	};
	json_t *known = json_array();
	size_t n_bytes = 0;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		const json_t *item;
		size_t i;

		json_array_foreach(lists[k], i, item)
		{
			size_t len = json_string_length(json_object_get(item, "bytes"));

			if (strcmp(json_get_text(item, "agent", ""), leg->agent) != 0 || !len ||
			    n_bytes + len > RESTORED_MAX_BYTES ||
			    json_array_size(known) == RESTORED_MAX)
				continue;
			n_bytes += len;
			json_push(known, json_copy((json_t *)(uintptr_t)item));
		}
	}
	json_t *item;
	size_t i;
	json_array_foreach(known, i, item) json_put(item, "earlier", json_true());
	return known;
}

/* The window ends now, and begins a quarter of an hour before the alert if there is one. */
static int64_t since_s(const struct run *run)
{
	int64_t since = json_get_int(run->request, "since_s", 0);
	uint64_t fired_ns = (uint64_t)json_get_int(run->request, "fired_at_ns", 0);

	if (since == 0 && fired_ns && fired_ns < run->started_ns)
		since = (int64_t)((run->started_ns - fired_ns) / NS_PER_SEC) + 900;
	return since ? since : 900;
}

/* How much older what proved the cause is by now, people having been asked before a restart. */
static int64_t waited_s(const struct run *run)
{
	uint64_t now_ns = clock_wall_ns();

	if (!run_is_remedy(run) || !run->started_ns || now_ns < run->started_ns)
		return 0;
	return (int64_t)((now_ns - run->started_ns) / NS_PER_SEC);
}

/* Where its own numbers begin: after what the thread has, the context and a restored record. */
static uint64_t last_known(const struct leg *leg)
{
	return leg->replay == LEG_RESTORES ? leg->last : leg->base + json_array_size(leg->context);
}

static void send_start(struct leg *leg)
{
	const struct run *run = leg->run;
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "start");
	CLEANUP(json) json_t *tools = foreign_offers(run, leg->tools);
	CLEANUP(json)
	json_t *body =
		json_pack("{s:s, s:o, s:{s:I, s:I}, s:O, s:o, s:I, s:O}", "question", run->question,
			  "host", json_text(leg->host, strlen(leg->host)), "window", "since_s",
			  (json_int_t)since_s(run), "waited_s", (json_int_t)waited_s(run), "tools",
			  tools, "evidence", known_to(leg), "last_earlier",
			  (json_int_t)last_known(leg), "turns", run->turns);
	CLEANUP(text) char *text = NULL;

	if (run_is_remedy(run))
		json_put(body, "remedy", json_incref(json_object_get(run->request, "remedy")));
	leg_begin_model(leg, body);
	text = json_canonical(body);
	leg_send(leg, header, (struct str) { text, strlen(text) });
	leg_tell_spent(leg);
}

void leg_begin_child(struct leg *leg)
{
	struct inquiries *inquiries = leg->run->inquiries;
	uint64_t id;
	struct error err = { 0 };
	int fd;

	if (leg->child || !leg->is_ready || asks_any_dropped(leg))
		return;
	id = ++inquiries->next_number;
	if (starter_begin(&inquiries->starter, id, &fd, &err) < 0) {
		leg_fail(leg, err.code, err.text);
		return;
	}
	leg->child = id;
	inquiries->counters.investigators++;
	(void)evutil_make_socket_nonblocking(fd);
	leg->channel = bufferevent_socket_new(inquiries->config.base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!leg->channel)
		abort();
	bufferevent_setcb(leg->channel, handle_read, NULL, handle_end, leg);
	bufferevent_setwatermark(leg->channel, EV_READ, 0, FRAME_MAX_BYTES);
	if (bufferevent_enable(leg->channel, EV_READ | EV_WRITE) < 0)
		abort();
	send_start(leg);
}
