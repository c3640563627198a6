/* Telling a destination something: a test, or a document that somebody has. */
#include <string.h>

#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/notify/routes.h"
#include "server/notify/send.h"

static void handle_stored(struct exchange *exchange, const struct store_result *result UNUSED)
{
	const char *id = exchange->data;

	outbox_look(exchange->api->outbox);
	exchange_answer(exchange, json_pack("{s:s}", "delivery", id));
}

static void handle_not_stored(struct exchange *exchange, const struct error *err)
{
	struct error why;

	send_explain(err, &why);
	exchange_fail(exchange, &why);
}

static void put(struct exchange *exchange, const struct outbox_message *message, const char *action)
{
	CLEANUP(send) struct send send = { 0 };
	struct store_step steps[SEND_MAX_STEPS + 1];
	struct error err = { 0 };

	if (send_init(&send, exchange->api->outbox, message, &err) < 0) {
		exchange_fail(exchange, &err);
		return;
	}
	for (unsigned i = 0; i < send.n; i++)
		steps[i] = send.steps[i];
	steps[send.n] = exchange_audit(
		exchange, action, message->destination,
		json_pack("{s:s, s:s}", "incident", message->incident, "event", message->event));
	exchange->data = (void *)(uintptr_t)exchange_text(exchange, "%s", send.id);
	exchange->failed = handle_not_stored;
	exchange_submit(exchange, steps, send.n + 1, handle_stored);
}

static void post_test(struct exchange *exchange)
{
	CLEANUP(json) json_t *document = json_pack("{s:s}", "kind", "test");
	char nonce[NONCE_TEXT_BYTES];

	put(exchange,
	    &(struct outbox_message) {
		    .org = exchange->caller.org->id,
		    .destination = exchange->params[0],
		    .incident = exchange_text(exchange, "test_%.20s", nonce_make(nonce)),
		    .event = "test",
		    .document = document,
	    },
	    "destination.test");
}

static void post_message(struct exchange *exchange)
{
	const json_t *document = json_object_get(exchange->body, "document");

	put(exchange,
	    &(struct outbox_message) {
		    .org = exchange->caller.org->id,
		    .destination = exchange->params[0],
		    .incident = exchange_member(exchange, "incident", ""),
		    .event = exchange_member(exchange, "event", "report"),
		    .document = document,
	    },
	    "destination.tell");
}

#define GIVEN SCHEMA_GIVES("\"delivery\"", "\"delivery\":" SCHEMA_TEXT)

const struct route routes_messages[] = {
	{ .method = "POST",
	  .operation = "test_destination",
	  .pattern = "/api/v1/destinations/{destination_id}/test",
	  .summary = "Sends a test message; the delivery tells what became of it.",
	  .least = ROLE_ADMIN,
	  .status = 202,
	  .response = GIVEN,
	  .handle = post_test },
	{ .method = "POST",
	  .operation = "send_message",
	  .pattern = "/api/v1/destinations/{destination_id}/messages",
	  .summary =
		  "Tells a destination a document: {incident?, report?, url?}. What has the same "
		  "incident is one message where the destination can update.",
	  .least = ROLE_RESPONDER,
	  .status = 202,
	  .max_body_bytes = OUTBOX_DOCUMENT_MAX_BYTES + KIB,
	  .request = SCHEMA_STRICT(
		  "\"incident\",\"document\"",
		  "\"incident\":" SCHEMA_NAME
		  ",\"event\":{\"enum\":[\"opened\",\"joined\",\"reopened\",\"report\","
		  "\"resolved\",\"merged\",\"appeal\"]},\"document\":{\"type\":\"object\"}"),
	  .response = GIVEN,
	  .example = "{\"incident\":\"example\",\"event\":\"resolved\",\"document\":{}}",
	  .handle = post_message },
	{ 0 },
};
