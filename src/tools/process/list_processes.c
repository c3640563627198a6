/* list_processes: who is there, and who uses most of what. */
#include <stdlib.h>
#include <string.h>

#include "call/broker.h"
#include "host/process_detail.h"
#include "tools/catalogue.h"
#include "tools/process/broker_figures.h"
#include "tools/sample.h"

#define DEFAULT_MAX 20
#define ZOMBIE_PARENTS_MAX 10

struct row {
	const struct process *process;
	double cpu_percent;
	uint64_t n_fds;                 /* UINT64_MAX: unknown */
	double read_per_s, write_per_s; /* < 0: unknown */
	double key;
};

struct table {
	struct process_table before, after;
	struct row *rows; /* one for each of 'after' */
};

static void table_cleanup(struct table *table)
{
	process_table_finish(&table->before);
	process_table_finish(&table->after);
	free(table->rows);
}

static void put_counts(json_t *result, const struct process_table *table)
{
	uint64_t n_threads = 0, n_zombies = 0, n_blocked = 0;

	for (size_t i = 0; i < table->n; i++) {
		n_threads += table->list[i].n_threads;
		n_zombies += table->list[i].state == 'Z';
		n_blocked += table->list[i].state == 'D';
	}
	json_put(result, "n_processes", json_integer((json_int_t)table->n));
	json_put(result, "n_threads", json_count(n_threads));
	json_put(result, "n_zombies", json_count(n_zombies));
	json_put(result, "n_blocked", json_count(n_blocked));
	if (table->truncated)
		json_put(result, "truncated", json_true());
}

static void fill_rows(struct table *table, uint64_t elapsed_ns)
{
	table->rows = calloc(table->after.n + 1, sizeof(*table->rows));
	if (!table->rows)
		abort();
	for (size_t i = 0; i < table->after.n; i++) {
		const struct process *now = &table->after.list[i];
		const struct process *then = process_table_match(&table->before, now);

		table->rows[i] = (struct row) {
			.process = now,
			.cpu_percent = then ? process_cpu_percent(then, now, elapsed_ns) : 0,
			.n_fds = UINT64_MAX,
			.read_per_s = -1,
			.write_per_s = -1,
		};
	}
}

static void set_keys(struct table *table, const char *sort)
{
	for (size_t i = 0; i < table->after.n; i++) {
		struct row *row = &table->rows[i];

		if (strcmp(sort, "memory") == 0)
			row->key = (double)process_rss_bytes(row->process);
		else if (strcmp(sort, "threads") == 0)
			row->key = (double)row->process->n_threads;
		else if (strcmp(sort, "fds") == 0)
			row->key = row->n_fds == UINT64_MAX ? -1 : (double)row->n_fds;
		else if (strcmp(sort, "io") == 0)
			row->key = row->read_per_s + row->write_per_s;
		else
			row->key = row->cpu_percent;
	}
}

/* Largest first; equals by pid, so that the same evidence gives the same list. */
static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->key > b->key || a->key < b->key)
		return a->key < b->key ? 1 : -1;
	return (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
}

static json_t *row_json(const struct process_view *view, const struct row *row)
{
	json_t *json = process_detail_json(view, row->process);

	json_put(json, "cpu_percent", json_figure(row->cpu_percent));
	if (row->n_fds != UINT64_MAX)
		json_put(json, "n_fds", json_count(row->n_fds));
	if (row->read_per_s >= 0) {
		json_put(json, "read_bytes_per_s", json_figure(row->read_per_s));
		json_put(json, "write_bytes_per_s", json_figure(row->write_per_s));
	}
	return json;
}

static void put_rows(struct task *task, const struct table *table, size_t max, json_t *result)
{
	CLEANUP(process_view) struct process_view view = { 0 };
	json_t *list = json_array();

	process_view_init(&view, task->host);
	for (size_t i = 0; i < table->after.n && i < max; i++)
		json_push(list, row_json(&view, &table->rows[i]));
	json_put(result, "processes", list);
}

