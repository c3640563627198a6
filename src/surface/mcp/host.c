/* What clients ask of a host, on its way through the gate. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/jsonrpc.h"
#include "surface/mcp/host_internal.h"
#include "surface/mcp/prompt.h"
#include "surface/mcp/resource.h"

#define USUAL_TIMEOUT_MS 30000 /* see call/tool.h */

/* One call of a client's on its way through the gate. */
struct mcp_errand {
	struct mcp_errand *next;
	struct mcp_host *host;
	struct mcp_call *call;
	json_int_t asked; /* id of the request that runs at the gate */
	json_t *plan;     /* the calls that the gate said to make, or NULL */
	size_t at;        /* which of them runs */
	unsigned n_told;
};

static void drop(struct mcp_errand *errand)
{
	struct mcp_errand **at = &errand->host->errands;

	while (*at != errand)
		at = &(*at)->next;
	*at = errand->next;
	json_decref(errand->plan);
	free(errand);
}

static json_t *content(const char *text, size_t len)
{
	return json_pack("[{s:s, s:o}]", "type", "text", "text", json_text(text, len));
}

/* Its end; the errand is no more. */
static void fail(struct mcp_errand *errand, const char *sentence)
{
	struct mcp_call *call = errand->call;

	drop(errand);
	if (mcp_call_kind(call) == MCP_TOOL)
		mcp_call_answer(call,
				json_pack("{s:o, s:b}", "content",
					  content(sentence, strlen(sentence)), "isError", true));
	else
		mcp_call_refuse(call, JSONRPC_INTERNAL_ERROR, sentence);
}

/* Structure came with 2025-06-18; the text is the same for those before. */
static void succeed(struct mcp_errand *errand, json_t *structure, const char *text, size_t len)
{
	struct mcp_call *call = errand->call;
	json_t *result = json_pack("{s:o, s:b}", "content", content(text, len), "isError", false);

	drop(errand);
	if (strcmp(mcp_call_revision(call), "2025-06-18") >= 0)
		json_put(result, "structuredContent", json_incref(structure));
	mcp_call_answer(call, result);
}

/* Of a file its text, of evidence its exact bytes; of anything else what the tool says. */
static void give_resource(struct mcp_errand *errand, const json_t *result, const char *text,
			  size_t len)
{
	struct mcp_call *call = errand->call;
	const char *uri = json_get_text(mcp_call_params(call), "uri", "");
	const char *file = json_get_text(result, "content", NULL);
	const char *bytes = json_get_text(result, "bytes", NULL);
	bool is_file = file && strncmp(uri, "file:", 5) == 0 &&
		       strcmp(json_get_text(result, "encoding", ""), "base64") != 0;
	bool is_evidence = bytes && strncmp(uri, "case:", 5) == 0;
	const char *part = is_file ? file : bytes;

	if (is_evidence && json_get_bool(result, "truncated", false)) {
		fail(errand, "the evidence is too long for one answer: the tool read_case gives it "
			     "in parts");
		return;
	}
	drop(errand);
	mcp_call_answer(call, json_pack("{s:[{s:s, s:s, s:o}]}", "contents", "uri", uri, "mimeType",
					is_file ? "text/plain" : "application/json", "text",
					is_file || is_evidence ? json_text(part, strlen(part))
							       : json_text(text, len)));
}

static int ask(struct mcp_errand *errand, const char *tool, const json_t *args, const char *nonce,
	       struct error *err)
{
	const struct mcp_gate *gate = errand->host->gate;
	CLEANUP(text) char *body = args ? json_canonical(args) : strdup("{}");
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:s, s:s*}", "type", "call", "tool", tool, "nonce", nonce);

	if (mcp_call_wants_news(errand->call))
		json_put(header, "progress", json_true());
	errand->asked = gate->ask(gate->data, header, body, strlen(body), err);
	return errand->asked < 0 ? (int)errand->asked : 0;
}

