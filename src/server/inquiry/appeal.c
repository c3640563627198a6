/* The appeals of a run: asked, answered, ended. What people say of them is in appeal_give.c. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/inquiry/inquiries_internal.h"

static const char open_sql[] =
	"INSERT INTO appeals (org, id, investigation, agent, kind, state, asked, expires, call, "
	"data) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9) ON CONFLICT DO NOTHING";
static const char extend_sql[] = "UPDATE appeals SET expires = $3 WHERE org = $1 AND id = $2 AND "
				 "state = 'open'";
static const char close_sql[] =
	"UPDATE appeals SET state = $3, closed = $4, closed_by = $5, answer = $6 WHERE org = $1 "
	"AND id = $2 AND state = 'open'";
static const char close_change_sql[] =
	"UPDATE appeals SET state = $3, closed = $4, answer = $5, closed_by = (SELECT "
	"max(approver) FROM approvals WHERE approvals.org = $1 AND approvals.call = $6) "
	"WHERE org = $1 AND id = $2 AND state = 'open'";

static struct appeal *add(struct run *run, const char *agent)
{
	struct appeal *appeal = calloc(1, sizeof(*appeal));

	if (!appeal)
		abort();
	appeal->next = run->appeals;
	run->appeals = appeal;
	run->n_appeals++;
	text_format(appeal->agent, sizeof(appeal->agent), "%s", agent);
	return appeal;
}

void appeals_free(struct run *run)
{
	while (run->appeals) {
		struct appeal *appeal = run->appeals;

		run->appeals = appeal->next;
		free(appeal->text);
		free(appeal->answer);
		free(appeal);
	}
}

static const char *kind_of(const struct appeal *appeal)
{
	if (appeal->is_form)
		return "form";
	if (appeal->is_tool)
		return "tool";
	return *appeal->call ? "change" : "question";
}

static void open_appeal(const struct leg *leg, const struct appeal *appeal, uint64_t expires_ns,
			const json_t *data)
{
	CLEANUP(text) char *text = json_canonical(data);

	SCROLL_WRITE(&leg->run->scroll, RUN_TAG_APPEAL, open_sql, store_text(leg->run->org),
		     store_text(appeal->id), store_text(leg->run->id), store_text(leg->agent),
		     store_text(kind_of(appeal)), store_int((int64_t)clock_wall_ns()),
		     store_int((int64_t)expires_ns),
		     *appeal->call && !appeal->is_tool ? store_text(appeal->call) : store_null(),
		     store_text(text));
}

/* Its investigator waits for a person, which is no time of the run; then it does not any more. */
static void await(struct run *run, struct appeal *appeal, json_int_t number)
{
	appeal->number = number;
	appeal->asked_ns = clock_monotonic_ns();
	run_wait_person(run);
}

static void hear(struct run *run, struct appeal *appeal, enum tally_person end)
{
	if (!appeal->number)
		return;
	appeal->number = 0;
	tally_person(&run->inquiries->tally, TALLY_QUESTION, end,
		     clock_monotonic_ns() - appeal->asked_ns);
	run_hear_person(run);
}

static void close_appeal(struct run *run, struct appeal *appeal, const char *state, const char *by,
			 const char *answer)
{
	appeal->is_open = false;
	hear(run, appeal, answer ? TALLY_ANSWERED : TALLY_UNANSWERED);
	SCROLL_WRITE(&run->scroll, RUN_TAG_APPEAL, close_sql, store_text(run->org),
		     store_text(appeal->id), store_text(state), store_int((int64_t)clock_wall_ns()),
		     store_text(by), store_text(answer));
}

static void name_appeal(struct appeal *appeal)
{
	char nonce[NONCE_TEXT_BYTES];

	text_format(appeal->id, sizeof(appeal->id), "ap_%.24s", nonce_make(nonce));
	appeal->is_open = true;
}

/* --- questions --------------------------------------------------------------------------- */

static void answer_investigator(struct leg *leg, json_int_t number, const char *text)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:I}", "type", "person", "id", number);

	leg_send(leg, header, (struct str) { text, strlen(text) });
}

/* The same of the same host: open since before a restart, or answered. */
static struct appeal *find_asked(const struct leg *leg, const char *text)
{
	for (struct appeal *appeal = leg->run->appeals; appeal; appeal = appeal->next)
		if (appeal->text && strcmp(appeal->text, text) == 0 &&
		    strcmp(appeal->agent, leg->agent) == 0 &&
		    (appeal->answer || (appeal->is_open && !appeal->number)))
			return appeal;
	return NULL;
}