static size_t count_zombies(const struct process_table *table, uint32_t parent)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++)
		n += table->list[i].state == 'Z' && table->list[i].ppid == parent;
	return n;
}

/* Whoever has zombies does not wait for its children: that is who to look at. */
static void put_zombies(const struct process_table *table, json_t *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < table->n; i++) {
		size_t n = 0;
		json_t *entry;

		if (json_array_size(list) == ZOMBIE_PARENTS_MAX)
			break;
		if (json_get_int(result, "n_zombies", 0) > 0)
			n = count_zombies(table, table->list[i].pid);
		if (!n)
			continue;
		entry = process_name_json(&table->list[i]);
		json_put(entry, "n_zombies", json_integer((json_int_t)n));
		json_push(list, entry);
	}
	json_put(result, "zombies_by_parent", list);
}

static void add_broker_figures(const struct table *table, const struct broker_figures *figures)
{
	for (size_t i = 0; i < table->after.n; i++) {
		struct row *row = &table->rows[i];

		row->n_fds = broker_figures_fds(figures, row->process->pid);
		broker_figures_io(figures, row->process->pid, &row->read_per_s, &row->write_per_s);
	}
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *sort = json_get_text(args, "sort", "cpu");
	size_t max = (size_t)json_get_int(args, "max", DEFAULT_MAX);
	CLEANUP(broker_figures) struct broker_figures figures = { 0 };
	CLEANUP(table) struct table table = { 0 };
	uint64_t elapsed_ns;
	int r;

	r = process_table_read(task->host, &table.before);
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	if (strcmp(sort, "io") == 0)
		broker_figures_start_io(task, &figures, result);
	elapsed_ns = sample_wait(task, args);
	process_table_again(task->host, &table.before, &table.after);
	if (strcmp(sort, "io") == 0)
		broker_figures_end_io(task, &figures, elapsed_ns);
	if (strcmp(sort, "fds") == 0)
		broker_figures_read_fds(task, &figures, result);

	put_counts(result, &table.after);
	fill_rows(&table, elapsed_ns);
	add_broker_figures(&table, &figures);
	set_keys(&table, sort);
	qsort(table.rows, table.after.n, sizeof(*table.rows), compare_rows);
	put_rows(task, &table, max, result);
	put_zombies(&table.after, result);
	return 0;
}

#define PROCESS_LIST                                                               \
	"n_processes: integer, n_threads: integer, n_zombies: integer, "           \
	"n_blocked: integer, processes: [{" PROCESS_DETAIL_RESULT                  \
	", cpu_percent: number, n_fds?: integer|null, read_bytes_per_s?: number, " \
	"write_bytes_per_s?: number}], zombies_by_parent: [{" PROCESS_NAME_RESULT  \
	", n_zombies: integer}]"

#define SCHEMA                                                                                    \
	"{\"type\":\"object\",\"properties\":{" SAMPLE_SCHEMA ","                                 \
	"\"sort\":{\"type\":\"string\",\"enum\":[\"cpu\",\"memory\",\"io\",\"fds\",\"threads\"]," \
	"\"description\":\"what the largest users come first of; cpu if not given\"},"            \
	"\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"                           \
	"\"description\":\"how many to list; 20 if not given\"}},"                                \
	"\"additionalProperties\":false}"

const struct tool tool_list_processes = {
	.info = {
		.name = "list_processes",
		.summary = "How many processes, threads and zombies there are, and the processes that "
			   "use most CPU, memory, I/O, file descriptors or threads.",
		.schema = SCHEMA,
		.result = PROCESS_LIST,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};

const struct tool tool_get_process_list = {
	.info = {
		.name = "get_process_list",
		.summary = "The same as list_processes, by the name other agents gave it.",
		.schema = SCHEMA,
		.result = PROCESS_LIST,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
