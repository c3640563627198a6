/*
 * Slack: with a bot's token chat.postMessage, chat.update and replies in the message's thread
 * (docs.slack.dev/reference/methods); or an incoming webhook, which can only post.
 *
 * Slack has no idempotency key. A post that may have arrived is looked for by its metadata
 * (scope channels:history or groups:history, and the channel given by its id); where that is
 * not allowed it is posted again.
 */
#include <errno.h>
#include <string.h>

#include "server/notify/slack_internal.h"

#define API "https://slack.com/api"
#define HISTORY_LIMIT 100
#define EVENT_TYPE "constable_delivery"

/* Of a message part: look for it, then update or post. */
enum step {
	STEP_LOOK,
	STEP_UPDATE,
	STEP_POST,
};

const char *slack_text(const json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

/* As Slack writes them; anything else would be part of a URL or a body of ours. */
static bool is_channel_id(const char *text)
{
	return *text && strlen(text) <= 64 &&
	       !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")];
}

bool slack_is_timestamp(const char *text)
{
	return *text && strlen(text) <= 40 && !text[strspn(text, "0123456789.")];
}

static bool is_bot(const struct attempt *attempt)
{
	return json_object_get(attempt->secret, "token") != NULL;
}

void slack_method(const struct attempt *attempt, struct letter *letter, const char *method)
{
	letter->method = "POST";
	letter_set_url(letter, json_get_text(attempt->config, "api_url", API), method);
	text_format(letter->secret, sizeof(letter->secret), "Bearer %s",
		    slack_text(attempt->secret, "token"));
}

const char *slack_channel(const struct attempt *attempt)
{
	return json_get_text(attempt->reference, "channel", slack_text(attempt->config, "channel"));
}

void slack_body(const struct attempt *attempt, struct letter *letter, json_t *body,
		const char *delivery)
{
	json_put(body, "channel", json_string(slack_channel(attempt)));
	json_put(body, "metadata",
		 json_pack("{s:s, s:{s:s*, s:s}}", "event_type", EVENT_TYPE, "event_payload",
			   "delivery", delivery, "incident", attempt->incident));
	letter_set_body(letter, body);
}

enum verdict slack_look(struct attempt *attempt, struct letter *letter, const char *ts)
{
	const char *channel = slack_channel(attempt);
	char path[512];

	/* The least time is that of the delivery; the clocks of both may differ by minutes. */
	if (ts)
		text_format(path, sizeof(path),
			    "/conversations.replies?include_all_metadata=true&limit=%d&ts=%s"
			    "&channel=%s",
			    HISTORY_LIMIT, ts, channel);
	else
		text_format(path, sizeof(path),
			    "/conversations.history?include_all_metadata=true&limit=%d"
			    "&oldest=%lld&channel=%s",
			    HISTORY_LIMIT, (long long)(attempt->created_ns / 1000000000) - 300,
			    channel);
	slack_method(attempt, letter, path);
	letter->method = "GET";
	return VERDICT_MORE;
}

static enum verdict ask_post(struct attempt *attempt, struct letter *letter)
{
	bool is_reply = attempt_is(attempt, "reply");
	json_t *body = report_slack(attempt->document, is_reply ? OUTLINE_FULL : OUTLINE_BRIEF);

	slack_method(attempt, letter, "/chat.postMessage");
	if (is_reply)
		json_put(body, "thread_ts", json_string(slack_text(attempt->reference, "ts")));
	slack_body(attempt, letter, body, attempt->id);
	return VERDICT_MORE;
}

static enum verdict ask_update(struct attempt *attempt, struct letter *letter)
{
	json_t *body = report_slack(attempt->document, OUTLINE_BRIEF);

	slack_method(attempt, letter, "/chat.update");
	json_put(body, "ts", json_string(slack_text(attempt->reference, "ts")));
	slack_body(attempt, letter, body, attempt->id);
	return VERDICT_MORE;
}

static enum verdict ask_webhook(struct attempt *attempt, struct letter *letter)
{
	letter->method = "POST";
	letter_set_url(letter, slack_text(attempt->secret, "webhook_url"), "");
	letter_set_body(letter, report_slack(attempt->document, OUTLINE_BRIEF));
	return VERDICT_MORE;
}

static enum verdict ask(struct attempt *attempt, struct letter *letter)
{
	bool has_message = json_object_get(attempt->reference, "ts") != NULL;

	if (!is_bot(attempt))
		return ask_webhook(attempt, letter);
	if (attempt_is(attempt, "appeal"))
		return slack_ask_appeal(attempt, letter);
	if (attempt_is(attempt, "reply") && !has_message)
		return VERDICT_SKIPPED; /* its message was refused */
	if (attempt->step == STEP_LOOK && attempt->is_uncertain &&
	    is_channel_id(slack_channel(attempt)) && (attempt_is(attempt, "reply") || !has_message))
		return slack_look(attempt, letter,
				  has_message ? slack_text(attempt->reference, "ts") : NULL);
	if (attempt_is(attempt, "message") && has_message) {
		attempt->step = STEP_UPDATE;
		return ask_update(attempt, letter);
	}
	attempt->step = STEP_POST;
	return ask_post(attempt, letter);
}

void slack_remember(struct attempt *attempt, const char *channel, const char *ts)
{
	if (!is_channel_id(channel) || !slack_is_timestamp(ts))
		return;
	json_decref(attempt->reference);
	attempt->reference = json_pack("{s:s, s:s}", "channel", channel, "ts", ts);
}

const char *slack_find(const json_t *answer, const char *key, const char *own)
{
	const json_t *message;
	size_t i;

	json_array_foreach(json_object_get(answer, "messages"), i, message)
	{
		const json_t *metadata = json_object_get(message, "metadata");
		const json_t *payload = json_object_get(metadata, "event_payload");

		if (strcmp(slack_text(metadata, "event_type"), EVENT_TYPE) == 0 &&
		    strcmp(slack_text(payload, key), own) == 0)
			return slack_text(message, "ts");
	}
	return NULL;
}

static enum verdict hear_look(struct attempt *attempt, const json_t *answer)
{
	/* Which carries this delivery or, of a first message, this incident. */
	const char *ts = attempt_is(attempt, "reply")
				 ? slack_find(answer, "delivery", attempt->id)
				 : slack_find(answer, "incident", attempt->incident);

	attempt->step = STEP_UPDATE;
	if (ts && attempt_is(attempt, "reply"))
		return VERDICT_DELIVERED;
	if (ts)
		slack_remember(attempt, slack_text(attempt->config, "channel"), ts);
	return VERDICT_MORE;
}

bool slack_is_passing(const char *error)
{
	static const char *const words[] = { "ratelimited",         "rate_limited",
					     "internal_error",      "fatal_error",
					     "service_unavailable", "request_timeout",
					     "team_added_to_org" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(error, words[i]) == 0)
			return true;
	return false;
}

bool slack_is_lost(const char *error)
{
	return strcmp(error, "message_not_found") == 0 ||
	       strcmp(error, "cant_update_message") == 0 ||
	       strcmp(error, "edit_window_closed") == 0;
}

enum verdict slack_refused(struct attempt *attempt, const char *error)
{
	text_format(attempt->why, sizeof(attempt->why), "Slack says %.60s",
		    error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")] ? "no" : error);
	return slack_is_passing(error) ? VERDICT_AGAIN : VERDICT_REFUSED;
}

static enum verdict hear_no(struct attempt *attempt, const json_t *answer)
{
	const char *error = slack_text(answer, "error");

	/* Whoever may not look may still post. */
	if (attempt->step == STEP_LOOK && !slack_is_passing(error)) {
		attempt->step = STEP_UPDATE;
		return VERDICT_MORE;
	}
	if (attempt->step == STEP_UPDATE && slack_is_lost(error)) {
		json_decref(attempt->reference);
		attempt->reference = NULL;
		return VERDICT_MORE;
	}
	return slack_refused(attempt, error);
}

static enum verdict hear(struct attempt *attempt)
{
	CLEANUP(json) json_t *answer = NULL;

	if (!is_bot(attempt))
		return VERDICT_DELIVERED;
	answer = attempt_answer(attempt);
	if (attempt_is(attempt, "appeal"))
		return slack_hear_appeal(attempt, answer);
	if (!json_get_bool(answer, "ok", false))
		return hear_no(attempt, answer);
	if (attempt->step == STEP_LOOK)
		return hear_look(attempt, answer);
	if (attempt->step == STEP_POST && attempt_is(attempt, "message"))
		slack_remember(attempt, slack_text(answer, "channel"), slack_text(answer, "ts"));
	return VERDICT_DELIVERED;
}

static int check(const json_t *config, const json_t *secret, struct error *err)
{
	if (json_object_size(secret) != 1)
		return error_set(err, -EINVAL, "give either a bot's token or a webhook_url");
	if (json_object_get(secret, "token") && !json_object_get(config, "channel"))
		return error_set(err, -EINVAL, "with a token, config needs a channel (its id)");
	if (json_get_bool(config, "interactive", false) && !json_object_get(secret, "token"))
		return error_set(err, -EINVAL, "only a bot's messages can be interactive");
	return 0;
}

static const char *follow_up(const json_t *config UNUSED, const json_t *secret)
{
	return json_object_get(secret, "token") ? "reply" : NULL;
}

const struct kind kind_slack = {
	.name = "slack",
	.config_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			 "\"channel\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":80},"
			 "\"interactive\":{\"type\":\"boolean\"},"
			 "\"api_url\":{\"type\":\"string\",\"minLength\":9,\"maxLength\":500}}}",
	.secret_schema =
		"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
		"\"token\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":500},"
		"\"webhook_url\":{\"type\":\"string\",\"minLength\":9,\"maxLength\":1000}}}",
	.check = check,
	.follow_up = follow_up,
	.ask = ask,
	.hear = hear,
};
