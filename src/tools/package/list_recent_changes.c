/* list_recent_changes: what was altered on this machine before the trouble began. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/pattern.h"
#include "host/permission.h"
#include "host/tail.h"
#include "tools/catalogue.h"
#include "tools/package/package.h"

#define MAX_FILES 100
#define MAX_SEEN 50000
#define MAX_DEPTH 8
#define MAX_NAMES 5000
#define PATH_BYTES 1024

struct changed {
	char path[PATH_BYTES];
	int64_t age_s;
	int64_t bytes;
	bool is_content; /* else owner, mode or links */
};

/* The newest so far, sorted by age; the oldest falls out when it is full. */
struct walk {
	struct task *task;
	json_t *result;
	int64_t now_s, since_s;
	struct changed *list;
	size_t n, n_seen, n_changed;
};

static void insert(struct walk *walk, const char *path, const struct stat *stat)
{
	int64_t content_s = walk->now_s - stat->st_mtime, any_s = walk->now_s - stat->st_ctime;
	struct changed one = { .age_s = content_s < any_s ? content_s : any_s,
			       .bytes = stat->st_size,
			       .is_content = content_s <= any_s };
	size_t at;

	if (one.age_s < 0 || one.age_s > walk->since_s)
		return;
	walk->n_changed++;
	for (at = walk->n; at > 0 && walk->list[at - 1].age_s > one.age_s; at--)
		;
	if (at == MAX_FILES)
		return;
	text_format(one.path, sizeof(one.path), "%s", path);
	if (walk->n < MAX_FILES)
		walk->n++;
	memmove(&walk->list[at + 1], &walk->list[at], (walk->n - at - 1) * sizeof(one));
	walk->list[at] = one;
}

static void visit(struct walk *walk, const char *folder, unsigned depth)
{
	CLEANUP(json) json_t *names = host_list(walk->task->host, folder + 1, MAX_NAMES);
	const json_t *name;
	size_t i;

	if (!names && errno == EACCES)
		tool_unread(walk->result, folder, -EACCES);
	json_array_foreach(names, i, name)
	{
		char path[PATH_BYTES];
		struct stat stat;

		if (walk->n_seen++ > MAX_SEEN || clock_monotonic_ns() > walk->task->deadline_ns) {
			json_put(walk->result, "truncated", json_true());
			return;
		}
		text_format(path, sizeof(path), "%s/%s", folder, json_string_value(name));
		if (host_lstat(walk->task->host, path, &stat) < 0)
			continue;
		if (S_ISDIR(stat.st_mode) && depth < MAX_DEPTH)
			visit(walk, path, depth + 1);
		else if (!S_ISDIR(stat.st_mode) && !host_is_covered(walk->task->host, path + 1))
			insert(walk, path, &stat);
	}
}

static json_t *list_files(struct task *task, int64_t since_s, const char *const *folders,
			  json_t *result)
{
	struct walk walk = { .task = task,
			     .result = result,
			     .now_s = (int64_t)(host_now_ns(task->host) / NS_PER_SEC),
			     .since_s = since_s,
			     .list = calloc(MAX_FILES + 1, sizeof(struct changed)) };
	json_t *files = json_array();

	if (!walk.list)
		abort();
	for (; *folders; folders++)
		visit(&walk, *folders, 0);
	for (size_t i = 0; i < walk.n; i++)
		json_push(files, json_pack("{s:o, s:I, s:I, s:s}", "path",
					   json_text(walk.list[i].path, strlen(walk.list[i].path)),
					   "changed_s_ago", (json_int_t)walk.list[i].age_s, "bytes",
					   (json_int_t)walk.list[i].bytes, "what",
					   walk.list[i].is_content ? "content" : "attributes"));
	if (walk.n_changed > walk.n)
		json_put(result, "truncated", json_true());
	free(walk.list);
	return files;
}

/* "OLD NEW Name <mail> 1700000000 +0000\tcommit: subject": the last line of logs/HEAD. */
static json_t *read_head(struct task *task, const char *path)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct str line, last = { 0 }, old, new;
	const char *at, *mail_end, *tab;
	json_t *head;
	int64_t when_s = 0;

	buf_init(&text, 16 * KIB);
	if (host_tail(task->host, path, &text) < 0)
		return NULL;
	at = buf_text(&text);
	while (scan_line(&at, &line))
		last = line;
	at = last.data;
	if (!at || !scan_word(&at, &old) || !scan_word(&at, &new))
		return NULL;
	mail_end = memchr(at, '>', (size_t)(last.data + last.len - at));
	tab = memchr(at, '\t', (size_t)(last.data + last.len - at));
	if (!mail_end || !tab || mail_end > tab)
		return NULL;
	at = mail_end + 1;
	if (!scan_i64(&at, &when_s))
		return NULL;
	head = json_pack("{s:o, s:o, s:I}", "commit", json_str(new), "what",
			 json_text(tab + 1, (size_t)(last.data + last.len - tab - 1)),
			 "seconds_ago",
			 (json_int_t)(host_now_ns(task->host) / NS_PER_SEC) - (json_int_t)when_s);
	return head;
}

static json_t *list_checkouts(struct task *task)
{
	static const char *const patterns[] = { "/etc/.git/logs/HEAD", "/srv/*/.git/logs/HEAD",
						"/opt/*/.git/logs/HEAD",
						"/var/www/*/.git/logs/HEAD",
						"/home/*/*/.git/logs/HEAD" };
	json_t *checkouts = json_array();

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		CLEANUP(json) json_t *paths = host_match(task->host, patterns[i], 50);
		const json_t *path;
		size_t j;

		json_array_foreach(paths, j, path)
		{
			const char *text = json_string_value(path);
			json_t *head = read_head(task, text);

			if (!head)
				continue;
			json_put(head, "path",
				 json_text(text, strlen(text) - strlen("/.git/logs/HEAD")));
			json_push(checkouts, head);
		}
	}
	return checkouts;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	static const char *const config[] = { "/etc", "/usr/local/etc", NULL };
	static const char *const programs[] = {
		"/usr/local/bin", "/usr/local/sbin",     "/usr/local/lib",          "/usr/bin",
		"/usr/sbin",      "/lib/systemd/system", "/usr/lib/systemd/system", NULL
	};
	int64_t since_s = json_get_int(args, "since_s", 86400);
	const char *manager = package_manager_find(task->host);

	json_put(result, "packages", package_changes(task, manager, (uint64_t)since_s, result));
	json_put(result, "configuration", list_files(task, since_s, config, result));
	json_put(result, "programs", list_files(task, since_s, programs, result));
	json_put(result, "checkouts", list_checkouts(task));
	return 0;
}

#define CHANGED "[{path: string, changed_s_ago: integer, bytes: integer, what: string}]"

const struct tool tool_list_recent_changes = {
	.info = {
		.name = "list_recent_changes",
		.summary = "What was altered lately: packages, files below /etc, programs, and checkouts "
			   "that were moved, newest first.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":60,\"maximum\":31536000,"
			  "\"default\":86400,\"description\":\"How far back to look\"}}}",
		.result = "packages: " PACKAGE_CHANGES_RESULT ", configuration: " CHANGED
			", programs: " CHANGED
			", checkouts: [{path: string, commit: string, what: string, "
			"seconds_ago: integer}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
