/* One host of a fan: its call's outcome, read from the store. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/gateway/fan_internal.h"

static const char *const state_names[FAN_N_STATES] = { "done", "failed", "unreachable",
						       "waiting_approval" };

void fan_leg_drop(struct fan_leg *leg)
{
	if (leg->is_waiting)
		hub_wait_cancel(&leg->wait);
	leg->is_waiting = false;
	if (leg->reading)
		within_drop(TAKE(leg->reading));
}

void fan_leg_close(struct fan_leg *leg, enum fan_state state, const char *error)
{
	char text[ERROR_TEXT_BYTES + 32];

	leg->is_closed = true;
	leg->state = state;
	text_copy(leg->error, sizeof(leg->error), error);
	text_format(text, sizeof(text), "%s%s%s", state_names[state], *error ? ": " : "", error);
	leg->fan->n_closed++;
	fan_tell(leg->fan, leg, text);
	fan_count(leg->fan);
}

static void ignore_cancelled(unsigned status UNUSED, const json_t *body UNUSED, void *data UNUSED)
{
	/* It may have ended meanwhile: its outcome stands. */
}

/* Also when its client is gone: in the name of who asked for it. */
void fan_leg_cancel(struct fan_leg *leg)
{
	if (leg->call[0])
		(void)within_ask(leg->fan->org->gateway->api,
				 &(struct within_question) { .caller = &leg->fan->caller,
							     .operation = "cancel_call",
							     .param = leg->call },
				 ignore_cancelled, NULL);
}

/* --- its row ------------------------------------------------------------------------------ */

static void take_result(struct fan_leg *leg, const char *text)
{
	struct error err = { 0 };
	size_t len = strlen(text);

	/* The first is given whole, whatever its size. */
	if (leg->fan->n_bytes && leg->fan->n_bytes + len > GATEWAY_MAX_RESULT) {
		fan_leg_close(leg, FAN_DONE,
			      "its result is left out, as all together are too large: get_call "
			      "has it");
		return;
	}
	leg->fan->n_bytes += len;
	leg->result = json_parse(text, len, HUB_MESSAGE_MAX_BYTES, &err);
	if (leg->result)
		fan_leg_close(leg, FAN_DONE, "");
	else
		fan_leg_close(leg, FAN_FAILED, err.text);
}

static void handle_row(unsigned status, const json_t *body, void *data)
{
	struct fan_leg *leg = data;
	const char *state = json_get_text(body, "state", "");
	const char *error = json_get_text(body, "error", NULL);
	const char *result = json_get_text(body, "result", NULL);

	leg->reading = NULL;
	if (status >= 300)
		fan_leg_close(leg, FAN_FAILED, error ? error : "its outcome cannot be read");
	else if (strcmp(state, "done") == 0 && result)
		take_result(leg, result);
	else if (strcmp(state, "expired") == 0)
		fan_leg_close(leg, FAN_UNREACHABLE, "it did not take the call in time");
	else
		fan_leg_close(leg, FAN_FAILED, error ? error : state);
}

static void read_row(struct fan_leg *leg)
{
	struct fan *fan = leg->fan;

	leg->reading = within_ask(fan->org->gateway->api,
				  &(struct within_question) { .caller = &fan->caller,
							      .operation = "get_call",
							      .param = leg->call },
				  handle_row, leg);
}

/* --- its wait ----------------------------------------------------------------------------- */

/* Neither an outcome nor an approval by then. */
static void give_up(struct fan_leg *leg)
{
	char sentence[256];

	text_format(sentence, sizeof(sentence),
		    leg->is_away
			    ? "it went away before it answered; get_call %s tells how that ended"
			    : "it did not answer in time; get_call %s tells how that ended",
		    leg->call);
	fan_leg_close(leg, leg->is_away ? FAN_UNREACHABLE : FAN_FAILED, sentence);
}

static void handle_state(struct hub_wait *wait, const char *state, const struct error *err)
{
	struct fan_leg *leg = container_of(wait, struct fan_leg, wait);
	char sentence[256];

	leg->is_waiting = false;
	if (err) {
		fan_leg_close(leg, FAN_FAILED, err->text);
	} else if (hub_is_outcome(state)) {
		read_row(leg);
	} else if (strcmp(state, "waiting_approval") == 0) {
		text_format(sentence, sizeof(sentence),
			    "it wants an approval: constable approval sign %s; get_call tells how "
			    "it ended",
			    leg->call);
		fan_leg_close(leg, FAN_WAITS, sentence);
	} else {
		give_up(leg);
	}
}

static void wait_until(struct fan_leg *leg, uint64_t until_ns)
{
	struct fan *fan = leg->fan;

	leg->wait = (struct hub_wait) { .org = fan->org->org->id,
					.call = leg->call,
					.until_ns = until_ns,
					.ends_at_approval = !fan->was_asked,
					.done = handle_state };
	leg->is_waiting = true;
	hub_wait(fan->org->gateway->api->hub, &leg->wait);
}

void fan_leg_follow(struct fan_leg *leg)
{
	wait_until(leg, leg->fan->until_ns);
}

void fan_leg_hear(struct fan_leg *leg, const char *presence)
{
	uint64_t soon_ns = clock_monotonic_ns() + FAN_AWAY_NS;

	leg->is_away = strcmp(presence, "disconnected") == 0;
	if (!leg->is_waiting)
		return;
	hub_wait_cancel(&leg->wait);
	wait_until(leg,
		   !leg->is_away || soon_ns > leg->fan->until_ns ? leg->fan->until_ns : soon_ns);
}

json_t *fan_leg_describe(struct fan_leg *leg)
{
	json_t *entry =
		json_pack("{s:o, s:s, s:s}", "host", json_text(leg->host, strlen(leg->host)),
			  "agent", leg->agent, "state", state_names[leg->state]);

	if (leg->call[0])
		json_put(entry, "call", json_string(leg->call));
	if (leg->error[0])
		json_put(entry, "error", json_text(leg->error, strlen(leg->error)));
	if (leg->result)
		json_put(entry, "result", TAKE(leg->result));
	return entry;
}
