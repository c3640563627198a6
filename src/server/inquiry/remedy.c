#include "server/inquiry/remedy.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "investigation/remedy_offer.h"
#include "investigation/report.h"
#include "server/inquiry/inquiries_internal.h"

/* Each may be written twice. */
static const char thread_sql[] =
	"INSERT INTO threads (org, id, created, updated, caller, incident, n_turns, title) VALUES "
	"($1, $2, $3, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING";
static const char investigation_sql[] =
	"INSERT INTO investigations (org, id, thread, turn, state, owner, caller, engine, "
	"incident, created, max_ms, max_calls, max_tokens, max_cost_micros, question, agents, "
	"request, n_events) VALUES ($1, $2, $3, 1, 'queued', $4, $5, 'builtin', $6, $7, $8, $9, "
	"$10, $11, $12, $13, $14, 1) ON CONFLICT DO NOTHING";
static const char event_sql[] =
	"INSERT INTO investigation_events (org, investigation, seq, time, type, data) VALUES "
	"($1, $2, 1, $3, 'thought', $4) ON CONFLICT DO NOTHING";
static const char report_sql[] =
	"UPDATE investigations SET report = $3 WHERE org = $1 AND id = $2 AND finished IS NOT NULL";
/* What was told of it is told anew, as it stands now. */
static const char retell_sql[] =
	"UPDATE reactions SET state = 'started', changed = (SELECT created FROM investigations i "
	"WHERE i.org = reactions.org AND i.id = $2) WHERE org = $1 AND state = 'told' AND "
	"ended = 0 AND thread = (SELECT thread FROM investigations j WHERE j.org = reactions.org "
	"AND j.id = $2)";

bool run_is_remedy(const struct run *run)
{
	return json_is_object(json_object_get(run->request, "remedy"));
}

static unsigned n_waiting(const struct run *run)
{
	unsigned n = 0;

	for (const struct run *other = run->inquiries->runs; other; other = other->next)
		n += run_is_remedy(other) && strcmp(other->org, run->org) == 0;
	return n;
}

static bool is_of(const struct leg *leg, const json_t *report)
{
	static const char *const same[] = { "host", "cause_id", "remedies" };

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (!json_equal(json_object_get(leg->report, same[i]),
				json_object_get(report, same[i])))
			return false;
	return true;
}

/* The host whose cause it is: its own report says the same. NULL: that is not one host. */
static const struct leg *leg_of(const struct run *run, const json_t *report)
{
	const struct leg *found = NULL;

	for (unsigned i = 0; i < run->n_legs; i++) {
		if (!is_of(&run->legs[i], report))
			continue;
		if (found)
			return NULL;
		found = &run->legs[i];
	}
	return found;
}

/* The remedy of a report that remedy_of() chose. */
static json_t *chosen(const json_t *report, const json_t *call)
{
	json_t *remedy;
	size_t i;

	json_array_foreach(json_object_get(report, "remedies"), i, remedy)
	{
		if (json_equal(json_object_get(remedy, "call"), call))
			return remedy;
	}
	return NULL;
}

static const char *fault_of(const struct run *run, const struct leg *leg, const json_t *remedy)
{
	const char *tool = json_get_text(json_object_get(remedy, "call"), "tool", "");

	if (strcmp(json_get_text(run->request, "remedies", "offer"), "offer") != 0)
		return "its pipeline offers no changes";
	if (!leg)
		return "it is not certain which host it is for";
	if (strcmp(leg_risk(leg, tool), "changes") != 0)
		return "the host does not have that tool";
	if (n_waiting(run) >= REMEDY_MAX_WAITING)
		return "too many remedies wait for people already";
	return NULL;
}

static struct run *new_run(struct run *run, const struct leg *leg, json_t *remedy)
{
	CLEANUP(json) json_t *agents = json_pack("[s]", leg->agent);
	const struct inquiry_request request = {
		.org = run->org,
		.caller = run->caller,
		.prompt = run->question,
		.incident = json_get_text(run->request, "incident", NULL),
		.agents = agents,
		.namespaces = json_object_get(run->request, "namespaces"),
		.services = json_object_get(run->request, "services"),
		.impact = json_object_get(run->request, "impact"),
		.remedy = remedy,
		.fired_at_ns = (uint64_t)json_get_int(run->request, "fired_at_ns", 0),
		.since_s = (uint64_t)json_get_int(run->request, "since_s", 0),
		.budget = run->budget,
	};
	struct run *offer = run_of_request(run->inquiries, &request);

	offer->agents = json_incref(agents);
	return offer;
}

struct run *remedy_offer(struct run *run, json_t *report)
{
	CLEANUP(json) json_t *remedy = NULL;
	const struct leg *leg = leg_of(run, report);
	const char *fault;
	struct run *offer;
	json_t *item;

	if (run_is_remedy(run) || run_has_model(run))
		return NULL;
	remedy = remedy_of(report);
	item = remedy ? chosen(report, json_object_get(remedy, "call")) : NULL;
	if (!item)
		return NULL;
	fault = fault_of(run, leg, remedy);
	if (fault) {
		json_put(item, "offer",
			 json_pack("{s:s, s:s}", "state", "not-offered", "why", fault));
		return NULL;
	}
	json_put(remedy, "of", json_string(run->id));
	offer = new_run(run, leg, remedy);
	json_put(item, "offer",
		 json_pack("{s:s, s:s, s:s}", "state", "awaiting-approval", "investigation",
			   offer->id, "thread", offer->thread));
	return offer;
}

