#include "server/respond.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "server/respond_internal.h"

#define BRIEF_ALERTS 20

/* News of an incident on their way into the store. */
struct news {
	struct respond *respond;
	char org[REACTION_ID_BYTES], incident[REACTION_ID_BYTES];
	int64_t seq;
	enum incident_change change;
};

/* --- news become reactions ------------------------------------------------------------ */

static void ignore(const struct error *err UNUSED, void *data UNUSED)
{
}

static void note(struct respond *respond, struct incident_entry *entry)
{
	entry->actor = "server";
	incident_note(respond->config.incidents, entry, ignore, NULL);
}

/* What failed stays open: it is told again. */
static void finish_news(struct news *news, const struct error *err)
{
	if (err) {
		log_warn("incident %s: %s", news->incident, err->text);
	} else {
		incident_handled(news->respond->config.incidents, news->org, news->seq);
		step_reached("respond-handled");
		respond_look(news->respond);
	}
	free(news);
}

static void handle_planned(unsigned n_planned, const char *why_not, const struct error *err,
			   void *data)
{
	struct news *news = data;

	step_reached("respond-planned");
	if (!err && !n_planned && why_not && news->change == INCIDENT_OPENED)
		note(news->respond, &(struct incident_entry) { .org = news->org,
							       .incident = news->incident,
							       .kind = "note",
							       .text = why_not });
	finish_news(news, err);
}

static void plan(struct news *news)
{
	reaction_plan(news->respond->config.store, news->org, news->incident, handle_planned, news);
}

static void handle_turned(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	struct news *news = data;

	step_reached("respond-turned");
	if (!err && news->change == INCIDENT_REOPENED)
		plan(news);
	else
		finish_news(news, err);
}

void respond_to_news(const struct incident_news *told, void *data)
{
	static const enum reaction_turn turns[] = {
		[INCIDENT_REOPENED] = REACTION_REOPENED,
		[INCIDENT_RESOLVED] = REACTION_ENDED,
		[INCIDENT_MERGED] = REACTION_MERGED,
	};
	struct respond *respond = data;
	struct news *news = calloc(1, sizeof(*news));

	if (!news)
		abort();
	news->respond = respond;
	text_format(news->org, sizeof(news->org), "%s", told->org);
	text_format(news->incident, sizeof(news->incident), "%s", told->incident);
	news->seq = told->seq;
	news->change = told->change;
	step_reached("respond-news");
	if (told->change == INCIDENT_OPENED || told->change == INCIDENT_JOINED)
		plan(news);
	else
		reaction_turn(respond->config.store, news->org, news->incident, turns[told->change],
			      handle_turned, news);
}

void respond_to_report(const char *org UNUSED, const char *investigation UNUSED, void *data)
{
	step_reached("respond-report");
	respond_look(data);
	respond_look_at_appeals(data);
}

/* --- what is due is done ----------------------------------------------------------------- */

void task_note(const struct task *task, const char *kind, const char *text, json_t *data)
{
	note(task->respond, &(struct incident_entry) { .org = task->reaction.org,
						       .incident = task->reaction.incident,
						       .kind = kind,
						       .text = text,
						       .data = data });
}

void task_end(struct task *task, enum task_end end)
{
	struct respond *respond = task->respond;

	LIST_REMOVE(task, link);
	respond->n_tasks--;
	reaction_finish(&task->reaction);
	json_decref(task->report);
	json_decref(task->incident);
	free(task);
	if (end == TASK_MOVED)
		respond_look(respond);
}

static bool is_busy(const struct respond *respond, const struct reaction *reaction)
{
	const struct task *task;

	LIST_FOREACH(task, &respond->tasks, link)
	if (task->reaction.round == reaction->round &&
	    strcmp(task->reaction.incident, reaction->incident) == 0 &&
	    strcmp(task->reaction.org, reaction->org) == 0 &&
	    strcmp(task->reaction.pipeline, reaction->pipeline) == 0)
		return true;
	return false;
}

/* In a timeline messages are entries themselves. */
json_t *incident_brief(const json_t *incident)
{
	json_t *brief = json_copy((json_t *)incident), *alerts;

	if (!brief)
		return NULL;
	(void)json_object_del(brief, "events");
	alerts = json_copy(json_object_get(brief, "alerts"));
	while (json_array_size(alerts) > BRIEF_ALERTS)
		(void)json_array_remove(alerts, json_array_size(alerts) - 1);
	if (alerts)
		json_put(brief, "alerts", alerts);
	return brief;
}

