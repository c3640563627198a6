/* POST /investigate, also below /api/v1. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "investigation/model/image.h"
#include "server/inquiry/attachments.h"
#include "server/inquiry/choice.h"
#include "server/inquiry/routes.h"
#include "server/inquiry/stream.h"

#define BODY_MAX_BYTES (8 * MIB) /* images are in it, as base64 */

static const char agents_sql[] =
	"SELECT " CHOICE_COLUMNS " FROM agents WHERE org = $1 AND revoked IS NULL "
	"ORDER BY last_seen DESC, id LIMIT 20000";
static const char thread_sql[] = "SELECT id FROM threads WHERE org = $1 AND id = $2";

/* An investigation that has begun, whose files are on their way into the store. */
struct begun {
	const char *investigation, *thread;
	struct attachment_offer offer;
};

static void finish_begun(struct exchange *exchange)
{
	struct begun *begun = exchange->data;

	attachment_offer_finish(&begun->offer);
}

static void start_stream(struct exchange *exchange)
{
	const struct begun *begun = exchange->data;

	stream_start(exchange, &(struct stream_wish) {
				       .investigation = begun->investigation,
				       .thread = begun->thread,
				       .ids = stream_ids_of(exchange),
				       .files = begun->offer.n_steps ? begun->offer.told : NULL });
}

static void handle_kept(struct exchange *exchange, const struct store_result *result UNUSED)
{
	start_stream(exchange);
}

/* Nobody is told of a file that is not there. */
static void keep_files(struct exchange *exchange, const char *investigation, const char *thread)
{
	struct begun *begun = exchange_alloc(exchange, sizeof(*begun));

	begun->investigation = exchange_text(exchange, "%s", investigation);
	begun->thread = exchange_text(exchange, "%s", thread);
	attachment_offer_init(&begun->offer, exchange->api->attachments, exchange->caller.org->id,
			      json_object_get(exchange->body, "file_attachments"));
	exchange->data = begun;
	exchange->finish = finish_begun;
	if (begun->offer.n_steps)
		exchange_submit(exchange, begun->offer.steps, begun->offer.n_steps, handle_kept);
	else
		start_stream(exchange);
}

static void handle_started(const char *investigation, const char *thread, const struct error *err,
			   void *data)
{
	struct exchange *exchange = data;

	if (err && err->code == -EEXIST) {
		exchange_refuse(exchange, 409, "thread_busy", "%s", err->text);
	} else if (err && err->code == -ENOENT) {
		exchange_refuse(exchange, 404, NULL, "%s", err->text);
	} else if (err) {
		exchange_fail(exchange, err);
	} else if (!(exchange->entry->route->flags & ROUTE_STREAM)) {
		exchange_recorded(exchange);
		exchange_answer(exchange, json_pack("{s:s, s:s, s:s}", "id", investigation,
						    "thread_id", thread, "state", "queued"));
	} else {
		exchange_recorded(exchange);
		keep_files(exchange, investigation, thread);
	}
}

static void add_note(json_t *notes, const char *kind, const char *name, const char *why)
{
	char what[160];

	text_format(what, sizeof(what), "%s %s", kind, name);
	json_push(notes,
		  json_pack("{s:o, s:s}", "what", json_text(what, strlen(what)), "why", why));
}

/* What nobody takes in, the report says. */
static json_t *notes_of(const json_t *body, bool is_seen)
{
	const char *engine = json_get_text(body, "engine", "builtin");
	json_t *notes = json_array();
	const json_t *item;
	char why[160];
	size_t i;

	if (strcmp(engine, "builtin") == 0)
		text_format(why, sizeof(why), "the built-in engine reads no images");
	else
		text_format(why, sizeof(why), "the model '%.64s' sees no images", engine);
	json_array_foreach(json_object_get(body, "images"), i, item) if (!is_seen)
		add_note(notes, "image", json_get_text(item, "filename", ""), why);
	json_array_foreach(json_object_get(body, "file_attachments"), i, item)
		add_note(notes, "attachment", json_get_text(item, "filename", ""),
			 "the built-in engine reads no attachments");
	return notes;
}

/* 0 where it says nothing; false for what is no duration or no time. */
static bool read_times(const json_t *body, struct inquiry_request *request)
{
	const char *since = json_get_text(body, "since", NULL);
	const char *fired_at = json_get_text(body, "fired_at", NULL);
	uint64_t since_ns = 0;

	if (since && (!duration_from_text(since, &since_ns) || since_ns < NS_PER_SEC))
		return false;
	if (fired_at && !clock_parse(fired_at, &request->fired_at_ns))
		return false;
	request->since_s = since_ns / NS_PER_SEC;
	return true;
}

static struct inquiry_budget budget_of(const json_t *body)
{
	const json_t *budget = json_object_get(body, "budget");