/* As clients know it: {"questions": [{"question", "options"}]}; ours has the rest. */
static void tell_question(const struct leg *leg, const struct appeal *appeal, const json_t *words,
			  uint64_t expires_ns)
{
	json_t *options = json_array();
	char expires[CLOCK_TEXT_BYTES];
	const json_t *choice;
	size_t i;

	json_array_foreach(json_object_get(words, "choices"), i, choice)
		json_push(options, json_pack("{s:s}", "label", json_string_value(choice)));
	run_tell(leg->run, "question",
		 json_pack("{s:[{s:O, s:o}], s:I, s:s, s:s, s:s}", "questions", "question",
			   json_object_get(words, "text"), "options", options, "id", appeal->number,
			   "host", leg->host, "question_id", appeal->id, "expires",
			   clock_format(expires_ns, expires)));
}

static void ask(struct leg *leg, struct appeal *appeal, json_t *words)
{
	uint64_t expires_ns = clock_wall_ns() + leg->answer_ns;

	if (*appeal->id) {
		SCROLL_WRITE(&leg->run->scroll, 0, extend_sql, store_text(leg->run->org),
			     store_text(appeal->id), store_int((int64_t)expires_ns));
	} else {
		name_appeal(appeal);
		appeal->text = json_canonical(words);
		json_put(words, "host", json_text(leg->host, strlen(leg->host)));
		open_appeal(leg, appeal, expires_ns, words);
	}
	tell_question(leg, appeal, words, expires_ns);
}

void leg_take_question(struct leg *leg, const json_t *asked)
{
	CLEANUP(json) json_t *words = appeal_words_of(asked);
	CLEANUP(text) char *text = json_canonical(words);
	json_int_t number = json_get_int(asked, "id", 0);
	struct appeal *appeal = find_asked(leg, text);

	if (number <= 0)
		return; /* of one that does not wait */
	if (appeal && appeal->answer) {
		answer_investigator(leg, number, appeal->answer);
	} else if (!appeal && leg->run->n_appeals >= RUN_MAX_APPEALS) {
		answer_investigator(leg, number, "People were asked enough: go on without.");
	} else {
		appeal = appeal ? appeal : add(leg->run, leg->agent);
		await(leg->run, appeal, number);
		ask(leg, appeal, words);
	}
}

void leg_take_question_timeout(struct leg *leg, const json_t *told)
{
	json_int_t number = json_get_int(told, "id", 0);

	for (struct appeal *appeal = leg->run->appeals; appeal; appeal = appeal->next)
		if (appeal->number && appeal->number == number &&
		    strcmp(appeal->agent, leg->agent) == 0)
			close_appeal(leg->run, appeal, "expired", NULL, NULL);
	run_tell(leg->run, "question_timeout",
		 json_pack("{s:s, s:s}", "message", "Nobody answered in time: it goes on without.",
			   "host", leg->host));
}

void leg_forget_questions(const struct leg *leg)
{
	for (struct appeal *appeal = leg->run->appeals; appeal; appeal = appeal->next)
		if (strcmp(appeal->agent, leg->agent) == 0)
			hear(leg->run, appeal, TALLY_UNANSWERED);
}

static void give(struct run *run, struct appeal *appeal, const char *text)
{
	json_int_t number = appeal->number;

	if (appeal->is_form) {
		appeal->is_open = false;
		elicit_give(run, appeal->id, text);
		return;
	}

	free(appeal->answer);
	appeal->answer = strdup(text);
	if (!appeal->answer)
		abort();
	appeal->is_open = false;
	hear(run, appeal, TALLY_ANSWERED);
	for (unsigned i = 0; i < run->n_legs && number; i++)
		if (strcmp(run->legs[i].agent, appeal->agent) == 0)
			answer_investigator(&run->legs[i], number, text);
	if (appeal->is_tool)
		ask_decide(run, appeal->id, text);
}

bool run_answer(struct run *run, const json_t *answers, const char *by)
{
	CLEANUP(buf) struct buf text = { 0 };
	bool is_asked = false;

	buf_init(&text, APPEAL_ANSWER_BYTES);
	appeal_write_answers(answers, &text);
	for (struct appeal *appeal = run->appeals; appeal; appeal = appeal->next) {
		if (run->state != RUN_RUNNING || !appeal->number)
			continue;
		give(run, appeal, buf_text(&text));
		close_appeal(run, appeal, "answered", by, buf_text(&text));
		is_asked = true;
	}
	return is_asked;
}

static struct appeal *find(const struct run *run, const char *id)
{
	struct appeal *appeal = run->appeals;

	while (appeal && strcmp(appeal->id, id) != 0)
		appeal = appeal->next;
	return appeal;
}

