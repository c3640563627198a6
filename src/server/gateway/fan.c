/* A tool on the hosts that its arguments choose: submitted, waited for, and told together. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/gateway/fan_internal.h"

#define APPROVAL_MS 600000 /* how long a call waits for one */
#define STATE_MAX_BYTES (40 * KIB)
#define MESSAGE_HOSTS 8 /* named in a question; more are counted */

/* --- its life ----------------------------------------------------------------------------- */

void fan_free(struct fan *fan)
{

	for (unsigned i = 0; i < fan->n_legs; i++) {
		fan_leg_drop(&fan->legs[i]);
		json_decref(fan->legs[i].result);
	}
	if (fan->submitting)
		within_drop(fan->submitting);
	LIST_REMOVE(fan, link);
	free(fan->legs);
	free(fan);
}

static void cancel(struct gateway_errand *errand)
{
	struct fan *fan = container_of(errand, struct fan, errand);

	if (fan->submitting)
		return; /* which calls there are is told later, and then they are cancelled */
	for (unsigned i = 0; i < fan->n_legs; i++)
		if (!fan->legs[i].is_closed)
			fan_leg_cancel(&fan->legs[i]);
	fan_free(fan);
}

static struct fan *fan_new(struct gateway_client *client, struct mcp_call *call)
{
	struct fan *fan = calloc(1, sizeof(*fan));

	if (!fan)
		abort();
	if (!errand_begin(&fan->errand, client, call, cancel)) {
		free(fan);
		return NULL;
	}
	fan->org = client->org;
	fan->caller = client->caller;
	text_copy(fan->tool, sizeof(fan->tool), json_get_text(mcp_call_params(call), "name", ""));
	LIST_INSERT_HEAD(&client->org->fans, fan, link);
	(void)news_hear(client->org);
	return fan;
}

static void fail(struct fan *fan, const char *sentence)
{
	struct mcp_call *call = errand_end(&fan->errand);

	fan_free(fan);
	errand_fail(call, sentence);
}

/* --- news --------------------------------------------------------------------------------- */

/* It only grows: whole numbers are hosts that are through, what is between are their words. */
void fan_tell(struct fan *fan, const struct fan_leg *leg, const char *text)
{
	struct mcp_call *call = fan->errand.call;
	char line[ERROR_TEXT_BYTES * 2];
	double next = fan->n_closed + 1.0;

	if (!call || !mcp_call_wants_news(call))
		return;
	fan->told =
		fan->n_closed > fan->told ? fan->n_closed : fan->told + (next - fan->told) / 1000;
	text_format(line, sizeof(line), "%s: %s", leg->host, text);
	mcp_call_progress(call, fan->told, fan->n_legs, line);
	mcp_call_log(call, "info", fan->tool, json_text(line, strlen(line)));
}

/* --- its end ------------------------------------------------------------------------------ */

static void count_states(const struct fan *fan, unsigned n_of[FAN_N_STATES])
{
	memset(n_of, 0, FAN_N_STATES * sizeof(n_of[0]));
	for (unsigned i = 0; i < fan->n_legs; i++)
		n_of[fan->legs[i].state]++;
}

static void add_missing(const struct fan *fan, json_t *structure, unsigned n_missing)
{
	CLEANUP(buf) struct buf text = { 0 };
	unsigned n_named = 0;

	buf_init(&text, 4 * KIB);
	buf_add_format(&text, "%u of %u hosts gave no result:", n_missing, fan->n_legs);
	for (unsigned i = 0; i < fan->n_legs && n_named < MESSAGE_HOSTS; i++)
		if (fan->legs[i].state != FAN_DONE)
			buf_add_format(&text, "%s %s (%s)", n_named++ ? "," : "", fan->legs[i].host,
				       fan->legs[i].error);
	if (n_missing > n_named)
		buf_add_text(&text, ", and more");
	json_put(structure, "missing", json_text(text.data, text.len));
}

