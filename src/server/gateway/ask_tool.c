/* ask: an investigation, told as it goes, with its report as the result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/gateway/gateway_internal.h"
#include "server/inquiry/inquiry.h"
#include "server/inquiry/person.h"

#define TEXT(name, description) \
	"\"" name "\":{\"type\":\"string\",\"description\":\"" description "\"}"

static const char arguments[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"question\"],"
	"\"properties\":{\"question\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":"
	"16384,"
	"\"description\":\"What is wrong, or is to be found out.\"}," TEXT(
		"host",
		"Where: the "
		"name or id of "
		"a host.") "," TEXT("label",
				    "Where: the hosts with this label, key=value; at most "
				    "eight.") "," TEXT("thread_id",
						       "The conversation to go "
						       "on with.") "," TEXT("engi"
									    "ne",
									    "buil"
									    "tin,"
									    " or "
									    "the "
									    "name"
									    " of "
									    "a "
									    "mode"
									    "l.") "," TEXT("since",
											   "How "
											   "far "
											   "back "
											   "to "
											   "look, "
											   "such "
											   "as "
											   "15m.") "," TEXT("service",
													    "The service that it is about.") "}}";

struct asking {
	struct gateway_errand errand;
	struct gateway_org *org;
	struct caller caller;
	struct within *within;       /* while something is asked of the API */
	struct inquiry_watch *watch; /* while it goes on */
	unsigned n_told;
	char investigation[INQUIRY_ID_BYTES], thread[INQUIRY_ID_BYTES];
};

json_t *ask_tool_describe(const struct api *api)
{
	const struct router *router = api->router;
	const json_t *report = NULL;

	for (unsigned i = 0; i < router->n; i++)
		if (strcmp(router->entries[i].route->operation, "get_investigation") == 0)
			report = router->entries[i].response;
	return json_pack("{s:s, s:s, s:o, s:O, s:{s:b, s:b, s:b, s:b}}", "name", "ask",
			 "description",
			 "Investigates what is wrong on hosts: looks at them, weighs causes, and "
			 "reports the likeliest with its proof. Takes up to some minutes.",
			 "inputSchema", json_loads(arguments, 0, NULL), "outputSchema", report,
			 "annotations", "readOnlyHint", true, "destructiveHint", false,
			 "idempotentHint", false, "openWorldHint", false);
}

static void ignore_interrupt(const struct inquiry_place *place UNUSED,
			     const struct error *err UNUSED, void *data UNUSED)
{
	/* It has ended by itself, or another server ends it. */
}

static void interrupt(struct asking *asking)
{
	const struct api *api = asking->org->gateway->api;

	errand_record(asking->org, &asking->caller, "investigation.interrupt", asking->thread);
	inquiry_interrupt(api->inquiries, &(struct inquiry_word) { .org = asking->org->org->id,
								   .thread = asking->thread,
								   .done = ignore_interrupt });
}

static void cancel(struct gateway_errand *errand)
{
	struct asking *asking = container_of(errand, struct asking, errand);

	if (!asking->thread[0])
		return; /* that it has begun is told later, and then it is interrupted */
	if (asking->within)
		within_drop(asking->within);
	if (asking->watch) {
		inquiry_watch_end(asking->watch);
		interrupt(asking);
	}
	free(asking);
}

static void fail(struct asking *asking, const char *sentence)
{
	struct mcp_call *call = errand_end(&asking->errand);

	free(asking);
	errand_fail(call, sentence);
}

static void handle_report(unsigned status, const json_t *body, void *data)
{
	struct asking *asking = data;
	bool is_done = strcmp(json_get_text(body, "state", ""), "done") == 0;
	struct mcp_call *call;

	if (status >= 300) {
		fail(asking, json_get_text(body, "error", "the report cannot be read"));
		return;
	}
	call = errand_end(&asking->errand);
	free(asking);
	errand_answer(call, json_incref((json_t *)(uintptr_t)body),
		      is_done ? ERRAND_DONE : ERRAND_FAILED);
}

