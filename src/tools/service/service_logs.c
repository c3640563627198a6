#include "tools/service/service_logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/permission.h"
#include "host/tail.h"

#define MAX_CANDIDATES 64
#define MAX_FILES 4
#define MAX_ERRORS 15
#define MAX_LAST 5
#define TAIL_BYTES (64 * KIB)
#define LINE_MAX_BYTES 1000

struct candidate {
	char path[512];
	struct stat stat;
};

struct candidates {
	struct candidate list[MAX_CANDIDATES];
	size_t n;
};

/* Rotated and compressed ones are history. */
static bool is_current(const char *name)
{
	size_t len = strlen(name);

	return len && !strstr(name, ".gz") && !strstr(name, ".xz") && !strstr(name, ".zst") &&
	       !strstr(name, ".bz2") &&
	       !(name[len - 1] >= '0' && name[len - 1] <= '9' && len > 2 && name[len - 2] == '.');
}

static void add_candidate(const struct host *host, const char *folder, const char *name,
			  struct candidates *candidates)
{
	struct candidate *candidate = &candidates->list[candidates->n];

	if (candidates->n == MAX_CANDIDATES || !is_current(name))
		return;
	text_format(candidate->path, sizeof(candidate->path), "/%s/%s", folder, name);
	if (host_stat(host, candidate->path, &candidate->stat) < 0 ||
	    !S_ISREG(candidate->stat.st_mode))
		return;
	candidates->n++;
}

static void search(const struct host *host, const char *name, struct candidates *candidates)
{
	CLEANUP(json) json_t *tops = host_list(host, "var/log", 1024);
	const json_t *top, *entry;
	size_t i, j;

	json_array_foreach(tops, i, top)
	{
		const char *text = json_string_value(top);
		CLEANUP(json) json_t *inner = NULL;
		char folder[300];

		if (strncasecmp(text, name, strlen(name)) != 0)
			continue;
		add_candidate(host, "var/log", text, candidates);
		text_format(folder, sizeof(folder), "var/log/%s", text);
		inner = host_list(host, folder, 256);
		json_array_foreach(inner, j, entry)
			add_candidate(host, folder, json_string_value(entry), candidates);
	}
}

static int newest_first(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	return (b->stat.st_mtime > a->stat.st_mtime) - (b->stat.st_mtime < a->stat.st_mtime);
}

static bool is_error(struct str line)
{
	static const char *const words[] = {
		"error",     "fatal", "panic", "crit",  "fail",   "denied",    "refused", "cannot",
		"exception", "abort", "alert", "emerg", "killed", "timed out", "no space"
	};
	char text[LINE_MAX_BYTES];

	str_copy(line, text, sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

static void push_last(json_t *list, struct str line, size_t max)
{
	if (line.len > LINE_MAX_BYTES)
		line.len = LINE_MAX_BYTES;
	if (json_array_size(list) == max)
		(void)json_array_remove(list, 0); /* it has that index */
	json_push(list, json_str(line));
}

static json_t *read_log(struct task *task, const struct candidate *candidate, json_t *result)
{
	int64_t now_s = (int64_t)(host_now_ns(task->host) / NS_PER_SEC);
	json_t *errors = json_array(), *last = json_array();
	CLEANUP(buf) struct buf text = { 0 };
	const char *at;
	struct str line;
	int r;

	buf_init(&text, TAIL_BYTES);
	r = host_tail(task->host, candidate->path, &text);
	if (r < 0)
		tool_unread(result, candidate->path, r);
	at = buf_text(&text);
	while (scan_line(&at, &line)) {
		if (is_error(line))
			push_last(errors, line, MAX_ERRORS);
		push_last(last, line, MAX_LAST);
	}
	return json_pack("{s:s, s:I, s:I, s:o, s:o}", "path", candidate->path, "bytes",
			 (json_int_t)candidate->stat.st_size, "modified_s_ago",
			 (json_int_t)(now_s - candidate->stat.st_mtime), "errors", errors, "last",
			 last);
}

json_t *service_logs_read(struct task *task, const char *name, json_t *result)
{
	struct candidates *candidates = calloc(1, sizeof(*candidates));
	json_t *logs = json_array();

	if (!candidates)
		abort();
	search(task->host, name, candidates);
	qsort(candidates->list, candidates->n, sizeof(candidates->list[0]), newest_first);
	for (size_t i = 0; i < candidates->n && i < MAX_FILES; i++) {
		json_t *log = read_log(task, &candidates->list[i], result);

		if (log)
			json_push(logs, log);
	}
	free(candidates);
	return logs;
}
