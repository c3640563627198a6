/* What the files of respond share: a task, one reaction that is taken one step further. */
#pragma once

#include <sys/queue.h>

#include "server/pipeline/reaction.h"
#include "server/respond.h"

struct task {
	struct respond *respond;
	LIST_ENTRY(task) link;
	struct reaction reaction;
	enum reaction_due due;
	char investigation[REACTION_ID_BYTES];
	json_t *report;   /* or NULL */
	json_t *incident; /* as incident_read() has it, or NULL: it is gone */
};

LIST_HEAD(task_list, task);

struct respond {
	struct respond_config config;
	struct task_list tasks;
	unsigned n_tasks;
	struct event *timer;
	bool is_started, is_looking, must_look;
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

/* An entry of the incident's timeline; takes the reference of 'data'. */
void task_note(const struct task *task, const char *kind, const char *text, json_t *data);
