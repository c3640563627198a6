/* list_threads: what each thread of one process does. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/pids.h"
#include "host/process_detail.h"
#include "tools/catalogue.h"
#include "tools/sample.h"

#define DEFAULT_MAX 50

struct thread {
	struct process before, after;
	double cpu_percent;
};

static bool read_thread(const struct host *host, uint32_t pid, uint32_t tid,
			struct process *thread_out)
{
	char file[64], text[1024];

	(void)snprintf(file, sizeof(file), "task/%" PRIu32 "/stat", tid);
	return process_read_file(host, pid, file, text, sizeof(text)) > 0 &&
	       process_parse(text, thread_out);
}

static int compare(const void *left, const void *right)
{
	const struct thread *a = left, *b = right;

	if (a->cpu_percent < b->cpu_percent || a->cpu_percent > b->cpu_percent)
		return a->cpu_percent < b->cpu_percent ? 1 : -1;
	return (a->after.pid > b->after.pid) - (a->after.pid < b->after.pid);
}

static json_t *thread_json(const struct host *host, uint32_t pid, const struct thread *thread)
{
	char file[64], wchan[128];
	json_t *json = json_object();

	json_put(json, "tid", json_integer(thread->after.pid));
	json_put(json, "comm", json_text(thread->after.comm, strlen(thread->after.comm)));
	json_put(json, "state", json_text(&thread->after.state, 1));
	json_put(json, "cpu_percent", json_figure(thread->cpu_percent));
	(void)snprintf(file, sizeof(file), "task/%" PRIu32 "/wchan", thread->after.pid);
	if (process_read_file(host, pid, file, wchan, sizeof(wchan)) > 0 && strcmp(wchan, "0") != 0)
		json_put(json, "wchan", json_text(wchan, strcspn(wchan, "\n")));
	else
		json_put(json, "wchan", json_null());
	return json;
}

static void put_states(const struct thread *threads, size_t n, json_t *result)
{
	json_t *by_state = json_object();

	for (size_t i = 0; i < n; i++) {
		char state[2] = { threads[i].after.state, '\0' };

		/* A letter in every kernel; hostile text may hold anything. */
		if (state[0] < 'A' || state[0] > 'z')
			state[0] = '?';
		json_put(by_state, state, json_integer(json_get_int(by_state, state, 0) + 1));
	}
	json_put(result, "n_threads", json_integer((json_int_t)n));
	json_put(result, "by_state", by_state);
}

static size_t sample(struct task *task, const json_t *args, uint32_t pid, const struct pids *tids,
		     struct thread *threads)
{
	size_t n = 0, n_left = 0;
	uint64_t elapsed_ns;

	for (size_t i = 0; i < tids->n; i++)
		n += read_thread(task->host, pid, tids->list[i], &threads[n].before);
	elapsed_ns = sample_wait(task, args);
	for (size_t i = 0; i < n; i++) {
		struct thread thread = threads[i];

		if (!read_thread(task->host, pid, thread.before.pid, &thread.after))
			continue;
		thread.cpu_percent = process_cpu_percent(&thread.before, &thread.after, elapsed_ns);
		threads[n_left++] = thread;
	}
	return n_left;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	uint32_t pid = (uint32_t)json_get_int(args, "pid", 0);
	size_t max = (size_t)json_get_int(args, "max", DEFAULT_MAX);
	CLEANUP(pids) struct pids tids = { 0 };
	struct thread *threads;
	char folder[64];
	json_t *list;
	size_t n;

	(void)snprintf(folder, sizeof(folder), "proc/%" PRIu32 "/task", pid);
	if (pids_read(task->host, folder, &tids) < 0)
		return error_set(err, -ESRCH, "no process has the number %" PRIu32, pid);
	threads = calloc(tids.n + 1, sizeof(*threads));
	if (!threads)
		abort();
	n = sample(task, args, pid, &tids, threads);
	qsort(threads, n, sizeof(*threads), compare);
	list = json_array();
	for (size_t i = 0; i < n && i < max; i++)
		json_push(list, thread_json(task->host, pid, &threads[i]));
	put_states(threads, n, result);
	free(threads);
	json_put(result, "threads", list);
	if (n > max || tids.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_list_threads = {
	.info = {
		.name = "list_threads",
		.summary = "The threads of one process: their states, CPU use and where in the kernel "
			   "they wait.",
		.schema = "{\"type\":\"object\",\"required\":[\"pid\"],\"properties\":{" SAMPLE_SCHEMA
			  ",\"pid\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
			  "\"description\":\"how many to list; 50 if not given\"}},"
			  "\"additionalProperties\":false}",
		.result = "n_threads: integer, by_state: {*: integer}, threads: [{tid: integer, "
			"comm: string, state: string, cpu_percent: number, wchan: string|null}]",
		.risk = TOOL_READS,
	},
	.run = run,
};
