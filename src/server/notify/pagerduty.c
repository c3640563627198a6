/*
 * PagerDuty: Events v2 triggers and resolves an alert by its dedup_key, so that an event that
 * comes twice is one; the REST API adds a report to the incident as a note
 * (developer.pagerduty.com). Each of both may be configured alone.
 *
 * The note goes to the PagerDuty incident that the alert came from ("pagerduty_id" of the
 * document's incident), else to the one that our own events opened. A note that may have arrived
 * is looked for by the delivery's id at its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "server/notify/kind.h"

#define EVENTS "https://events.pagerduty.com"
#define API "https://api.pagerduty.com"
#define APPEAL_PATIENCE_NS (120 * NS_PER_SEC)
#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Of a note: which incident, is it there already, write it; before it, that there is one. */
enum step {
	STEP_FIND,
	STEP_LOOK,
	STEP_NOTE,
	STEP_EVENT,
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_get_text(object, key, "");
}

static bool is_id(const char *id)
{
	return *id && strlen(id) <= 64 && !id[strspn(id, ID_CHARS)];
}

/* At most 255 characters; ids are far shorter. */
static void dedup_key(const struct attempt *attempt, char text[255])
{
	text_format(text, 255, "constable-%s", attempt->incident);
}

static const char *incident_of(const struct attempt *attempt)
{
	const char *id = text_of(json_object_get(attempt->document, "incident"), "pagerduty_id");

	id = is_id(id) ? id : text_of(attempt->progress, "incident");
	return is_id(id) ? id : NULL;
}

static enum verdict ask_event(struct attempt *attempt, struct letter *letter)
{
	CLEANUP(json) json_t *document = json_copy(attempt->document);
	json_t *event;
	char key[255];

	if (!json_object_get(attempt->secret, "routing_key"))
		return VERDICT_SKIPPED;
	(void)json_object_del(document, "appeal"); /* the alert is the incident's */
	dedup_key(attempt, key);
	event = report_pagerduty_event(document, key);
	json_put(event, "routing_key", json_string(text_of(attempt->secret, "routing_key")));
	letter->method = "POST";
	letter_set_url(letter, json_get_text(attempt->config, "events_url", EVENTS), "/v2/enqueue");
	letter_set_body(letter, event);
	return VERDICT_MORE;
}

static void set_rest(const struct attempt *attempt, struct letter *letter, const char *path)
{
	letter->method = "GET";
	letter_set_url(letter, json_get_text(attempt->config, "api_url", API), path);
	text_format(letter->secret, sizeof(letter->secret), "Token token=%s",
		    text_of(attempt->secret, "token"));
	letter_add(letter, "From", "%s", text_of(attempt->config, "from"));
	letter_add(letter, "Accept", "application/json");
}

static json_t *note_of(const struct attempt *attempt)
{
	CLEANUP(text) char *text = report_pagerduty_note(attempt->document);
	CLEANUP(buf) struct buf note = { 0 };

	buf_init(&note, REPORT_NOTE_MAX_BYTES + 256);
	buf_add_text(&note, text);
	buf_add_format(&note, "\n[%s]\n", attempt->id);
	return json_pack("{s:{s:s}}", "note", "content", note.data);
}

static enum verdict ask_note(struct attempt *attempt, struct letter *letter)
{
	const char *incident = incident_of(attempt);
	char key[255], path[512];

	if (!incident) {
		dedup_key(attempt, key);
		text_format(path, sizeof(path), "/incidents?limit=1&date_range=all&incident_key=%s",
			    key);
		set_rest(attempt, letter, path);
		attempt->step = STEP_FIND;
		return VERDICT_MORE;
	}
	text_format(path, sizeof(path), "/incidents/%s/notes", incident);
	set_rest(attempt, letter, path);
	if (attempt->is_uncertain && attempt->step < STEP_NOTE) {
		attempt->step = STEP_LOOK;
		return VERDICT_MORE;
	}
	attempt->step = STEP_NOTE;
	letter->method = "POST";
	letter_set_body(letter, note_of(attempt));
	return VERDICT_MORE;
}

