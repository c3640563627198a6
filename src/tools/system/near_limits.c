#include "tools/system/near_limits.h"

#include <stdlib.h>
#include <string.h>

#include "host/fields.h"
#include "host/process_detail.h"
#include "host/process_limits.h"
#include "tools/process/broker_figures.h"
#include "tools/sample.h"

#define LISTED_MAX 20
#define NEAR_PERCENT 50

struct near_limit {
	double used_percent;
	json_t *json;
};

void near_limits_offer(struct near_limits *near, double used_percent, json_t *json)
{
	size_t i;

	if (!near->list)
		near->list = calloc(near->max, sizeof(*near->list));
	if (!near->list)
		abort();
	if (near->n == near->max) {
		if (used_percent <= near->list[near->n - 1].used_percent) {
			json_decref(json);
			return;
		}
		json_decref(near->list[--near->n].json);
	}
	for (i = near->n++; i > 0 && near->list[i - 1].used_percent < used_percent; i--)
		near->list[i] = near->list[i - 1];
	near->list[i] = (struct near_limit) { used_percent, json };
}

json_t *near_limits_take(struct near_limits *near)
{
	json_t *list = json_array();

	for (size_t i = 0; i < near->n; i++)
		json_push(list, near->list[i].json);
	free(near->list);
	near->list = NULL;
	near->n = 0;
	return list;
}

/* What to compare: how much one process uses of what. */
struct use {
	const struct process *process;
	const char *what;
	const char *limit_name;
	uint64_t used;
};

static void offer(const struct host *host, struct near_limits *near, const struct use *use)
{
	struct process_limit limit;
	double percent;
	json_t *json;

	if (!process_limits_read(host, use->process->pid, use->limit_name, &limit) ||
	    limit.soft == UINT64_MAX)
		return;
	percent = sample_percent(use->used, limit.soft);
	if (percent < NEAR_PERCENT)
		return;
	json = process_name_json(use->process);
	json_put(json, "what", json_string(use->what));
	json_put(json, "used", json_count(use->used));
	json_put(json, "limit", json_count(limit.soft));
	json_put(json, "used_percent", json_figure(percent));
	near_limits_offer(near, percent, json);
}

/* The limit of processes counts the threads of a user, and spares root. */
struct user {
	uint64_t uid, n_threads, limit;
	const struct process *first; /* whose limit is the lowest: each process has its own */
};

static struct user *find_user(struct user *users, size_t *n, uint64_t uid)
{
	for (size_t i = 0; i < *n; i++)
		if (users[i].uid == uid)
			return &users[i];
	users[*n] = (struct user) { .uid = uid, .limit = UINT64_MAX };
	return &users[(*n)++];
}

static void add_to_user(const struct host *host, const struct process *process, struct user *user)
{
	struct process_limit limit;

	user->n_threads += process->n_threads;
	if (!process_limits_read(host, process->pid, "Max processes", &limit))
		limit.soft = UINT64_MAX;
	if (!user->first || limit.soft < user->limit) {
		user->first = process;
		user->limit = limit.soft;
	}
}

static size_t count_users(const struct host *host, const struct process_table *table,
			  struct user *users)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct process *process = &table->list[i];
		char text[4096];
		uint64_t uid;

		if (process->is_kernel ||
		    process_read_file(host, process->pid, "status", text, sizeof(text)) <= 0)
			continue;
		uid = fields_get(text, "Uid", 0);
		if (uid == 0)
			continue;
		add_to_user(host, process, find_user(users, &n, uid));
	}
	return n;
}

static void offer_users(const struct host *host, const struct process_table *table,
			struct near_limits *near)
{
	struct user *users = calloc(table->n + 1, sizeof(*users));
	size_t n;

	if (!users)
		abort();
	n = count_users(host, table, users);
	for (size_t i = 0; i < n; i++) {
		struct use use = { users[i].first, "processes", "Max processes",
				   users[i].n_threads };

		offer(host, near, &use);
	}
	free(users);
}

void near_limits_put_processes(struct task *task, json_t *result)
{
	CLEANUP(broker_figures) struct broker_figures figures = { 0 };
	CLEANUP(process_table) struct process_table table = { 0 };
	struct near_limits near = { .max = LISTED_MAX };
	int r = process_table_read(task->host, &table);

	if (r < 0)
		tool_unread(result, "/proc", r);
	broker_figures_read_fds(task, &figures, result);
	for (size_t i = 0; i < table.n; i++) {
		uint64_t n = broker_figures_fds(&figures, table.list[i].pid);
		struct use use = { &table.list[i], "open files", "Max open files", n };

		if (n != UINT64_MAX)
			offer(task->host, &near, &use);
	}
	offer_users(task->host, &table, &near);
	json_put(result, "processes_near_limit", near_limits_take(&near));
}