static json_t *describe(struct fan *fan, const unsigned n_of[FAN_N_STATES])
{
	json_t *hosts = json_array();
	json_t *structure =
		json_pack("{s:o, s:i, s:i, s:i, s:i}", "hosts", hosts, "done", (int)n_of[FAN_DONE],
			  "failed", (int)n_of[FAN_FAILED], "unreachable",
			  (int)n_of[FAN_UNREACHABLE], "waiting_approval", (int)n_of[FAN_WAITS]);

	for (unsigned i = 0; i < fan->n_legs; i++)
		json_push(hosts, fan_leg_describe(&fan->legs[i]));
	if (n_of[FAN_DONE] < fan->n_legs)
		add_missing(fan, structure, fan->n_legs - n_of[FAN_DONE]);
	return structure;
}

/* [[call, agent, host]]: what a client carries while it is asked; NULL: too much. */
static char *remember(const struct fan *fan)
{
	CLEANUP(json) json_t *state = json_array();
	CLEANUP(text) char *text = NULL;

	for (unsigned i = 0; i < fan->n_legs; i++) {
		const struct fan_leg *leg = &fan->legs[i];

		json_push(state, json_pack("[s, s, o, s]", leg->call, leg->agent,
					   json_text(leg->host, strlen(leg->host)),
					   leg->call[0] ? "" : leg->error));
	}
	text = json_canonical(state);
	return strlen(text) <= STATE_MAX_BYTES ? TAKE(text) : NULL;
}

/* Whoever may say yes does so elsewhere; the client is asked whether that is done. */
static void ask_for_approval(struct fan *fan, const char *state)
{
	CLEANUP(buf) struct buf text = { 0 };
	unsigned n_named = 0;
	struct mcp_call *call;

	buf_init(&text, 4 * KIB);
	buf_add_format(&text, "'%s' wants an approval:", fan->tool);
	for (unsigned i = 0; i < fan->n_legs; i++) {
		const struct fan_leg *leg = &fan->legs[i];

		if (leg->state == FAN_WAITS && n_named++ < MESSAGE_HOSTS)
			buf_add_format(&text, "%s on %s with 'constable approval sign %s'",
				       n_named > 1 ? "," : "", leg->host, leg->call);
	}
	buf_add_format(&text, "%s. Who may allows exactly that. Accept when it is done.",
		       n_named > MESSAGE_HOSTS ? ", and more" : "");
	call = errand_end(&fan->errand);
	fan_free(fan);
	mcp_call_ask(call,
		     json_pack("{s:{s:s, s:{s:s, s:o, s:{s:s, s:{}}}}}", "approval", "method",
			       "elicitation/create", "params", "mode", "form", "message",
			       json_text(text.data, text.len), "requestedSchema", "type", "object",
			       "properties"),
		     state);
}

static void conclude(struct fan *fan)
{
	unsigned n_of[FAN_N_STATES];
	CLEANUP(text) char *state = NULL;
	struct mcp_call *call = fan->errand.call;
	json_t *structure;

	count_states(fan, n_of);
	if (n_of[FAN_WAITS] && !fan->was_asked && mcp_call_can_ask(call, "elicitation"))
		state = remember(fan);
	if (state) {
		ask_for_approval(fan, state);
		return;
	}
	structure = describe(fan, n_of);
	(void)errand_end(&fan->errand);
	fan_free(fan);
	errand_answer(call, structure, n_of[FAN_DONE] ? ERRAND_DONE : ERRAND_FAILED);
}

void fan_count(struct fan *fan)
{
	if (fan->n_closed == fan->n_legs && fan->errand.call)
		conclude(fan);
}

/* --- its start ---------------------------------------------------------------------------- */

static void legs_new(struct fan *fan, size_t n)
{
	fan->legs = calloc(n ? n : 1, sizeof(*fan->legs));
	if (!fan->legs)
		abort();
	fan->n_legs = (unsigned)n;
	for (unsigned i = 0; i < fan->n_legs; i++)
		fan->legs[i].fan = fan;
}

/* Closing the last one ends the fan: so each is followed first, and what fails is told last. */
static void follow_all(struct fan *fan)
{
	unsigned n = fan->n_legs;

	fan->until_ns = clock_monotonic_ns() + fan->deadline_ns;
	for (unsigned i = 0; i < n; i++)
		if (!fan->legs[i].error[0])
			fan_leg_follow(&fan->legs[i]);
	for (unsigned i = 0; i < n; i++) {
		struct fan_leg *leg = &fan->legs[i];
		char error[ERROR_TEXT_BYTES];
		bool is_last = fan->n_closed + 1 == n;

		if (leg->is_waiting || leg->is_closed)
			continue;
		text_copy(error, sizeof(error), leg->error);
		fan_leg_close(leg, leg->call[0] ? FAN_UNREACHABLE : FAN_FAILED, error);
		if (is_last)
			return;
	}
}