/* The next call of the plan; after the last, the answer. */
static void go_on(struct mcp_errand *errand)
{
	struct error err = { 0 };

	for (; errand->at < json_array_size(errand->plan); errand->at++) {
		json_t *step = json_array_get(errand->plan, errand->at);

		if (ask(errand, json_get_text(step, "tool", ""), json_object_get(step, "args"),
			NULL, &err) == 0)
			return;
		json_put(step, "result", json_null());
		json_put(step, "error", json_text(err.text, strlen(err.text)));
	}
	CLEANUP(json) json_t *structure = json_pack("{s:O}", "calls", errand->plan);
	CLEANUP(text) char *text = json_canonical(structure);

	succeed(errand, structure, text, strlen(text));
}

static void take_step(struct mcp_errand *errand, json_t *result, const char *sentence)
{
	json_t *step = json_array_get(errand->plan, errand->at);

	json_put(step, "result", result ? json_incref(result) : json_null());
	if (!result)
		json_put(step, "error", json_text(sentence, strlen(sentence)));
	errand->at++;
	go_on(errand);
}

/* Whoever may say yes does so elsewhere; the client is asked whether that is done. */
static void ask_for_approval(struct mcp_errand *errand, const char *nonce, const char *why)
{
	struct mcp_call *call = errand->call;
	char message[1024];

	text_format(
		message, sizeof(message),
		"%s. Who may allows exactly this call, once, with: constable approval grant %s. "
		"Accept when that is done.",
		why, nonce);
	drop(errand);
	mcp_call_ask(call,
		     json_pack("{s:{s:s, s:{s:s, s:s, s:{s:s, s:{}}}}}", "approval", "method",
			       "elicitation/create", "params", "mode", "form", "message", message,
			       "requestedSchema", "type", "object", "properties"),
		     nonce);
}

static void refuse_uri(struct mcp_errand *errand)
{
	struct mcp_call *call = errand->call;

	drop(errand);
	mcp_call_refuse_uri(call);
}

/* A case that nobody has is no failure of ours. */
static bool is_no_case(const struct mcp_errand *errand, const struct frame *frame)
{
	const char *uri = json_get_text(mcp_call_params(errand->call), "uri", "");

	return mcp_call_kind(errand->call) == MCP_RESOURCE && strncmp(uri, "case:", 5) == 0 &&
	       json_get_int(frame->header, "code", 0) == -ENOENT;
}

static void take_refusal(struct mcp_errand *errand, const struct frame *frame, const char *why)
{
	struct mcp_call *call = errand->call;
	const json_t *approval = json_object_get(frame->header, "approval");
	const char *nonce = json_get_text(approval, "nonce", NULL);

	if (errand->plan)
		take_step(errand, NULL, why);
	else if (nonce && !mcp_call_state(call) && mcp_call_can_ask(call, "elicitation"))
		ask_for_approval(errand, nonce, why);
	else if (is_no_case(errand, frame))
		refuse_uri(errand);
	else
		fail(errand, why);
}

static void take_answer(struct mcp_errand *errand, const struct frame *frame)
{
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };

	if (json_get_int(frame->header, "code", 0) < 0)
		error_set(&err, (int)json_get_int(frame->header, "code", 0), "%s",
			  json_get_text(frame->header, "error", "the call failed"));
	else
		result = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, &err);
	if (!result) {
		take_refusal(errand, frame, err.text);
	} else if (errand->plan) {
		take_step(errand, result, "");
	} else if (json_get_bool(frame->header, "plan", false)) {
		errand->plan = json_incref(result);
		go_on(errand);
	} else if (mcp_call_kind(errand->call) == MCP_RESOURCE) {
		give_resource(errand, result, frame->body, frame->n_body);
	} else {
		succeed(errand, result, frame->body, frame->n_body);
	}
}

