#include "server/inquiry/elicit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/entered.h"
#include "server/inquiry/form.h"
#include "server/inquiry/inquiries_internal.h"

struct elicitation {
	struct elicitation *next;
	struct ask *ask;
	unsigned serial; /* of the request's questions */
	json_t *form;
	char appeal[APPEAL_ID_BYTES];
	struct event *late;
	uint64_t since_ns; /* monotonic */
};

static const char *server_of(const struct ask *ask)
{
	return ask->foreign->server->server->name;
}

/* While one is open at least, that is time of its own. */
static void begin_waiting(struct ask *ask)
{
	struct run *run = ask->leg->run;

	if (run->n_forms++ == 0)
		run->forms_since_ns = clock_monotonic_ns();
	run_wait_person(run);
	ask_tell_waits(ask, true);
}

static void end_waiting(struct ask *ask)
{
	struct run *run = ask->leg->run;

	if (--run->n_forms == 0)
		run->forms_ns += clock_monotonic_ns() - run->forms_since_ns;
	run_hear_person(run);
	ask_tell_waits(ask, ask->elicited);
}

static uint64_t left_ns(const struct run *run)
{
	uint64_t since_ns = run->n_forms ? clock_monotonic_ns() - run->forms_since_ns : 0;
	uint64_t all_ns = run->forms_ns + since_ns;

	return all_ns < ELICIT_RUN_NS ? ELICIT_RUN_NS - all_ns : 0;
}

/* It does not wait any more. */
static void end(struct elicitation *elicitation, enum tally_person how)
{
	struct ask *ask = elicitation->ask;
	struct elicitation **at = &ask->elicited;
	struct run *run = ask->leg->run;

	while (*at != elicitation)
		at = &(*at)->next;
	*at = elicitation->next;
	tally_person(&run->inquiries->tally, TALLY_QUESTION, how,
		     clock_monotonic_ns() - elicitation->since_ns);
	end_waiting(ask);
	event_free(elicitation->late);
	json_decref(elicitation->form);
	free(elicitation);
}

void elicit_forget(struct ask *ask)
{
	while (ask->elicited) {
		if (ask->leg->run->state == RUN_RUNNING) /* else all of its appeals end */
			appeal_end_form(ask->leg->run, ask->elicited->appeal, "withdrawn");
		end(ask->elicited, TALLY_UNANSWERED);
	}
}

static void handle_late(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct elicitation *elicitation = data;
	struct ask *ask = elicitation->ask;
	struct mcp_request *request = ask->request;
	unsigned serial = elicitation->serial;

	appeal_end_form(ask->leg->run, elicitation->appeal, "expired");
	run_tell(ask->leg->run, "question_timeout",
		 json_pack("{s:s, s:s, s:s}", "message",
			   "Nobody answered the MCP server in time: it is told so.", "request_id",
			   elicitation->appeal, "host", ask->leg->host));
	end(elicitation, TALLY_UNANSWERED);
	mcp_request_answer(request, serial, "cancel", NULL);
}

/* --- asked ------------------------------------------------------------------------------- */

/* Whoever may read the run hears of it: an address is not for all of them. */
static void tell(const struct ask *ask, const struct elicitation *elicitation, json_t *data)
{
	json_t *form = json_copy(elicitation->form);
	char command[128];

	text_format(command, sizeof(command), "constable mcp-server answer %s",
		    elicitation->appeal);
	(void)json_object_del(form, "url");
	json_put(data, "form", form);
	json_put(data, "answer_with", json_string(command));
	run_tell(ask->leg->run, "elicitation", data);
}

static uint64_t patience_of(const struct run *run)
{
	uint64_t wait_ns = run_approval_ns(run), most_ns = left_ns(run);

	return wait_ns < most_ns ? wait_ns : most_ns;
}

