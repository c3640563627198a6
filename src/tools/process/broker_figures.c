#include "tools/process/broker_figures.h"

#include "call/broker.h"
#include "host/open_files.h"
#include "tools/sample.h"

static json_t *ask(struct task *task, enum broker_question question, const char *what,
		   json_t *result)
{
	CLEANUP(json) json_t *args = json_object();
	struct error err = { 0 };
	json_t *answer = broker_ask(task, question, args, &err);

	if (answer)
		tool_unread_from(result, answer);
	else
		tool_unread(result, what, err.code);
	return answer;
}

void broker_figures_read_fds(struct task *task, struct broker_figures *figures, json_t *result)
{
	uint64_t n;

	/* The first process stands for all: who sees its count sees every one. */
	if (open_files_count(task->host, 1, &n))
		figures->host = task->host;
	else
		figures->files = ask(task, BROKER_OPEN_FILES, "/proc/PID/fd", result);
}

void broker_figures_start_io(struct task *task, struct broker_figures *figures, json_t *result)
{
	figures->before = ask(task, BROKER_PROCESS_IO, "/proc/PID/io", result);
}

void broker_figures_end_io(struct task *task, struct broker_figures *figures, uint64_t elapsed_ns)
{
	CLEANUP(json) json_t *ignored = json_object();

	/* What could not be seen at the start has been said. */
	if (figures->before)
		figures->after = ask(task, BROKER_PROCESS_IO, "/proc/PID/io", ignored);
	figures->elapsed_ns = elapsed_ns;
}

void broker_figures_cleanup(struct broker_figures *figures)
{
	json_decref(figures->files);
	json_decref(figures->before);
	json_decref(figures->after);
}

/* Answers list processes by pid, so that finding one is a bisection. */
static const json_t *find(const json_t *answer, uint32_t pid)
{
	const json_t *list = json_object_get(answer, "processes");
	size_t low = 0, high = json_array_size(list);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const json_t *entry = json_array_get(list, middle);
		int64_t number = json_get_int(entry, "pid", 0);

		if (number == pid)
			return entry;
		if (number < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint64_t broker_figures_fds(const struct broker_figures *figures, uint32_t pid)
{
	uint64_t n;

	if (figures->host)
		return open_files_count(figures->host, pid, &n) ? n : UINT64_MAX;
	return (uint64_t)json_get_int(find(figures->files, pid), "n_fds", -1);
}

bool broker_figures_io(const struct broker_figures *figures, uint32_t pid, double *read_per_s_out,
		       double *write_per_s_out)
{
	const json_t *then = find(figures->before, pid);
	const json_t *now = find(figures->after, pid);

	if (!then || !now)
		return false;
	*read_per_s_out =
		sample_rate((uint64_t)json_get_int(then, "read_bytes", 0),
			    (uint64_t)json_get_int(now, "read_bytes", 0), figures->elapsed_ns);
	*write_per_s_out =
		sample_rate((uint64_t)json_get_int(then, "write_bytes", 0),
			    (uint64_t)json_get_int(now, "write_bytes", 0), figures->elapsed_ns);
	return true;
}
