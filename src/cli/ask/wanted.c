#include "cli/ask/wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/hash.h"
#include "cli/ask/signed.h"
#include "cli/terminal/escape.h"

#define WHY_MAX_BYTES 1000
#define APPROVE_IDS ((json_int_t)1 << 40) /* the investigator's are numbers of evidence */
#define NONCE_BYTES 64
#define CALL_ID_BYTES 80
#define LINE_BYTES 1024

struct wanted_change {
	struct wanted_change *next;
	json_int_t id;
	bool is_consented;        /* the yes of before was for this one */
	json_t *words;            /* as struct person_matter has them */
	char nonce[NONCE_BYTES];  /* of this host */
	char call[CALL_ID_BYTES]; /* of another host: its id at the server, once it waits */
	enum wanted_state {
		WANTED_NEW,
		WANTED_ASKED,
		WANTED_ALLOWED,
		WANTED_REFUSED, /* of another host: its outcome is nobody's any more */
	} state;
};

static void free_change(struct wanted_change *change)
{
	json_decref(change->words);
	free(change);
}

void wanted_finish(struct wanted *wanted)
{
	while (wanted->changes) {
		struct wanted_change *change = wanted->changes;

		wanted->changes = change->next;
		free_change(change);
	}
}

void wanted_cleanup(struct wanted *wanted)
{
	wanted_finish(wanted);
}

static struct wanted_change *find(const struct wanted *wanted, json_int_t id)
{
	struct wanted_change *change = wanted->changes;

	while (change && change->id != id)
		change = change->next;
	return change;
}

void wanted_note(struct wanted *wanted, const struct frame *call)
{
	const char *why = json_get_text(call->header, "why", NULL);
	struct wanted_change *change;

	if (!why || wanted->person->fd < 0 || wanted->n == WANTED_MAX)
		return;
	change = calloc(1, sizeof(*change));
	if (!change)
		abort();
	wanted->n++;
	change->id = json_get_int(call->header, "id", 0);
	change->words =
		json_pack("{s:s, s:o, s:o}", "tool", json_get_text(call->header, "tool", ""), "why",
			  json_text(why, strnlen(why, WHY_MAX_BYTES)), "arguments",
			  json_text(call->n_body ? call->body : "", call->n_body));
	change->next = wanted->changes;
	wanted->changes = change;
}

bool wanted_waits(const struct wanted *wanted, json_int_t id)
{
	const struct wanted_change *change = find(wanted, id);

	return change && change->state == WANTED_ASKED && !*change->call;
}

static void forget(struct wanted *wanted, struct wanted_change *change)
{
	struct wanted_change **at = &wanted->changes;

	while (*at != change)
		at = &(*at)->next;
	*at = change->next;
	free_change(change);
}

/* With the nonce the same bytes run, once. */
static int send_again(const struct wanted *wanted, const struct wanted_change *change,
		      struct error *err)
{
	const char *args = json_get_text(change->words, "arguments", "");
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s, s:I, s:s}", "type", "call", "tool",
				   json_get_text(change->words, "tool", ""), "id", change->id,
				   "nonce", change->nonce);

	return frame_write(wanted->gate->fd, header, args, strlen(args), err);
}

static bool fits_consent(const struct wanted *wanted, const struct wanted_change *change)
{
	const json_t *words = change->words;
	CLEANUP(json) json_t *args = json_loads(json_get_text(words, "arguments", ""), 0, NULL);
	CLEANUP(text) char *text = args ? json_canonical(args) : NULL;
	char sha256[HASH_TEXT_BYTES];

	return text && json_equal(args, json_object_get(wanted->consent, "args")) &&
	       strcmp(json_get_text(wanted->consent, "tool", ""),
		      json_get_text(words, "tool", "")) == 0 &&
	       strcmp(json_get_text(words, "args_sha256", ""),
		      hash_text(text, strlen(text), sha256)) == 0;
}

/* He said yes to these very bytes before: to one call, which may have to be signed twice. */
static bool is_consented(struct wanted *wanted, struct wanted_change *change)
{
	if ((wanted->is_consent_used && !change->is_consented) || !fits_consent(wanted, change))
		return false;
	wanted->is_consent_used = change->is_consented = true;
	return true;
}

static int allow(const struct wanted *wanted, struct wanted_change *change, struct error *err)
{
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s, s:I}", "type", "approve", "nonce", change->nonce,
				   "id", APPROVE_IDS + change->id);
	int r;

	change->state = WANTED_ALLOWED;
	r = frame_write(wanted->gate->fd, header, NULL, 0, err);
	return r < 0 ? r : 0;
}

static void take_approval(struct wanted_change *change, const json_t *approval)
{
	text_format(change->nonce, sizeof(change->nonce), "%s",
		    json_get_text(approval, "nonce", ""));
	change->state = WANTED_ASKED;
	json_put(change->words, "asked_by",
		 json_string(json_get_text(approval, "asked_by", "somebody")));
	json_put(change->words, "args_sha256",
		 json_string(json_get_text(approval, "args_sha256", "")));
}

static bool ask(const struct wanted *wanted, struct wanted_change *change)
{
	return person_ask(wanted->person, &(struct person_matter) {
						  .kind = PERSON_CHANGE,
						  .id = change->id,
						  .words = json_incref(change->words),
					  });
}

