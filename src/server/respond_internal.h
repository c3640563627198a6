/* What the files of respond share: a task, one reaction that is taken one step further. */
#pragma once

#include <sys/queue.h>

#include "base/histogram.h"
#include "server/pipeline/reaction.h"
#include "server/respond.h"

struct task {
	struct respond *respond;
	LIST_ENTRY(task) link;
	struct reaction reaction;
	enum reaction_due due;
	char investigation[REACTION_ID_BYTES];
	bool was_told;    /* of that investigation: what changed since is its remedy */
	json_t *report;   /* or NULL */
	json_t *incident; /* as incident_read() has it, or NULL: it is gone */
};

LIST_HEAD(task_list, task);
struct notice;

struct respond {
	struct respond_config config;
	struct task_list tasks;
	unsigned n_tasks;
	struct histogram alert_to_report; /* until its first report is in the outbox */
	struct event *timer;
	bool is_started, is_looking, must_look;
	struct notice *notices; /* of appeals, in hand one after another */
	unsigned n_notices;     /* that the last look found */
	bool is_telling, must_tell;
};

/* Does what is due, now or when the look under way has ended. */
void respond_look(struct respond *respond);

/* The task has ended; 'moved' says that something else may be due now. */
enum task_end {
	TASK_MOVED,
	TASK_WAITS, /* the timer's next look tries again */
};
void task_end(struct task *task, enum task_end end);

/* respond_start.c, respond_tell.c: the incident is read. Each ends the task. */
void task_start(struct task *task);
void task_tell(struct task *task);

/* respond_appeal.c: the same of appeals. */
void respond_look_at_appeals(struct respond *respond);
void respond_drop_appeals(struct respond *respond);

/* What messages say of an incident, which may be NULL: some of its alerts, not its timeline. */
json_t *incident_brief(const json_t *incident);
/* respond_tell.c: "id", "name" of the org's destinations; and whether a route names one. */
extern const char destinations_sql[];
bool destination_is_wanted(const json_t *wanted, const char *id, const char *name);

/* An entry of the incident's timeline; takes the reference of 'data'. */
void task_note(const struct task *task, const char *kind, const char *text, json_t *data);