/* Its timeline has that report already. */
static bool is_reported(const struct task *task, const json_t *incident)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(incident, "events"), i, event)
	{
		const json_t *data = json_object_get(event, "data");

		if (strcmp(json_get_text(event, "kind", ""), "report") == 0 &&
		    strcmp(json_get_text(data, "investigation", ""), task->investigation) == 0)
			return true;
	}
	return false;
}

static void handle_incident(const json_t *incident, const struct error *err, void *data)
{
	struct task *task = data;

	if (err && err->code != -ENOENT) {
		task_end(task, TASK_WAITS);
		return;
	}
	task->was_told = is_reported(task, incident);
	task->incident = incident_brief(incident);
	if (task->due == REACTION_TO_START)
		task_start(task);
	else
		task_tell(task);
}

/* An investigation that ended without a report is one as well: people wait for it. */
static json_t *make_report(const struct reaction_item *item)
{
	json_t *report = item->report ? json_loads(item->report, 0, NULL) : NULL;

	if (report || item->due != REACTION_TO_TELL)
		return report;
	return json_pack("{s:s, s:s, s:f, s:[], s:[], s:[], s:[], s:[{s:s, s:s}]}", "verdict",
			 "inconclusive", "root_cause", "The investigation ended without a report.",
			 "confidence", 0.0, "hypotheses", "evidence", "remedies", "timeline",
			 "unknowns", "what", "the investigation", "why",
			 item->failure && *item->failure ? item->failure : "it was interrupted");
}

static void handle_found(const struct reaction_item *item, void *data)
{
	struct respond *respond = data;
	struct task *task;

	if (!respond->is_started || is_busy(respond, &item->reaction))
		return;
	if (respond->n_tasks == RESPOND_MAX_BUSY) {
		respond->must_look = true;
		return;
	}
	task = calloc(1, sizeof(*task));
	if (!task)
		abort();
	task->respond = respond;
	task->reaction = item->reaction;
	json_incref(task->reaction.route);
	task->due = item->due;
	text_format(task->investigation, sizeof(task->investigation), "%s",
		    item->investigation ? item->investigation : "");
	task->report = make_report(item);
	LIST_INSERT_HEAD(&respond->tasks, task, link);
	respond->n_tasks++;
	incident_read(respond->config.store, task->reaction.org, task->reaction.incident,
		      handle_incident, task);
}

static void handle_all_found(const struct error *err, void *data)
{
	struct respond *respond = data;
	bool again = respond->must_look && !err && respond->n_tasks < RESPOND_MAX_BUSY;

	respond->is_looking = false;
	if (err)
		log_warn("what is due about incidents: %s", err->text);
	if (again)
		respond_look(respond);
}

void respond_look(struct respond *respond)
{
	const struct reaction_finder finder = { handle_found, handle_all_found, respond };

	if (!respond->is_started)
		return;
	respond->must_look = respond->is_looking;
	if (respond->is_looking)
		return;
	respond->is_looking = true;
	reaction_find_due(respond->config.store, &finder);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	respond_look(data);
	respond_look_at_appeals(data);
}

struct respond *respond_new(void)
{
	struct respond *respond = calloc(1, sizeof(*respond));

	if (!respond)
		abort();
	LIST_INIT(&respond->tasks);
	return respond;
}

void respond_start(struct respond *respond, const struct respond_config *config)
{
	const struct timeval every = { .tv_sec = RESPOND_LOOK_NS / NS_PER_SEC };

	respond->config = *config;
	respond->is_started = true;
	if (!respond->timer)
		respond->timer = event_new(config->base, -1, EV_PERSIST, handle_timer, respond);
	if (!respond->timer || event_add(respond->timer, &every) < 0)
		abort();
	respond_look(respond);
	respond_look_at_appeals(respond);
}

void respond_stop(struct respond *respond)
{
	respond->is_started = false;
}

/* The store and those who answer are gone by then: no callback of a task can come. */
void respond_free(struct respond *respond)
{
	if (!respond)
		return;
	respond->is_started = false;
	while (!LIST_EMPTY(&respond->tasks))
		task_end(LIST_FIRST(&respond->tasks), TASK_WAITS);
	respond_drop_appeals(respond);
	if (respond->timer)
		event_free(respond->timer);
	free(respond);
}