/* One that is not read yet waits for who will ask it again. */
void run_give(struct run *run, const char *id, const char *text)
{
	struct appeal *appeal = find(run, id);

	if (!appeal) {
		appeal = add(run, "");
		text_format(appeal->id, sizeof(appeal->id), "%s", id);
	}
	give(run, appeal, text);
}

/* --- changes ----------------------------------------------------------------------------- */

void appeal_for_change(struct leg *leg, const char *call, uint64_t expires_ns, const json_t *data)
{
	struct appeal *appeal = add(leg->run, leg->agent);
	CLEANUP(json) json_t *kept = json_copy((json_t *)(uintptr_t)data);

	name_appeal(appeal);
	text_format(appeal->call, sizeof(appeal->call), "%s", call);
	(void)json_object_del(kept, "input"); /* the same as its arguments, for people */
	open_appeal(leg, appeal, expires_ns, kept);
}

const char *appeal_for_tool(struct leg *leg, uint64_t expires_ns, json_t *data)
{
	struct appeal *appeal = add(leg->run, leg->agent);
	CLEANUP(json) json_t *kept = NULL;

	name_appeal(appeal);
	appeal->is_tool = true;
	text_format(appeal->call, sizeof(appeal->call), "%s", appeal->id);
	json_put(data, "request_id", json_string(appeal->id));
	kept = json_copy(data);
	(void)json_object_del(kept, "input");
	open_appeal(leg, appeal, expires_ns, kept);
	return appeal->id;
}

const char *appeal_for_form(struct leg *leg, uint64_t expires_ns, json_t *data)
{
	struct appeal *appeal = add(leg->run, leg->agent);

	name_appeal(appeal);
	appeal->is_form = true;
	json_put(data, "request_id", json_string(appeal->id));
	open_appeal(leg, appeal, expires_ns, data);
	return appeal->id;
}

void appeal_end_form(struct run *run, const char *id, const char *state)
{
	struct appeal *appeal = find(run, id);

	if (appeal && appeal->is_open)
		close_appeal(run, appeal, state, NULL, NULL);
}

/* As calls.state, in the words of an appeal. */
static const char *end_of(const char *state)
{
	static const struct {
		const char *state, *end;
	} rows[] = {
		{ "done", "approved" },  { "failed", "approved" }, { "interrupted", "approved" },
		{ "denied", "refused" }, { "expired", "expired" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].end;
	return "withdrawn";
}

void appeal_end_change(struct run *run, const char *call, const char *state, const char *sentence)
{
	for (struct appeal *appeal = run->appeals; appeal; appeal = appeal->next) {
		if (!appeal->is_open || !*call || strcmp(appeal->call, call) != 0)
			continue;
		appeal->is_open = false;
		SCROLL_WRITE(&run->scroll, RUN_TAG_APPEAL, close_change_sql, store_text(run->org),
			     store_text(appeal->id), store_text(end_of(state)),
			     store_int((int64_t)clock_wall_ns()),
			     store_text(*sentence ? sentence : state), store_text(call));
	}
}

/* --- after a restart --------------------------------------------------------------------- */

static void drop(struct run *run, struct appeal *appeal)
{
	appeal->is_tool = !appeal->is_form;
	if (appeal->is_open)
		close_appeal(run, appeal, "withdrawn", NULL, NULL);
}

const char appeals_sql[] = "SELECT id, agent, state, call, answer, data, kind FROM appeals WHERE "
			   "org = $1 AND investigation = $2 ORDER BY asked DESC LIMIT 64";

void appeals_load(struct run *run, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows; i++) {
		struct appeal *given = find(run, store_text_at(rows, i, 0));
		struct appeal *appeal = given ? given : add(run, "");
		CLEANUP(json) json_t *data = json_loads(store_text_at(rows, i, 5), 0, NULL);
		const char *state = store_text_at(rows, i, 2);

		text_format(appeal->id, sizeof(appeal->id), "%s", store_text_at(rows, i, 0));
		text_format(appeal->agent, sizeof(appeal->agent), "%s", store_text_at(rows, i, 1));
		text_format(appeal->call, sizeof(appeal->call), "%s", store_text_at(rows, i, 3));
		appeal->is_open = !given && strcmp(state, "open") == 0;
		if (*appeal->call)
			continue; /* ask_drop() learns what became of it */
		appeal->is_form = strcmp(store_text_at(rows, i, 6), "form") == 0;
		if (appeal->is_form || strcmp(store_text_at(rows, i, 6), "tool") == 0) {
			drop(run, appeal); /* whoever waited is gone */
			continue;
		}
		(void)json_object_del(data, "host");
		appeal->text = json_canonical(data);
		if (!appeal->answer && strcmp(state, "answered") == 0)
			appeal->answer = strdup(store_text_at(rows, i, 4));
	}
}