	return (struct inquiry_budget) {
		.time_ns = (uint64_t)json_get_int(budget, "time_s", 0) * NS_PER_SEC,
		.calls = (unsigned)json_get_int(budget, "calls", 0),
		.tokens = (uint64_t)json_get_int(budget, "tokens", 0),
		.cost_micros = (uint64_t)json_get_int(budget, "cost_micros", 0),
	};
}

static void start(struct exchange *exchange, const json_t *agents)
{
	const json_t *body = exchange->body;
	bool is_seen = inquiry_sees(exchange->api->inquiries,
				    exchange_member(exchange, "engine", "builtin"));
	CLEANUP(json) json_t *notes = notes_of(body, is_seen);
	CLEANUP(json) json_t *services = json_array();
	const char *service = json_get_text(body, "service", NULL);
	struct store_step audit;
	struct inquiry_request request = {
		.org = exchange->caller.org->id,
		.caller = exchange_text(exchange, "%.64s/%.60s", exchange->caller.id,
					exchange->caller.name),
		.prompt = exchange_member(exchange, "prompt", ""),
		.thread = exchange_member(exchange, "thread_id", NULL),
		.engine = exchange_member(exchange, "engine", NULL),
		.agents = agents,
		.namespaces = json_object_get(body, "namespaces"),
		.services = services,
		.notes = notes,
		.images = is_seen ? json_object_get(body, "images") : NULL,
		.budget = budget_of(body),
		.record = &audit,
	};

	if (service)
		json_push(services, json_string(service));
	if (!read_times(body, &request)) {
		exchange_refuse(exchange, 400, "bad_request",
				"since is a duration such as 15m, fired_at a time of RFC 3339");
		return;
	}
	audit = exchange_audit(exchange, "investigation.start",
			       request.thread ? request.thread : "",
			       json_pack("{s:i}", "n_agents", (int)json_array_size(agents)));
	inquiry_start(exchange->api->inquiries, &request, handle_started, exchange);
}

static void handle_agents(struct exchange *exchange, const struct store_result *result)
{
	bool thread_exists = result->steps[1].n_rows > 0;
	struct error err = { 0 };
	CLEANUP(json)
	json_t *agents = choice_make(exchange->body, &result->steps[0], thread_exists, &err);

	if (agents)
		start(exchange, agents);
	else if (err.code == -E2BIG)
		exchange_refuse(exchange, 409, "which_host", "%s", err.text);
	else
		exchange_refuse(exchange, err.code == -ENOENT ? 404 : 409, NULL, "%s", err.text);
}

/* It stands in a header and in paths. */
static bool is_thread_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-") == strlen(name);
}

static void post_investigate(struct exchange *exchange)
{
	const char *engine = exchange_member(exchange, "engine", "builtin");
	struct error err = { 0 };

	if (images_check(json_object_get(exchange->body, "images"), &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "the body: %s", err.text);
		return;
	}
	if (!is_thread_name(exchange_member(exchange, "thread_id", "a"))) {
		exchange_refuse(exchange, 400, "bad_request",
				"thread_id has letters, digits, dots, dashes and underscores only");
		return;
	}
	if (!inquiry_knows_engine(exchange->api->inquiries, engine)) {
		exchange_refuse(exchange, 400, NULL,
				"no model named '%s' is configured; leave engine out for the "
				"built-in one",
				engine);
		return;
	}
	const struct store_step steps[] = {
		STEP(agents_sql, STORE_ANY, exchange_org(exchange)),
		STEP(thread_sql, STORE_ANY, exchange_org(exchange),
		     store_text(exchange_member(exchange, "thread_id", ""))),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_agents);
}