/*
 * What people are asked is a note. It may be the first that PagerDuty hears of the incident: then
 * an event opens that, and where none can, there is nothing to add a note to.
 */
static enum verdict ask_appeal(struct attempt *attempt, struct letter *letter)
{
	if (!json_object_get(attempt->secret, "token"))
		return VERDICT_SKIPPED;
	if (incident_of(attempt) || json_get_bool(attempt->progress, "triggered", false))
		return ask_note(attempt, letter);
	attempt->step = STEP_EVENT;
	return ask_event(attempt, letter);
}

static enum verdict ask(struct attempt *attempt, struct letter *letter)
{
	if (attempt_is(attempt, "message"))
		return ask_event(attempt, letter);
	return attempt_is(attempt, "appeal") ? ask_appeal(attempt, letter)
					     : ask_note(attempt, letter);
}

static enum verdict hear_find(struct attempt *attempt, const json_t *answer)
{
	const json_t *first = json_array_get(json_object_get(answer, "incidents"), 0);
	const char *id = text_of(first, "id");

	if (!is_id(id) && attempt_is(attempt, "appeal") &&
	    attempt->now_ns - attempt->created_ns > (int64_t)APPEAL_PATIENCE_NS)
		return VERDICT_SKIPPED; /* reports and the end wait behind it */
	if (!is_id(id)) {
		/* PagerDuty makes an incident of an event a moment later. */
		text_format(attempt->why, sizeof(attempt->why),
			    "PagerDuty has no incident for this yet");
		return VERDICT_AGAIN;
	}
	json_decref(attempt->progress);
	attempt->progress = json_pack("{s:s}", "incident", id);
	attempt->step = STEP_LOOK;
	return VERDICT_MORE;
}

static enum verdict hear_look(struct attempt *attempt, const json_t *answer)
{
	const json_t *note;
	char mark[100];
	size_t i;

	text_format(mark, sizeof(mark), "[%s]", attempt->id);
	json_array_foreach(json_object_get(answer, "notes"), i, note)
	{
		if (strstr(text_of(note, "content"), mark))
			return VERDICT_DELIVERED;
	}
	attempt->step = STEP_NOTE;
	return VERDICT_MORE;
}

static enum verdict hear(struct attempt *attempt)
{
	CLEANUP(json) json_t *answer = NULL;

	if (attempt_is(attempt, "message") || attempt->step == STEP_NOTE)
		return VERDICT_DELIVERED;
	if (attempt->step == STEP_EVENT) {
		json_decref(attempt->progress);
		attempt->progress = json_pack("{s:b}", "triggered", 1);
		return VERDICT_MORE;
	}
	answer = attempt_answer(attempt);
	return attempt->step == STEP_FIND ? hear_find(attempt, answer) : hear_look(attempt, answer);
}

static int check(const json_t *config, const json_t *secret, struct error *err)
{
	if (!json_object_size(secret))
		return error_set(err, -EINVAL,
				 "give a routing_key (Events v2), a token (notes), or both");
	if (json_object_get(secret, "token") && !json_object_get(config, "from"))
		return error_set(err, -EINVAL,
				 "with a token, config needs from: the mail address of a user");
	return 0;
}

static const char *follow_up(const json_t *config UNUSED, const json_t *secret)
{
	return json_object_get(secret, "token") ? "note" : NULL;
}

const struct kind kind_pagerduty = {
	.name = "pagerduty",
	.config_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			 "\"from\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":250},"
			 "\"events_url\":{\"type\":\"string\",\"minLength\":9,\"maxLength\":500},"
			 "\"api_url\":{\"type\":\"string\",\"minLength\":9,\"maxLength\":500}}}",
	.secret_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			 "\"routing_key\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":100},"
			 "\"token\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":200}}}",
	.check = check,
	.follow_up = follow_up,
	.ask = ask,
	.hear = hear,
};