static void handle_ended(const struct error *err, void *data)
{
	struct asking *asking = data;

	asking->watch = NULL;
	if (err)
		fail(asking, err->text);
	else
		asking->within =
			within_ask(asking->org->gateway->api,
				   &(struct within_question) { .caller = &asking->caller,
							       .operation = "get_investigation",
							       .param = asking->investigation },
				   handle_report, asking);
}

/* What a person wants to hear of an event, or "". */
static void describe(const struct inquiry_event *event, const json_t *data, char *text, size_t size)
{
	const char *name = json_get_text(data, "name", ""), *host = json_get_text(data, "host", "");
	const json_t *question = json_array_get(json_object_get(data, "questions"), 0);

	if (strcmp(event->type, "thought") == 0)
		text_format(text, size, "%s", json_get_text(data, "text", ""));
	else if (strcmp(event->type, "tool_start") == 0)
		text_format(text, size, "%s: %s", host, name);
	else if (strcmp(event->type, "tool_end") == 0)
		text_format(text, size, "%s: %s %s", host, name,
			    json_get_bool(data, "success", false) ? "answered" : "failed");
	else if (strcmp(event->type, "question") == 0)
		text_format(text, size, "it asks: %s", json_get_text(question, "question", ""));
	else if (strcmp(event->type, "approval") == 0)
		text_format(text, size, "a change waits for an approval: %s",
			    json_get_text(data, "approve_with", ""));
	else
		text_format(text, size, "%s", json_get_text(data, "message", ""));
}

static int deliver(const struct inquiry_event *event, void *data)
{
	struct asking *asking = data;
	CLEANUP(json) json_t *value = NULL;
	char text[1024];

	if (!mcp_call_wants_news(asking->errand.call))
		return 0;
	value = json_loads(event->data, JSON_DECODE_ANY, NULL);
	describe(event, value, text, sizeof(text));
	if (!text[0])
		return 0;
	mcp_call_progress(asking->errand.call, ++asking->n_told, 0, text);
	mcp_call_log(asking->errand.call, "info", "ask", json_text(text, strlen(text)));
	return 0;
}

static void follow(struct asking *asking)
{
	const struct inquiry_watcher watcher = { .org = asking->org->org->id,
						 .investigation = asking->investigation,
						 .deliver = deliver,
						 .ended = handle_ended,
						 .data = asking };
	struct error err = { 0 };

	asking->watch = inquiry_watch(asking->org->gateway->api->inquiries, &watcher, &err);
	if (!asking->watch)
		fail(asking, err.text);
}

static void handle_begun(unsigned status, const json_t *body, void *data)
{
	struct asking *asking = data;

	asking->within = NULL;
	text_copy(asking->investigation, sizeof(asking->investigation),
		  json_get_text(body, "id", ""));
	text_copy(asking->thread, sizeof(asking->thread), json_get_text(body, "thread_id", ""));
	if (asking->errand.client && status < 300) {
		follow(asking);
	} else if (asking->errand.client) {
		fail(asking, json_get_text(body, "error", "it did not begin"));
	} else {
		if (status < 300)
			interrupt(asking);
		free(asking);
	}
}

void ask_tool_start(struct gateway_client *client, struct mcp_call *call)
{
	const json_t *args = mcp_call_arguments(call);
	json_t *body = args ? json_copy((json_t *)(uintptr_t)args) : json_object();
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		abort();
	if (!errand_begin(&asking->errand, client, call, cancel)) {
		json_decref(body);
		free(asking);
		return;
	}
	asking->org = client->org;
	asking->caller = client->caller;
	json_put(body, "prompt", json_string(json_get_text(args, "question", "")));
	(void)json_object_del(body, "question");
	asking->within = within_ask(client->org->gateway->api,
				    &(struct within_question) { .caller = &client->caller,
								.operation = "create_investigation",
								.body = body },
				    handle_begun, asking);
}