void remedy_write(struct run *run, struct run *offer)
{
	CLEANUP(text) char *agents = json_canonical(offer->agents);
	CLEANUP(text) char *request = json_canonical(offer->request);
	const struct store_value org = store_text(run->org), id = store_text(offer->id);
	const struct store_value thread = store_text(offer->thread);
	const struct store_value caller = store_text(offer->caller);
	const struct store_value incident =
		store_text(json_get_text(offer->request, "incident", NULL));
	const struct store_value now = store_int(inquiries_next_created(run->inquiries));
	const struct inquiry_budget *budget = &offer->budget;

	SCROLL_WRITE(&run->scroll, 0, thread_sql, org, thread, now, caller, incident,
		     store_text("A remedy"));
	SCROLL_WRITE(&run->scroll, 0, investigation_sql, org, id, thread,
		     store_text(run->inquiries->owner), caller, incident, now,
		     store_int((int64_t)(budget->time_ns / NS_PER_MS)), store_int(budget->calls),
		     store_int((int64_t)budget->tokens), store_int((int64_t)budget->cost_micros),
		     store_text(offer->question), store_text(agents), store_text(request));
	SCROLL_WRITE(&run->scroll, 0, event_sql, org, id, now,
		     store_text("{\"text\":\"The remedy of a proven cause is offered.\"}"));
	run->remedy = offer;
}

void remedy_begin(struct run *run)
{
	struct run *offer = run->remedy;

	run->remedy = NULL;
	/* Where the store died over that batch, it may have been found there meanwhile. */
	if (offer && run_find_id(run->inquiries, offer->org, offer->id))
		run_free(offer);
	else if (offer)
		run_add(offer);
}

/* In the words of remedy_report(), or ours where there is no report of it. */
static json_t *offer_of(const struct run *run, const json_t *report, const char *why)
{
	const json_t *made = json_object_get(report, "remedy");
	static const char *const members[] = { "state", "why", "verified", "sentence", "evidence" };
	json_t *offer = json_pack("{s:s, s:s}", "investigation", run->id, "thread", run->thread);

	if (!made)
		json_put(offer, "state", json_string("withdrawn"));
	if (!made && why)
		json_put(offer, "why", json_text(why, strlen(why)));
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_object_get(made, members[i]))
			json_put(offer, members[i], json_incref(json_object_get(made, members[i])));
	return offer;
}

/* Its time line has what was done, with the evidence that stands in the other thread. */
static void add_row(json_t *report, const json_t *offer)
{
	const char *sentence = json_get_text(offer, "sentence", NULL);
	json_t *rows = json_object_get(report, "timeline");

	if (sentence && json_is_array(rows))
		json_push(rows, json_pack("{s:f, s:o, s:s, s:s}", "seconds_ago", 0.0, "text",
					  json_text(sentence, strlen(sentence)), "evidence", "",
					  "source", "change"));
}

void remedy_write_end(struct run *run, const json_t *report, const char *why)
{
	const json_t *remedy = json_object_get(run->request, "remedy");
	const char *of = json_get_text(remedy, "of", "");
	json_t *first = run->first_report;
	json_t *item = chosen(first, json_object_get(remedy, "call"));
	CLEANUP(text) char *text = NULL;
	json_t *offer;

	if (!item)
		return;
	offer = offer_of(run, report, why);
	json_put(item, "offer", offer);
	add_row(first, offer);
	text = report_format(first);
	SCROLL_WRITE(&run->scroll, 0, report_sql, store_text(run->org), store_text(of),
		     store_text(text));
	SCROLL_WRITE(&run->scroll, 0, retell_sql, store_text(run->org), store_text(of));
}

/* One of before a restart, of which it is not known that nothing came of it; or NULL. */
static const json_t *tried(const struct run *run, const char *tool, const json_t *args)
{
	const json_t *item;
	size_t i;

	json_array_foreach(run->recorded, i, item)
	{
		if (strcmp(json_get_text(item, "tool", ""), tool) == 0 &&
		    json_equal(json_object_get(item, "args"), args) &&
		    strcmp(json_get_text(item, "state", ""), "cancelled") != 0)
			return item;
	}
	return NULL;
}

const char *remedy_outcome(const struct run *run, const char *tool, const char *text)
{
	CLEANUP(json) json_t *args = json_loads(text, 0, NULL);
	const json_t *item = run_is_remedy(run) ? tried(run, tool, args) : NULL;

	if (!item || !*json_get_text(item, "call", ""))
		return "denied";
	return json_get_text(item, "state", "unknown");
}

const char *remedy_fault(const struct leg *leg, const char *tool, const char *text)
{
	const struct run *run = leg->run;
	const json_t *call = json_object_get(json_object_get(run->request, "remedy"), "call");
	CLEANUP(json) json_t *args = json_loads(text, 0, NULL);

	if (strcmp(json_get_text(call, "tool", ""), tool) != 0 ||
	    !json_equal(json_object_get(call, "args"), args))
		return "this investigation may only call the remedy that is offered";
	if (run->n_changes || tried(run, tool, args))
		return "it was tried before";
	return NULL;
}
