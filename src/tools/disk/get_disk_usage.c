/* get_disk_usage: which folders and files eat a disk, by bytes and by inodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/catalogue.h"
#include "tools/disk/usage_walk.h"

#define DEFAULT_DEPTH 2
#define DEFAULT_MAX 30
#define RESERVE_NS (500 * NS_PER_MS)

static json_t *text(const char *value)
{
	return json_text(value, strlen(value));
}

static int compare_bytes(const void *left, const void *right)
{
	const struct usage_node *const *a = left, *const *b = right;

	if ((*a)->n_bytes != (*b)->n_bytes)
		return (*a)->n_bytes < (*b)->n_bytes ? 1 : -1;
	return strcmp((*a)->path, (*b)->path);
}

static int compare_inodes(const void *left, const void *right)
{
	const struct usage_node *const *a = left, *const *b = right;

	if ((*a)->n_inodes != (*b)->n_inodes)
		return (*a)->n_inodes < (*b)->n_inodes ? 1 : -1;
	return strcmp((*a)->path, (*b)->path);
}

static json_t *list_json(const struct usage *usage, size_t max,
			 int (*compare)(const void *, const void *))
{
	const struct usage_node **order = calloc(usage->n_nodes, sizeof(*order));
	json_t *list = json_array();

	if (!order)
		abort();
	/* The first is the path itself, which the result names apart. */
	for (size_t i = 1; i < usage->n_nodes; i++)
		order[i - 1] = &usage->nodes[i];
	qsort(order, usage->n_nodes - 1, sizeof(*order), compare);
	for (size_t i = 0; i + 1 < usage->n_nodes && i < max; i++)
		json_push(list, json_pack("{s:o, s:o, s:o}", "path", text(order[i]->path), "bytes",
					  json_count(order[i]->n_bytes), "inodes",
					  json_count(order[i]->n_inodes)));
	free(order);
	return list;
}

static json_t *largest_json(const struct usage *usage)
{
	json_t *list = json_array();

	for (size_t i = 0; i < usage->n_largest; i++)
		json_push(list, json_pack("{s:o, s:o}", "path", text(usage->largest[i].path),
					  "bytes", json_count(usage->largest[i].n_bytes)));
	return list;
}

static void put_usage(const char *path, const struct usage *usage, size_t max, json_t *result)
{
	char what[96];

	json_put(result, "path", text(path));
	json_put(result, "total_bytes", json_count(usage->nodes[0].n_bytes));
	json_put(result, "total_inodes", json_count(usage->nodes[0].n_inodes));
	json_put(result, "entries", list_json(usage, max, compare_bytes));
	json_put(result, "by_inodes", list_json(usage, max, compare_inodes));
	json_put(result, "largest_files", largest_json(usage));
	json_put(result, "truncated", json_boolean(usage->truncated));
	if (!usage->n_unreadable)
		return;
	(void)snprintf(what, sizeof(what), "%zu folders", usage->n_unreadable);
	tool_unread(result, what, usage->unreadable_code);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *path = json_get_text(args, "path", "/");
	size_t max = (size_t)json_get_int(args, "max", DEFAULT_MAX);
	CLEANUP(usage) struct usage usage = { 0 };
	struct usage_limits limits = {
		.depth = (unsigned)json_get_int(args, "depth", DEFAULT_DEPTH),
		.deadline_ns = task->deadline_ns > RESERVE_NS ? task->deadline_ns - RESERVE_NS : 0,
	};
	int r;

	if (path[0] != '/')
		return error_set(err, -EINVAL, "'%s' is not an absolute path", path);
	r = usage_walk(task->host, path, &limits, &usage);
	if (r == -ENOTDIR)
		return error_set(err, r, "'%s' is not a folder", path);
	if (r < 0)
		return error_set(err, r, "open '%s': %s", path, strerrordesc_np(-r));
	put_usage(path, &usage, max, result);
	return 0;
}

const struct tool tool_get_disk_usage = {
	.info = {
		.name = "get_disk_usage",
		.summary = "Which folders and files below a path take most bytes and most inodes, on "
			   "its file system only.",
		.schema =
			"{\"type\":\"object\",\"properties\":{"
			"\"path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":4096,"
			"\"description\":\"a folder, absolute; / if not given\"},"
			"\"depth\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":10,"
			"\"description\":\"how deep folders are listed; 2 if not given\"},"
			"\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
			"\"description\":\"how many to list; 30 if not given\"}},"
			"\"additionalProperties\":false}",
		.result = "path: string, total_bytes: integer, total_inodes: integer, "
			"entries: [{path: string, bytes: integer, inodes: integer}], "
			"by_inodes: [{path: string, bytes: integer, inodes: integer}], "
			"largest_files: [{path: string, bytes: integer}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