static void take_leg(struct fan_leg *leg, const json_t *made)
{
	text_copy(leg->call, sizeof(leg->call), json_get_text(made, "id", ""));
	text_copy(leg->agent, sizeof(leg->agent), json_get_text(made, "agent", ""));
	text_copy(leg->host, sizeof(leg->host), json_get_text(made, "name", ""));
	if (!leg->call[0]) {
		text_copy(leg->error, sizeof(leg->error),
			  json_get_text(made, "error", "it was refused"));
	} else if (strcmp(json_get_text(made, "agent_state", ""), "disconnected") == 0) {
		text_copy(leg->error, sizeof(leg->error), "it is not connected");
		fan_leg_cancel(leg);
	}
}

static void handle_submitted(unsigned status, const json_t *body, void *data)
{
	struct fan *fan = data;
	const json_t *made = json_object_get(body, "calls");

	fan->submitting = NULL;
	legs_new(fan, json_array_size(made));
	for (unsigned i = 0; i < fan->n_legs; i++)
		take_leg(&fan->legs[i], json_array_get(made, i));
	if (!fan->errand.call)
		cancel(&fan->errand);
	else if (status >= 300)
		fail(fan, json_get_text(body, "error", "it was not taken"));
	else if (!fan->n_legs)
		fail(fan, "no host was chosen");
	else
		follow_all(fan);
}

static void submit(struct fan *fan, const struct fleet_choice *choice, json_t *args)
{
	fan->deadline_ns = choice->deadline_ns;
	fan->submitting = within_ask(
		fan->org->gateway->api,
		&(struct within_question) {
			.caller = &fan->caller,
			.operation = "create_calls",
			.body = json_pack("{s:s, s:o, s:s*, s:s*, s:I, s:i}", "tool", fan->tool,
					  "arguments", args, "agent", choice->host, "label",
					  choice->label, "timeout_ms",
					  (json_int_t)(choice->deadline_ns / NS_PER_MS),
					  "approval_ms", APPROVAL_MS) },
		handle_submitted, fan);
}

/* --- its client was asked ----------------------------------------------------------------- */

static void take_up(struct fan *fan, const char *text)
{
	CLEANUP(json) json_t *state = json_loads(text, 0, NULL);

	legs_new(fan, json_array_size(state));
	for (unsigned i = 0; i < fan->n_legs; i++) {
		const json_t *one = json_array_get(state, i);
		struct fan_leg *leg = &fan->legs[i];
		char *const to[] = { leg->call, leg->agent, leg->host, leg->error };
		const size_t sizes[] = { sizeof(leg->call), sizeof(leg->agent), sizeof(leg->host),
					 sizeof(leg->error) };

		for (size_t j = 0; j < ARRAY_LEN(to); j++) {
			const char *word = json_string_value(json_array_get(one, j));

			text_copy(to[j], sizes[j], word ? word : "");
		}
	}
}

static void go_on(struct fan *fan, const char *state, const json_t *answer)
{
	bool is_declined = answer && strcmp(json_get_text(answer, "action", ""), "accept") != 0;

	take_up(fan, state);
	fan->was_asked = true;
	if (!is_declined) {
		follow_all(fan);
		return;
	}
	for (unsigned i = 0; i < fan->n_legs; i++)
		fan_leg_cancel(&fan->legs[i]);
	fail(fan, "the approval was declined, so what waited for it was cancelled");
}

void fan_start(struct gateway_client *client, struct mcp_call *call, const json_t *described)
{
	const char *state = mcp_call_state(call), *why = NULL;
	struct fleet_choice choice;
	json_t *args = NULL;
	struct fan *fan;

	if (!fleet_tool_choose(described, mcp_call_arguments(call), &choice, &args, &why)) {
		errand_fail(call, why);
		return;
	}
	fan = fan_new(client, call);
	if (!fan) {
		json_decref(args);
	} else if (state) {
		json_decref(args);
		fan->deadline_ns = choice.deadline_ns;
		go_on(fan, state, json_object_get(mcp_call_answers(call), "approval"));
	} else {
		submit(fan, &choice, args);
	}
}