/* What is signed are the canonical bytes; the server is not believed that it has these. */
static void put_signed_words(const struct wanted *wanted, struct wanted_change *change)
{
	const char *given = json_get_text(change->words, "arguments", "");
	CLEANUP(json) json_t *args = json_loads(given, 0, NULL);
	CLEANUP(text) char *text = json_canonical(args);
	char sha256[HASH_TEXT_BYTES];

	json_put(change->words, "arguments", json_text(text, strlen(text)));
	json_put(change->words, "args_sha256", json_string(hash_text(text, strlen(text), sha256)));
	json_put(change->words, "asked_by", json_string("This investigation"));
	json_put(change->words, "host", json_text(wanted->host, strlen(wanted->host)));
}

/* Where he cannot sign after all, others still may. */
static void sign(const struct wanted *wanted, struct wanted_change *change)
{
	change->state = WANTED_ALLOWED;
	(void)signed_give(wanted->cli, change->call, json_get_text(change->words, "tool", "?"),
			  json_get_text(change->words, "args_sha256", "?"));
}

static bool ask_to_sign(struct wanted *wanted, struct wanted_change *change)
{
	if (wanted->person->fd < 0 || !signed_may(wanted->cli, change->call))
		return false;
	put_signed_words(wanted, change);
	if (is_consented(wanted, change)) {
		sign(wanted, change);
		return true;
	}
	change->state = WANTED_ASKED;
	return person_ask(wanted->person, &(struct person_matter) {
						  .kind = PERSON_CHANGE,
						  .id = change->id,
						  .words = json_incref(change->words),
					  });
}

/* In the words of a server, which steer no terminal. */
static void tell_who_may(const json_t *progress, const char *call)
{
	CLEANUP(buf) struct buf shown = { 0 };
	char line[LINE_BYTES];

	text_format(line, sizeof(line),
		    "'%.64s' on %.256s waits for an approval; who may: constable approval sign %s",
		    json_get_text(progress, "tool", ""), json_get_text(progress, "host", ""), call);
	buf_init(&shown, 16 * LINE_BYTES);
	escape_add(&shown, line, strlen(line), CHARSET_UTF8);
	(void)fprintf(stderr, "constable: %s\n", buf_text(&shown));
}

/* Another host's call waits for a signature. */
static void hear_progress(struct wanted *wanted, const json_t *progress)
{
	struct wanted_change *change = find(wanted, json_get_int(progress, "id", 0));
	const char *call = json_get_text(progress, "call_id", "");

	if (strcmp(json_get_text(progress, "waits_for", ""), "approval") != 0)
		return;
	if (change && (change->state == WANTED_ASKED || change->state == WANTED_REFUSED))
		return; /* a nonce that is too old does not change what is asked */
	if (change)
		text_format(change->call, sizeof(change->call), "%s", call);
	if (!change || !ask_to_sign(wanted, change))
		tell_who_may(progress, call);
}

/* 1: the person here refused it. */
static int end_signed(const struct wanted *wanted, struct wanted_change *change)
{
	if (change->state == WANTED_REFUSED)
		return 1;
	person_forget(wanted->person, PERSON_CHANGE, change->id);
	return 0;
}

int wanted_hear(struct wanted *wanted, const struct frame *answer, struct error *err)
{
	const json_t *approval = json_object_get(answer->header, "approval");
	json_int_t id = json_get_int(answer->header, "id", 0);
	bool is_ours = id >= APPROVE_IDS;
	struct wanted_change *change = find(wanted, is_ours ? id - APPROVE_IDS : id);
	int r;

	if (strcmp(json_get_text(answer->header, "type", ""), "progress") == 0) {
		hear_progress(wanted, answer->header);
		return 1;
	}
	if (change && wanted->host) {
		r = end_signed(wanted, change);
		forget(wanted, change);
		return r;
	}
	if (!change)
		return is_ours; /* nobody waits for that yes any more */
	if (is_ours)            /* without the approval the gate refuses it, and says why */
		return send_again(wanted, change, err) < 0 ? err->code : 1;
	if (json_is_object(approval) && change->state == WANTED_NEW) {
		take_approval(change, approval);
		if (is_consented(wanted, change))
			return allow(wanted, change, err) < 0 ? err->code : 1;
		if (ask(wanted, change))
			return 1;
	}
	forget(wanted, change);
	return 0;
}

/* His no ends the call at the server. */
static int decide_signed(const struct wanted *wanted, struct wanted_change *change, bool is_yes,
			 struct error *err)
{
	CLEANUP(json)
	json_t *cancel = json_pack("{s:s, s:I}", "type", "cancel", "id", change->id);
	int r;

	if (is_yes) {
		sign(wanted, change);
		return 0;
	}
	change->state = WANTED_REFUSED;
	r = frame_write(wanted->gate->fd, cancel, NULL, 0, err);
	return r < 0 ? r : 1;
}

int wanted_decide(struct wanted *wanted, const struct person_said *said, struct error *err)
{
	struct wanted_change *change = find(wanted, said->id);

	if (!change)
		return 0;
	if (wanted->host)
		return decide_signed(wanted, change, *said->text, err);
	if (!*said->text) {
		forget(wanted, change);
		return 1;
	}
	return allow(wanted, change, err);
}
