/* What a process looks like to people: JSON from /proc/PID for those worth naming. */
#pragma once

#include "host/account.h"
#include "host/process.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define PROCESS_NAME_RESULT "pid: integer, comm: string"
#define PROCESS_DETAIL_RESULT                                                  \
	PROCESS_NAME_RESULT                                                    \
	", ppid: integer, cmdline: string, user: string|null, state: string, " \
	"rss_bytes: integer|null, n_threads: integer, started_s_ago: number, " \
	"cgroup: string|null"

#define PROCESS_VIEW_USERS 16

/* Columns of a row whose values often are those of the row before. */
enum process_view_column {
	PROCESS_VIEW_PARENT,
	PROCESS_VIEW_RSS,
	PROCESS_VIEW_THREADS,
	PROCESS_VIEW_STARTED,
	PROCESS_VIEW_CPU,
	PROCESS_VIEW_N_COLUMNS,
};

/* What all descriptions of one run share. */
struct process_view {
	const struct host *host;
	double uptime_s;

	/* private: thousands of processes have few users, so each is looked up once */
	struct {
		uid_t uid;
		json_t *name; /* NULL in an empty slot */
	} users[PROCESS_VIEW_USERS];
	json_t *states[256]; /* by letter, as far as they were seen */
	struct {
		uint64_t value;
		json_t *json; /* NULL before the first row */
	} last[PROCESS_VIEW_N_COLUMNS];
	json_t *last_comm;
};

void process_view_init(struct process_view *view, const struct host *host);
void process_view_cleanup(struct process_view *view);

/*
 * What a list of thousands can afford: one row of process_columns_json(), from one file each. The
 * user is who owns /proc/PID, the effective one. New references.
 */
json_t *process_columns_json(void);
json_t *process_row_json(struct process_view *view, const struct process *process);

/* {pid, comm}: what every list of processes begins with. A new reference. */
json_t *process_name_json(const struct process *process);

/* Adds ppid, cmdline, user, state, rss_bytes, n_threads, started_s_ago, cgroup. */
json_t *process_detail_json(const struct process_view *view, const struct process *process);
