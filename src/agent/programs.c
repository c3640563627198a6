#include "agent/programs.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/heartbeat.h"
#include "agent/telemetry.h"
#include "base/log.h"

struct programs_reader {
	struct programs *programs;
	struct programs_reader *next;
	struct http_request *request;
	void (*answer)(struct agent *agent, struct http_request *request);
};

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	programs_ask(data);
}

void programs_init(struct programs *programs, struct agent *agent)
{
	*programs = (struct programs) { .agent = agent };
	programs->timer = event_new(agent->base, -1, 0, handle_timer, programs);
	if (!programs->timer)
		abort();
}

static void drop_reader(struct programs_reader *reader)
{
	struct programs_reader **at = &reader->programs->readers;

	while (*at != reader)
		at = &(*at)->next;
	*at = reader->next;
	reader->programs->n_readers--;
	free(reader);
}

void programs_finish(struct programs *programs)
{
	while (programs->readers) {
		programs->readers->request->gone = NULL;
		drop_reader(programs->readers);
	}
	if (programs->timer)
		event_free(programs->timer);
	json_decref(programs->known);
	/* The warden may still owe answers, which name the agent. */
	*programs = (struct programs) { .agent = programs->agent };
}

/* --- what is known ------------------------------------------------------------------------- */

const json_t *programs_list(const struct programs *programs, const char *name)
{
	return json_object_get(programs->known, name);
}

bool program_is_attached(const json_t *program)
{
	const char *state = json_get_text(program, "state", "");

	return strcmp(state, "ACTIVE") == 0 || strcmp(state, "CANARY") == 0;
}

unsigned programs_count_attached(const struct programs *programs)
{
	const json_t *program;
	unsigned n = 0;
	size_t i;

	json_array_foreach(programs_list(programs, "programs"), i, program)
	{
		n += program_is_attached(program);
	}
	return n;
}

/* One that may cut us off waits for a sign that the server is still reached. */
static bool is_awaited(const struct programs *programs)
{
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(programs, "programs"), i, program)
	{
		if (json_object_get(program, "confirm_within_s"))
			return true;
	}
	return false;
}

/* --- asking -------------------------------------------------------------------------------- */

static void answer_readers(struct programs *programs)
{
	bus_programs_are_known(&programs->agent->bus);
	while (programs->readers) {
		struct http_request *request = programs->readers->request;
		void (*answer)(struct agent *, struct http_request *) = programs->readers->answer;

		request->gone = NULL;
		drop_reader(programs->readers);
		answer(programs->agent, request);
	}
}

static void take_list(struct programs *programs, json_t *known)
{
	static const struct timeval every = { .tv_sec = PROGRAMS_EVERY_S };
	struct agent *agent = programs->agent;
	CLEANUP(json) json_t *before = programs->known;

	programs->known = known;
	telemetry_compare(&agent->telemetry, before);
	if (programs_count_attached(programs))
		(void)event_add(programs->timer, &every);
	if (is_awaited(programs))
		link_ask_now(&agent->link);
}

static void handle_list(const struct frame *answer, const struct error *err, void *data)
{
	struct programs *programs = data;
	const char *sentence = "";
	struct error why = { 0 };
	json_t *known = NULL;

	programs->is_asking = false;
	if (!err && warden_code(answer, &sentence) == 0)
		known = json_parse(answer->body, answer->n_body, PROGRAMS_MAX_BYTES, &why);
	if (json_is_object(known)) {
		take_list(programs, known);
	} else {
		json_decref(known);
		/* A warden that is no root's has none. */
		log_debug("no programs: %s", err ? err->text : *sentence ? sentence : why.text);
	}
	answer_readers(programs);
}

void programs_ask(struct programs *programs)
{
	if (programs->is_asking)
		return;
	programs->n_asked_then = programs->agent->calls.n_asked;
	programs->is_asking =
		warden_ask(programs->agent->warden,
			   json_pack("{s:s, s:s}", "type", "call", "tool", "list_programs"), "{}",
			   handle_list, programs) == 0;
	if (!programs->is_asking)
		answer_readers(programs);
}

void programs_are_known(struct programs *programs, bool are_there)
{
	bool is_news = are_there && !programs->are_there;

	programs->are_there = are_there;
	if (!are_there && !programs->known) /* the first that comes is news then */
		programs->known =
			json_pack("{s:[], s:[], s:[]}", "programs", "rollbacks", "quarantine");
	if (!is_news)
		return;
	heartbeat_tell_contact(programs->agent);
	programs_ask(programs);
}

void programs_warden_up(struct programs *programs)
{
	if (programs->are_there)
		programs_ask(programs);
}

void programs_tick(struct programs *programs)
{
	struct agent *agent = programs->agent;

	if (!programs->are_there)
		return;
	if (agent->n_ticks % PROGRAMS_SELDOM_TICKS == 0 ||
	    agent->calls.n_asked != programs->n_asked_then)
		programs_ask(programs);
}

static void handle_gone(struct http_request *request)
{
	drop_reader(request->data);
}

/* A host that has none is not asked for them; whether it has any is a question of its own. */
static void handle_known(struct agent *agent)
{
	if (!agent->programs.is_asking)
		answer_readers(&agent->programs);
}

void programs_serve(struct programs *programs, struct http_request *request,
		    void (*answer)(struct agent *agent, struct http_request *request))
{
	struct programs_reader *reader;

	if (programs->n_readers >= PROGRAMS_MAX_READERS) {
		http_reply_error(request, 503, NULL, "too many ask at once; ask again");
		return;
	}
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		abort();
	*reader = (struct programs_reader) { programs, programs->readers, request, answer };
	programs->readers = reader;
	programs->n_readers++;
	request->gone = handle_gone;
	request->data = reader;
	if (programs->are_there)
		programs_ask(programs);
	else
		agent_ask_warden(programs->agent, handle_known);
}
