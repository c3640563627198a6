#include "host/process_detail.h"

#include <string.h>

#include "host/cgroup.h"
#include "host/fields.h"

#define CMDLINE_BYTES 1024
#define TEXT_BYTES 4096
#define TICKS_PER_S 100.0

void process_view_init(struct process_view *view, const struct host *host)
{
	char text[64];
	const char *at = text;

	*view = (struct process_view) { .host = host };
	if (host_read(host, "proc/uptime", text, sizeof(text)) > 0)
		(void)scan_double(&at, &view->uptime_s);
}

void process_view_cleanup(struct process_view *view)
{
	for (size_t i = 0; i < PROCESS_VIEW_USERS; i++)
		json_decref(view->users[i].name);
	for (size_t i = 0; i < ARRAY_LEN(view->states); i++)
		json_decref(view->states[i]);
	for (size_t i = 0; i < ARRAY_LEN(view->last); i++)
		json_decref(view->last[i].json);
	json_decref(view->last_comm);
}

json_t *process_name_json(const struct process *process)
{
	json_t *json = json_object();

	json_put(json, "pid", json_integer(process->pid));
	json_put(json, "comm", json_text(process->comm, strlen(process->comm)));
	return json;
}

/* Arguments are joined by blanks; kernel threads and zombies have none. */
static json_t *cmdline(const struct process_view *view, uint32_t pid)
{
	char text[CMDLINE_BYTES];
	ssize_t len = process_read_file(view->host, pid, "cmdline", text, sizeof(text));

	while (len > 0 && text[len - 1] == '\0')
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return json_text(text, len > 0 ? (size_t)len : 0);
}

static json_t *name_json(const struct host *host, uid_t uid)
{
	char name[ACCOUNT_NAME_BYTES];

	(void)account_name(host, uid, name);
	return json_text(name, strlen(name));
}

static json_t *user(const struct process_view *view, uint32_t pid)
{
	char text[TEXT_BYTES];
	uint64_t uid;

	if (process_read_file(view->host, pid, "status", text, sizeof(text)) <= 0)
		return json_null();
	uid = fields_get(text, "Uid", UINT64_MAX);
	if (uid > UINT32_MAX)
		return json_null();
	return name_json(view->host, (uid_t)uid);
}

static json_t *state(struct process_view *view, char letter)
{
	json_t **shared = &view->states[(unsigned char)letter];

	if (!*shared)
		*shared = json_text(&letter, 1);
	return json_incref(*shared);
}

/* The status file says the same at ten times the cost; a fixture's folders are ours. */
static json_t *owner(struct process_view *view, const struct process *process)
{
	size_t i = 0;
	uid_t uid = process->uid;

	if (process->is_kernel)
		return json_string("root");
	if (view->host->is_fixture)
		return user(view, process->pid);
	if (!process->has_uid && !process_owner(view->host, process->pid, &uid))
		return json_null();
	while (i < PROCESS_VIEW_USERS - 1 && view->users[i].name && view->users[i].uid != uid)
		i++;
	if (!view->users[i].name || view->users[i].uid != uid) {
		json_decref(view->users[i].name);
		view->users[i].name = name_json(view->host, uid);
		view->users[i].uid = uid;
	}
	return json_incref(view->users[i].name);
}

static json_t *cgroup(const struct process_view *view, uint32_t pid)
{
	char text[TEXT_BYTES], path[CGROUP_PATH_BYTES];

	if (process_read_file(view->host, pid, "cgroup", text, sizeof(text)) <= 0)
		return json_null();
	cgroup_name_parse(text, path);
	return json_text(path, strlen(path));
}

static double age_s(const struct process_view *view, uint64_t start_ticks)
{
	double age = view->uptime_s - (double)start_ticks / TICKS_PER_S;

	return age > 0 ? age : 0;
}

static json_t *make_value(const struct process_view *view, enum process_view_column column,
			  uint64_t value)
{
	if (column == PROCESS_VIEW_STARTED)
		return json_figure(age_s(view, value));
	return column == PROCESS_VIEW_CPU ? json_figure((double)value / TICKS_PER_S)
					  : json_count(value);
}

/* Thousands of processes differ in little: what repeats is made once. */
static json_t *value(struct process_view *view, enum process_view_column column, uint64_t value)
{
	if (!view->last[column].json || view->last[column].value != value) {
		json_decref(view->last[column].json);
		view->last[column].json = make_value(view, column, value);
		view->last[column].value = value;
	}
	return json_incref(view->last[column].json);
}

static json_t *comm(struct process_view *view, const char *name)
{
	if (!view->last_comm || strcmp(json_string_value(view->last_comm), name) != 0) {
		json_decref(view->last_comm);
		view->last_comm = json_text(name, strlen(name));
	}
	return json_incref(view->last_comm);
}

json_t *process_columns_json(void)
{
	return json_pack("[s, s, s, s, s, s, s, s, s]", "pid", "ppid", "comm", "user", "state",
			 "rss_bytes", "n_threads", "started_s_ago", "cpu_s");
}

json_t *process_row_json(struct process_view *view, const struct process *process)
{
	json_t *row = json_array();

	json_push(row, json_integer(process->pid));
	json_push(row, value(view, PROCESS_VIEW_PARENT, process->ppid));
	json_push(row, comm(view, process->comm));
	json_push(row, owner(view, process));
	json_push(row, state(view, process->state));
	json_push(row, value(view, PROCESS_VIEW_RSS, process_rss_bytes(process)));
	json_push(row, value(view, PROCESS_VIEW_THREADS, process->n_threads));
	json_push(row, value(view, PROCESS_VIEW_STARTED, process->start_ticks));
	json_push(row, value(view, PROCESS_VIEW_CPU, process->user_ticks + process->system_ticks));
	return row;
}

json_t *process_detail_json(const struct process_view *view, const struct process *process)
{
	json_t *json = process_name_json(process);

	json_put(json, "ppid", json_integer(process->ppid));
	json_put(json, "cmdline", cmdline(view, process->pid));
	json_put(json, "user", user(view, process->pid));
	json_put(json, "state", json_text(&process->state, 1));
	json_put(json, "rss_bytes", json_count(process_rss_bytes(process)));
	json_put(json, "n_threads", json_count(process->n_threads));
	json_put(json, "started_s_ago", json_figure(age_s(view, process->start_ticks)));
	json_put(json, "cgroup", cgroup(view, process->pid));
	return json;
}
