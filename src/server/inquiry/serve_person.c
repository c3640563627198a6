/* POST /interrupt and /answer, each also below /api/v1. */
#include <errno.h>

#include "server/inquiry/person.h"
#include "server/inquiry/routes.h"
#include "server/inquiry/stream.h"

static void refuse_word(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT || err->code == -ENODATA)
		exchange_refuse(exchange, err->code == -ENOENT ? 404 : 400, NULL, "%s", err->text);
	else
		exchange_fail(exchange, err);
}

static void handle_interrupted(const struct inquiry_place *place, const struct error *err,
			       void *data)
{
	struct exchange *exchange = data;
	const char *thread = exchange_member(exchange, "thread_id", "");

	if (place)
		stream_start(exchange,
			     &(struct stream_wish) { place->investigation, thread, place->seq,
						     stream_ids_of(exchange) });
	else
		refuse_word(exchange, err);
}

static void interrupt(struct exchange *exchange)
{
	inquiry_interrupt(exchange->api->inquiries,
			  &(struct inquiry_word) {
				  .org = exchange->caller.org->id,
				  .thread = exchange_member(exchange, "thread_id", ""),
				  .done = handle_interrupted,
				  .data = exchange,
			  });
}

static void post_interrupt(struct exchange *exchange)
{
	const struct store_step audit =
		exchange_audit(exchange, "investigation.interrupt",
			       exchange_member(exchange, "thread_id", ""), NULL);

	exchange_record(exchange, &audit, interrupt);
}

static void handle_answered(const struct inquiry_place *place, const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (place)
		exchange_answer(exchange, json_pack("{s:s, s:s}", "status", "ok", "thread_id",
						    exchange_member(exchange, "thread_id", "")));
	else
		refuse_word(exchange, err);
}

static void post_answer(struct exchange *exchange)
{
	inquiry_answer(exchange->api->inquiries,
		       &(struct inquiry_word) {
			       .org = exchange->caller.org->id,
			       .thread = exchange_member(exchange, "thread_id", ""),
			       .answers = json_object_get(exchange->body, "answers"),
			       .by = exchange->caller.name,
			       .done = handle_answered,
			       .data = exchange,
		       });
}

#define OF_THREAD SCHEMA_GIVES("\"thread_id\"", "\"thread_id\":" SCHEMA_ID)
#define ANSWER                                    \
	SCHEMA_GIVES("\"thread_id\",\"answers\"", \
		     "\"thread_id\":" SCHEMA_ID ",\"answers\":{\"type\":\"object\"}")

#define POST_INTERRUPT(path, name)                                                                 \
	{                                                                                          \
		.method = "POST", .operation = (name), .pattern = path "/interrupt",               \
		.summary =                                                                         \
			"Ends what runs in a thread (SSE: a thought and the interrupted result).", \
		.least = ROLE_RESPONDER, .flags = ROUTE_STREAM, .request = OF_THREAD,              \
		.type = "text/event-stream", .example = "{\"thread_id\":\"thread-none\"}",         \
		.handle = post_interrupt                                                           \
	}
#define POST_ANSWER(path, name)                                                                    \
	{                                                                                          \
		.method = "POST", .operation = (name), .pattern = path "/answer",                  \
		.summary = "Answers the question that a thread has asked.",                        \
		.least = ROLE_RESPONDER, .request = ANSWER,                                        \
		.response = SCHEMA_GIVES("\"status\",\"thread_id\"",                               \
					 "\"status\":" SCHEMA_TEXT ",\"thread_id\":" SCHEMA_TEXT), \
		.example =                                                                         \
			"{\"thread_id\":\"thread-none\",\"answers\":{\"Which host?\":\"all\"}}",   \
		.handle = post_answer                                                              \
	}

const struct route routes_person[] = {
	POST_INTERRUPT("", "interrupt_documented"),
	POST_INTERRUPT("/api/v1", "interrupt"),
	POST_ANSWER("", "answer_documented"),
	POST_ANSWER("/api/v1", "answer"),
	{ 0 },
};