static void tell(struct mcp_errand *errand, const json_t *header)
{
	const char *text = json_get_text(header, "text", "");
	const char *tool = json_get_text(mcp_call_params(errand->call), "name", "");

	mcp_call_progress(errand->call, ++errand->n_told, (double)json_array_size(errand->plan),
			  text);
	mcp_call_log(errand->call, "info", tool, json_text(text, strlen(text)));
}

void mcp_host_take_frame(struct mcp_host *host, const struct frame *frame)
{
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct mcp_errand *errand = host->errands;

	while (errand && errand->asked != id)
		errand = errand->next;
	if (!errand)
		return;
	if (strcmp(json_get_text(frame->header, "type", ""), "progress") == 0)
		tell(errand, frame->header);
	else
		take_answer(errand, frame);
}

static void start_errand(struct mcp_host *host, struct mcp_call *call, const char *tool,
			 const json_t *args)
{
	struct mcp_errand *errand = calloc(1, sizeof(*errand));
	struct error err = { 0 };

	if (!errand)
		abort();
	*errand = (struct mcp_errand) { .next = host->errands, .host = host, .call = call };
	host->errands = errand;
	mcp_call_set_data(call, errand);
	if (ask(errand, tool, args, mcp_call_state(call), &err) < 0)
		fail(errand, err.text);
}

/* The client was asked whether an approval is given, and does not want it to be. */
static bool is_declined(const struct mcp_call *call)
{
	const json_t *answer = json_object_get(mcp_call_answers(call), "approval");

	return answer && strcmp(json_get_text(answer, "action", ""), "accept") != 0;
}

/* One that may take longer than most: its client need not wait for it. */
static bool is_long(const struct mcp_host *host, const char *name)
{
	const json_t *tool = mcp_offer_find(host->offer.tools, "name", name);

	return json_get_int(json_object_get(tool, "_meta"), "constable/timeout_ms", 0) >
	       USUAL_TIMEOUT_MS;
}

static void start_tool(struct mcp_host *host, struct mcp_call *call)
{
	static const char sentence[] = "the approval was declined, so nothing was done";
	const char *name = json_get_text(mcp_call_params(call), "name", "");

	if (is_declined(call)) {
		mcp_call_answer(call,
				json_pack("{s:o, s:b}", "content",
					  content(sentence, strlen(sentence)), "isError", true));
		return;
	}
	if (is_long(host, name))
		(void)mcp_call_become_task(call); /* else it is waited for */
	start_errand(host, call, name, mcp_call_arguments(call));
}

/* False where it has no such thing. */
static bool read_library(const struct mcp_library *library, struct mcp_call *call, const char *uri)
{
	struct error err = { 0 };
	json_t *found = library ? library->read(library->data, uri, &err) : NULL;

	if (found)
		mcp_call_answer(call, json_pack("{s:[o]}", "contents", found));
	else if (err.code)
		mcp_call_refuse(call, JSONRPC_INTERNAL_ERROR, err.text);
	return found || err.code;
}

static void start_resource(struct mcp_host *host, struct mcp_call *call)
{
	CLEANUP(json) json_t *args = NULL;
	const char *uri = json_get_text(mcp_call_params(call), "uri", "");
	const char *tool;

	if (read_library(host->library, call, uri))
		return;
	tool = mcp_find_resource(uri, &args);
	if (tool)
		start_errand(host, call, tool, args);
	else
		mcp_call_refuse_uri(call);
}

void mcp_host_start(struct mcp_call *call)
{
	struct mcp_host *host = mcp_call_offer(call)->data;

	switch (mcp_call_kind(call)) {
	case MCP_TOOL:
		start_tool(host, call);
		break;
	case MCP_RESOURCE:
		start_resource(host, call);
		break;
	default:
		mcp_prompt_answer(call, host->skills);
	}
}

void mcp_host_cancel(struct mcp_call *call)
{
	struct mcp_errand *errand = mcp_call_data(call);
	const struct mcp_gate *gate = errand->host->gate;

	gate->cancel(gate->data, errand->asked);
	drop(errand);
}