static void put(struct ask *ask, unsigned serial, json_t *form)
{
	struct elicitation *elicitation = calloc(1, sizeof(*elicitation));
	struct run *run = ask->leg->run;
	uint64_t wait_ns = patience_of(run);
	const struct timeval wait = { .tv_sec = (time_t)(wait_ns / NS_PER_SEC) };
	uint64_t expires_ns = clock_wall_ns() + wait_ns;
	char expires[CLOCK_TEXT_BYTES];
	json_t *data = json_pack(
		"{s:s, s:o, s:O, s:s, s:s, s:s}", "mcp_server", server_of(ask), "mcp_tool",
		form_shown(json_get_text(ask->foreign->entry, "name", ""), FORM_WORDS_BYTES),
		"form", form, "host", ask->leg->host, "expires", clock_format(expires_ns, expires),
		"warning", "These are the words of that server, which nobody has checked.");

	if (!elicitation)
		abort();
	*elicitation = (struct elicitation) { .next = ask->elicited,
					      .ask = ask,
					      .serial = serial,
					      .form = json_incref(form),
					      .since_ns = clock_monotonic_ns() };
	ask->elicited = elicitation;
	ask->n_elicited++;
	ask->foreign->server->n_questions++;
	text_copy(elicitation->appeal, sizeof(elicitation->appeal),
		  appeal_for_form(ask->leg, expires_ns, data));
	begin_waiting(ask);
	elicitation->late = event_new(run->inquiries->config.base, -1, 0, handle_late, elicitation);
	if (!elicitation->late || event_add(elicitation->late, &wait) < 0)
		abort();
	tell(ask, elicitation, data);
}

/* Why nobody is to be asked any more, or NULL. */
static const char *fault_of(const struct ask *ask)
{
	const struct foreign *foreign = ask->foreign->server;
	const struct run *run = ask->leg->run;

	if (run->state != RUN_RUNNING || run->n_appeals >= RUN_MAX_APPEALS)
		return "people were asked enough";
	if (ask->n_elicited >= ELICIT_CALL_MAX)
		return "people were asked enough in one call";
	if (foreign->n_questions >= ELICIT_SERVER_MAX || !entered_has_room(foreign->entered))
		return "people were asked enough by this server";
	return left_ns(run) < NS_PER_SEC ? "people were waited for long enough" : NULL;
}

void elicit_take(const struct mcp_question *question, void *data)
{
	struct ask *ask = data;
	struct run *run = ask->leg->run;
	struct error err = { 0 };
	CLEANUP(json)
	json_t *form = entered_form(ask->foreign->server->entered, question->params, &err);
	const char *why = form ? fault_of(ask) : err.text;

	if (!why) {
		put(ask, question->serial, form);
		return;
	}
	run_think(run, "MCP server %s asks something of a person, which is declined: %s.",
		  server_of(ask), why);
	mcp_request_answer(question->request, question->serial, "decline", NULL);
}

/* --- answered ---------------------------------------------------------------------------- */

static struct elicitation *find(const struct run *run, const char *appeal)
{
	struct elicitation *found = NULL;

	for (unsigned i = 0; i < run->n_legs && !found; i++)
		for (struct ask *ask = run->legs[i].asks; ask && !found; ask = ask->next)
			for (found = ask->elicited; found; found = found->next)
				if (strcmp(found->appeal, appeal) == 0)
					break;
	return found;
}

void elicit_give(struct run *run, const char *appeal, const char *text)
{
	struct elicitation *elicitation = find(run, appeal);
	CLEANUP(json) json_t *said = json_loads(text, 0, NULL);
	const char *action = json_get_text(said, "action", "cancel");
	json_t *content = json_object_get(said, "content");
	struct ask *ask;
	unsigned serial;

	if (!elicitation)
		return;
	ask = elicitation->ask;
	serial = elicitation->serial;
	entered_remember(ask->foreign->server->entered, elicitation->form, content);
	if (content)
		form_fill(elicitation->form, content);
	end(elicitation, strcmp(action, "accept") == 0 ? TALLY_ANSWERED : TALLY_REFUSED);
	mcp_request_answer(ask->request, serial, action, json_incref(content));
}
