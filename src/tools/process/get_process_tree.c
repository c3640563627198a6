/* get_process_tree: who started whom. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/process_detail.h"
#include "tools/catalogue.h"

#define NODES_MAX 2000
#define DEPTH_MAX 64

struct tree {
	const struct process_table *table;
	const struct process **by_parent; /* children of one stand together, by pid */
	size_t n_nodes;
	bool truncated;
};

static int compare(const void *left, const void *right)
{
	const struct process *const *a = left, *const *b = right;

	if ((*a)->ppid != (*b)->ppid)
		return (*a)->ppid < (*b)->ppid ? -1 : 1;
	return ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);
}

static size_t first_child(const struct tree *tree, uint32_t parent)
{
	size_t low = 0, high = tree->table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tree->by_parent[middle]->ppid < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static json_t *node_json(struct tree *tree, const struct process *process, unsigned depth)
{
	json_t *json = process_name_json(process);
	json_t *children = json_array();

	json_put(json, "state", json_text(&process->state, 1));
	json_put(json, "rss_bytes", json_count(process_rss_bytes(process)));
	tree->n_nodes++;
	for (size_t i = first_child(tree, process->pid);
	     i < tree->table->n && tree->by_parent[i]->ppid == process->pid; i++) {
		/* A made-up table may have a process be its own ancestor. */
		if (tree->n_nodes >= NODES_MAX || depth >= DEPTH_MAX) {
			tree->truncated = true;
			break;
		}
		json_push(children, node_json(tree, tree->by_parent[i], depth + 1));
	}
	if (json_array_size(children))
		json_put(json, "children", children);
	else
		json_decref(children);
	return json;
}

static void fill(struct tree *tree)
{
	tree->by_parent = calloc(tree->table->n + 1, sizeof(*tree->by_parent));
	if (!tree->by_parent)
		abort();
	for (size_t i = 0; i < tree->table->n; i++)
		tree->by_parent[i] = &tree->table->list[i];
	qsort(tree->by_parent, tree->table->n, sizeof(*tree->by_parent), compare);
}

/* Without a pid: everything that has no parent, kernel threads left out. */
static json_t *roots_json(struct tree *tree)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tree->table->n; i++) {
		const struct process *process = &tree->table->list[i];

		if (!process->is_kernel && !process_table_find(tree->table, process->ppid))
			json_push(list, node_json(tree, process, 0));
	}
	return list;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	uint32_t pid = (uint32_t)json_get_int(args, "pid", 0);
	CLEANUP(process_table) struct process_table table = { 0 };
	struct tree tree = { .table = &table };
	const struct process *root;
	json_t *list;
	int r = process_table_read(task->host, &table);

	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	root = process_table_find(&table, pid);
	if (pid && !root)
		return error_set(err, -ESRCH, "no process has the number %" PRIu32, pid);
	fill(&tree);
	if (pid) {
		list = json_array();
		json_push(list, node_json(&tree, root, 0));
	} else {
		list = roots_json(&tree);
	}
	free(tree.by_parent);
	json_put(result, "tree", list);
	json_put(result, "n_processes", json_integer((json_int_t)tree.n_nodes));
	if (tree.truncated || table.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_get_process_tree = {
	.info = {
		.name = "get_process_tree",
		.summary = "Which process started which, from one process or from the first.",
		.schema = "{\"type\":\"object\",\"properties\":{"
			  "\"pid\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647}},"
			  "\"additionalProperties\":false}",
		.result = "n_processes: integer, tree: [{" PROCESS_NAME_RESULT
			", state: string, rss_bytes: integer|null, children?: [any]}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
