/*
 * What people are asked, as a reply in the thread of the incident's message, which is posted first
 * where there is none yet. That reply is updated when it has ended: nobody presses a button of it
 * then.
 */
#include <stdlib.h>
#include <string.h>

#include "server/notify/slack_internal.h"

#define MAX_KEPT 16 /* replies of an incident that can be updated still */

enum step {
	STEP_LOOK_ROOT,
	STEP_ROOT,
	STEP_LOOK,
	STEP_SAY,
};

static const json_t *appeal_of(const struct attempt *attempt)
{
	return json_object_get(attempt->document, "appeal");
}

static bool is_open(const struct attempt *attempt)
{
	return strcmp(slack_text(appeal_of(attempt), "state"), "open") == 0;
}

/* Of its own message; "" where that was never posted. */
static const char *own_ts(const struct attempt *attempt)
{
	const json_t *kept = json_object_get(attempt->reference, "appeals");

	return slack_text(kept, slack_text(appeal_of(attempt), "id"));
}

static void forget(struct attempt *attempt)
{
	(void)json_object_del(json_object_get(attempt->reference, "appeals"),
			      slack_text(appeal_of(attempt), "id"));
}

static void keep(struct attempt *attempt, const char *ts)
{
	json_t *kept = json_object_get(attempt->reference, "appeals");

	if (!slack_is_timestamp(ts) || !attempt->reference)
		return;
	if (!kept) {
		kept = json_object();
		json_put(attempt->reference, "appeals", kept);
	}
	if (json_object_size(kept) >= MAX_KEPT)
		(void)json_object_del(kept, json_object_iter_key(json_object_iter(kept)));
	json_put(kept, slack_text(appeal_of(attempt), "id"), json_string(ts));
}

/* The incident's, without what this is about. */
static enum verdict ask_root(struct attempt *attempt, struct letter *letter)
{
	CLEANUP(json)
	json_t *document = json_pack("{s:s, s:O?}", "kind", "opened", "incident",
				     json_object_get(attempt->document, "incident"));

	slack_method(attempt, letter, "/chat.postMessage");
	/* Not this delivery's: a thread begins with it, where that is looked for. */
	slack_body(attempt, letter, report_slack(document, OUTLINE_BRIEF), NULL);
	return VERDICT_MORE;
}

static json_t *body_of(const struct attempt *attempt)
{
	json_t *body = report_slack(attempt->document, OUTLINE_BRIEF);
	json_t *blocks = json_object_get(body, "blocks");
	CLEANUP(json) json_t *controls = report_slack_controls(attempt->document);

	if (json_get_bool(attempt->config, "interactive", false) &&
	    json_array_size(blocks) + json_array_size(controls) <= REPORT_SLACK_MAX_BLOCKS &&
	    json_array_extend(blocks, controls) < 0)
		abort();
	return body;
}

static enum verdict ask_say(struct attempt *attempt, struct letter *letter)
{
	const char *own = own_ts(attempt);
	json_t *body;

	if (!*own && !is_open(attempt))
		return VERDICT_SKIPPED; /* nobody has read of it */
	body = body_of(attempt);
	slack_method(attempt, letter, *own ? "/chat.update" : "/chat.postMessage");
	json_put(body, *own ? "ts" : "thread_ts",
		 json_string(*own ? own : slack_text(attempt->reference, "ts")));
	slack_body(attempt, letter, body, attempt->id);
	return VERDICT_MORE;
}

enum verdict slack_ask_appeal(struct attempt *attempt, struct letter *letter)
{
	const char *root = slack_text(attempt->reference, "ts");
	bool may_be_there = attempt->is_uncertain && !*own_ts(attempt);

	if (!*root && !is_open(attempt))
		return VERDICT_SKIPPED;
	if (!*root && attempt->is_uncertain && attempt->step <= STEP_LOOK_ROOT)
		return slack_look(attempt, letter, NULL);
	if (!*root) {
		attempt->step = STEP_ROOT;
		return ask_root(attempt, letter);
	}
	if (may_be_there && attempt->step <= STEP_LOOK) {
		attempt->step = STEP_LOOK;
		return slack_look(attempt, letter, root);
	}
	attempt->step = STEP_SAY;
	return ask_say(attempt, letter);
}

static enum verdict hear_no(struct attempt *attempt, const char *error)
{
	bool looks = attempt->step == STEP_LOOK_ROOT || attempt->step == STEP_LOOK;

	/* Whoever may not look may still post. */
	if (looks && !slack_is_passing(error)) {
		attempt->step++;
		return VERDICT_MORE;
	}
	if (attempt->step == STEP_SAY && *own_ts(attempt) && slack_is_lost(error)) {
		forget(attempt);
		return VERDICT_MORE;
	}
	return slack_refused(attempt, error);
}

enum verdict slack_hear_appeal(struct attempt *attempt, const json_t *answer)
{
	const char *found;

	if (!json_get_bool(answer, "ok", false))
		return hear_no(attempt, slack_text(answer, "error"));
	switch ((enum step)attempt->step) {
	case STEP_LOOK_ROOT:
		found = slack_find(answer, "incident", attempt->incident);
		if (found)
			slack_remember(attempt, slack_text(attempt->config, "channel"), found);
		attempt->step = STEP_ROOT;
		return VERDICT_MORE;
	case STEP_ROOT:
		slack_remember(attempt, slack_text(answer, "channel"), slack_text(answer, "ts"));
		attempt->step = STEP_SAY;
		return *slack_text(attempt->reference, "ts") ? VERDICT_MORE : VERDICT_AGAIN;
	case STEP_LOOK:
		found = slack_find(answer, "delivery", attempt->id);
		if (found)
			keep(attempt, found);
		attempt->step = STEP_SAY;
		return found ? VERDICT_DELIVERED : VERDICT_MORE;
	case STEP_SAY:
		keep(attempt, slack_text(answer, "ts"));
		return VERDICT_DELIVERED;
	}
	return VERDICT_REFUSED;
}