#define NUMBER(most) "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" most "}"
#define INVESTIGATE                                                                                                                                                                     \
	SCHEMA_GIVES(                                                                                                                                                                   \
		"\"prompt\"",                                                                                                                                                           \
		"\"prompt\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":16384},"                                                                                                 \
		"\"thread_id\":{\"type\":[\"string\",\"null\"],\"minLength\":1,\"maxLength\":64},"                                                                                      \
		"\"images\":{\"type\":[\"array\",\"null\"],\"maxItems\":10,"                                                                                                            \
		"\"items\":" SCHEMA_GIVES(                                                                                                                                              \
			"\"media_type\",\"data\"",                                                                                                                                      \
			"\"type\":{\"const\":\"base64\"},\"media_type\":" SCHEMA_NAME                                                                                                   \
			",\"data\":{\"type\":\"string\",\"maxLength\":7000000}"                                                                                                         \
			",\"filename\":" SCHEMA_NULL_TEXT) "},"                                                                                                                         \
							   "\"file_attachments\":{\"type\":["                                                                                           \
							   "\"array\",\"null\"],\"maxItems\":10,"                                                                                       \
							   "\"items\":" SCHEMA_GIVES(                                                                                                   \
								   "\"filename\",\"download_"                                                                                           \
								   "url\"",                                                                                                             \
								   "\"filename\":" SCHEMA_TEXT                                                                                          \
								   ",\"size\":" SCHEMA_COUNT                                                                                            \
								   ",\"media_type\":" SCHEMA_TEXT                                                                                       \
								   ",\"download_"                                                                                                       \
								   "url\":" SCHEMA_TEXT ",\"auth_"                                                                                      \
								   "header\":" SCHEMA_TEXT) "},"                                                                                        \
											    "\"ag"                                                                                      \
											    "ents"                                                                                      \
											    "\":{"                                                                                      \
											    "\"ty"                                                                                      \
											    "pe\""                                                                                      \
											    ":\"a"                                                                                      \
											    "rray"                                                                                      \
											    "\","                                                                                       \
											    "\"ma"                                                                                      \
											    "xIte"                                                                                      \
											    "ms\""                                                                                      \
											    ":8,"                                                                                       \
											    "\"it"                                                                                      \
											    "ems"                                                                                       \
											    "\""                                                                                        \
											    ":" SCHEMA_NAME                                                                             \
											    "},"                                                                                        \
											    "\"ho"                                                                                      \
											    "st\""                                                                                      \
											    ":" SCHEMA_NAME                                                                             \
											    ",\"l"                                                                                      \
											    "abel"                                                                                      \
											    "\""                                                                                        \
											    ":" SCHEMA_NAME                                                                             \
											    ",\"l"                                                                                      \
											    "abel"                                                                                      \
											    "s\""                                                                                       \
											    ":" SCHEMA_MAP                                                                              \
											    ",\"s"                                                                                      \
											    "ince"                                                                                      \
											    "\""                                                                                        \
											    ":" SCHEMA_ID                                                                               \
											    ",\"e"                                                                                      \
											    "ngin"                                                                                      \
											    "e\""                                                                                       \
											    ":" SCHEMA_NAME                                                                             \
											    ",\"s"                                                                                      \
											    "ervi"                                                                                      \
											    "ce\""                                                                                      \
											    ":" SCHEMA_NAME                                                                             \
											    ",\"f"                                                                                      \
											    "ired"                                                                                      \
											    "_at"                                                                                       \
											    "\""                                                                                        \
											    ":" SCHEMA_ID                                                                               \
											    ",\"n"                                                                                      \
											    "ames"                                                                                      \
											    "pace"                                                                                      \
											    "s\":"                                                                                      \
											    "{\"t"                                                                                      \
											    "ype"                                                                                       \
											    "\":"                                                                                       \
											    "\"ar"                                                                                      \
											    "ray"                                                                                       \
											    "\","                                                                                       \
											    "\"ma"                                                                                      \
											    "xIte"                                                                                      \
											    "ms\""                                                                                      \
											    ":32,"                                                                                      \
											    "\"it"                                                                                      \
											    "ems"                                                                                       \
											    "\""                                                                                        \
											    ":" SCHEMA_NAME                                                                             \
											    "},"                                                                                        \
											    "\"bu"                                                                                      \
											    "dget"                                                                                      \
											    "\""                                                                                        \
											    ":" SCHEMA_STRICT(                                                                          \
												    "",                                                                                 \
												    "\"time_s\":" NUMBER("86400") ",\"calls\":" NUMBER("100000") ",\"tokens\":" NUMBER( \
													    "1000000000") ",\"cost_micros\":" NUMBER("1000000000")))
#define POST_INVESTIGATE(path, name)                                                   \
	{                                                                              \
		.method = "POST", .operation = (name), .pattern = path "/investigate", \
		.summary = "Investigates, and tells what happens as it does (SSE).",   \
		.least = ROLE_RESPONDER, .flags = ROUTE_STREAM | ROUTE_CALLS,          \
		.max_body_bytes = BODY_MAX_BYTES, .request = INVESTIGATE,              \
		.type = "text/event-stream",                                           \
		.example = "{\"prompt\":\"Why is it slow?\",\"host\":\"agent_0\"}",    \
		.handle = post_investigate                                             \
	}
const struct route routes_investigate[] = {
	POST_INVESTIGATE("", "investigate_documented"),
	POST_INVESTIGATE("/api/v1", "investigate"),
	{ .method = "POST",
	  .operation = "create_investigation",
	  .pattern = "/api/v1/investigations",
	  .summary = "Begins an investigation, for who reads its events or its report later.",
	  .least = ROLE_RESPONDER,
	  .flags = ROUTE_CALLS,
	  .status = 202,
	  .max_body_bytes = BODY_MAX_BYTES,
	  .request = INVESTIGATE,
	  .response = SCHEMA_GIVES("\"id\",\"thread_id\",\"state\"",
				   "\"id\":" SCHEMA_TEXT ",\"thread_id\":" SCHEMA_TEXT
				   ",\"state\":" SCHEMA_TEXT),
	  .example = "{\"prompt\":\"Why is it slow?\",\"host\":\"agent_0\"}",
	  .handle = post_investigate },
	{ 0 },
};
