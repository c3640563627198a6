/* find_deleted_files: space that no folder shows, because a process still holds it. */
#include <stdlib.h>
#include <string.h>

#include "call/broker.h"
#include "host/mounts.h"
#include "tools/catalogue.h"

#define DEFAULT_MAX 50

struct found {
	const json_t *process, *file;
	uint64_t n_bytes;
};

struct findings {
	struct found *list;
	size_t n;
	uint64_t total_bytes;
};

static void findings_cleanup(struct findings *findings)
{
	free(findings->list);
}

static int compare(const void *left, const void *right)
{
	const struct found *a = left, *b = right;
	int64_t first, second;

	if (a->n_bytes != b->n_bytes)
		return a->n_bytes < b->n_bytes ? 1 : -1;
	first = json_get_int(a->process, "pid", 0);
	second = json_get_int(b->process, "pid", 0);
	return (first > second) - (first < second);
}

static bool is_same_file(const json_t *left, const json_t *right)
{
	return json_get_int(left, "inode", -1) == json_get_int(right, "inode", -2) &&
	       strcmp(json_get_text(left, "device", "l"), json_get_text(right, "device", "r")) == 0;
}

/* Sorted by size, several holders of one file stand near each other: its space is one. */
static uint64_t total_of(const struct findings *findings)
{
	uint64_t total = 0;

	for (size_t i = 0; i < findings->n; i++) {
		bool seen = false;

		for (size_t k = i; k-- > 0 && !seen;) {
			if (findings->list[k].n_bytes != findings->list[i].n_bytes)
				break;
			seen = is_same_file(findings->list[k].file, findings->list[i].file);
		}
		if (!seen)
			total += findings->list[i].n_bytes;
	}
	return total;
}

static void add_files(struct findings *findings, const json_t *process)
{
	const json_t *files = json_object_get(process, "files");
	const json_t *file;
	size_t i;

	findings->list = reallocarray(findings->list, findings->n + json_array_size(files) + 1,
				      sizeof(*findings->list));
	if (!findings->list)
		abort();
	json_array_foreach(files, i, file)
	{
		int64_t n_bytes = json_get_int(file, "disk_bytes", 0);

		if (!json_get_bool(file, "deleted", false))
			continue;
		findings->list[findings->n++] = (struct found) {
			.process = process,
			.file = file,
			.n_bytes = n_bytes > 0 ? (uint64_t)n_bytes : 0,
		};
	}
}

/* By device where the table knows it; btrfs and overlays show other devices than they mount. */
static json_t *mount_json(const struct mounts *mounts, const json_t *file)
{
	const char *device = json_get_text(file, "device", "");
	const struct mount *mount;

	for (size_t i = 0; i < mounts->n; i++) {
		char number[32];

		mount = &mounts->list[i];
		(void)snprintf(number, sizeof(number), "%u:%u", mount->major, mount->minor);
		if (strcmp(number, device) == 0)
			return json_text(mount->point, strlen(mount->point));
	}
	mount = mounts_find(mounts, json_get_text(file, "path", ""));
	return mount ? json_text(mount->point, strlen(mount->point)) : json_null();
}

static json_t *found_json(const struct mounts *mounts, const struct found *found)
{
	const char *comm = json_get_text(found->process, "comm", "");
	const char *path = json_get_text(found->file, "path", "");
	json_t *json = json_object();

	json_put(json, "pid", json_integer(json_get_int(found->process, "pid", 0)));
	json_put(json, "comm", json_text(comm, strlen(comm)));
	json_put(json, "path", json_text(path, strlen(path)));
	json_put(json, "fd", json_integer(json_get_int(found->file, "fd", -1)));
	json_put(json, "bytes", json_count(found->n_bytes));
	json_put(json, "mount", mount_json(mounts, found->file));
	return json;
}

static void put_findings(struct task *task, struct findings *findings, size_t max, json_t *result)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	json_t *list = json_array();
	int r = mounts_read(task->host, &mounts);

	if (r < 0)
		tool_unread(result, "/proc/1/mountinfo", r);
	if (findings->n)
		qsort(findings->list, findings->n, sizeof(*findings->list), compare);
	for (size_t i = 0; i < findings->n && i < max; i++)
		json_push(list, found_json(&mounts, &findings->list[i]));
	json_put(result, "files", list);
	json_put(result, "n_files", json_integer((json_int_t)findings->n));
	json_put(result, "total_bytes", json_count(total_of(findings)));
	if (findings->n > max)
		json_put(result, "truncated", json_true());
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	size_t max = (size_t)json_get_int(args, "max", DEFAULT_MAX);
	CLEANUP(json) json_t *question = json_object();
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(findings) struct findings findings = { 0 };
	const json_t *process;
	size_t i;

	answer = broker_ask(task, BROKER_OPEN_FILES, question, err);
	if (!answer)
		return error_wrap(err, "ask what processes hold open");
	tool_unread_from(result, answer);
	if (json_get_bool(answer, "truncated", false))
		json_put(result, "truncated", json_true());
	json_array_foreach(json_object_get(answer, "processes"), i, process)
		add_files(&findings, process);
	put_findings(task, &findings, max, result);
	return 0;
}

const struct tool tool_find_deleted_files = {
	.info = {
		.name = "find_deleted_files",
		.summary = "Files that were deleted but still take space because a process holds them "
			   "open, largest first.",
		.schema = "{\"type\":\"object\",\"properties\":{"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
			  "\"description\":\"how many to list; 50 if not given\"}},"
			  "\"additionalProperties\":false}",
		.result = "files: [{pid: integer, comm: string, path: string, fd: integer, bytes: integer, mount: string|null}], "
			"n_files: integer, total_bytes: integer",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
