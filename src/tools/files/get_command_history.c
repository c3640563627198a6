/* get_command_history: what people typed lately, from the histories of their shells. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/lines.h"
#include "call/redact.h"
#include "host/permission.h"
#include "logs/window.h"
#include "tools/catalogue.h"
#include "tools/files/files.h"

#define MAX_ACCOUNTS 500
#define MAX_BYTES (512 * KIB)
#define COMMAND_BYTES 1000
#define PASSWD_BYTES (4 * MIB)

static const char *const names[] = { ".bash_history", ".zsh_history",
				     ".zhistory",     ".ash_history",
				     ".sh_history",   ".local/share/fish/fish_history" };

struct collecting {
	struct task *task;
	json_t *histories, *result, *seen; /* homes: several accounts may share one */
	const char *user;                  /* or NULL: everybody */
	size_t max;
	uint64_t now_ns;
	unsigned n_accounts;
};

static json_t *seconds_ago(const struct collecting *collecting, uint64_t when_s)
{
	return json_integer((json_int_t)(collecting->now_ns / NS_PER_SEC) - (json_int_t)when_s);
}

static json_t *command_json(const struct collecting *collecting, struct str text, uint64_t when_s)
{
	CLEANUP(buf) struct buf redacted = { 0 };
	json_t *command = json_object();

	/* Redacted before it is cut. */
	buf_init(&redacted, COMMAND_BYTES);
	(void)redact_text(collecting->task->redactor, text.data, text.len, &redacted);
	json_put(command, "text", json_text(buf_text(&redacted), redacted.len));
	if (when_s)
		json_put(command, "seconds_ago", seconds_ago(collecting, when_s));
	return command;
}

static void push_latest(const struct collecting *collecting, json_t *commands, json_t *command)
{
	if (json_array_size(commands) >= collecting->max)
		(void)json_array_remove(commands, 0);
	json_push(commands, command);
}

/* bash writes "#1795367005" before a command. */
static bool is_time_line(const char *line, uint64_t *when_s)
{
	return scan_text(&line, "#") && strlen(line) >= 9 && scan_u64(&line, when_s) && !*line;
}

/* fish writes "  when: 1795367005" after a command; other members of it are no commands. */
static bool is_member_line(const struct collecting *collecting, const char *line, json_t *commands)
{
	json_t *last = json_array_get(commands, json_array_size(commands) - 1);
	uint64_t when_s;

	if (strncmp(line, "  paths:", 8) == 0 || strncmp(line, "    - ", 6) == 0)
		return true;
	if (!scan_text(&line, "  when:") || !scan_u64(&line, &when_s))
		return false;
	if (last)
		json_put(last, "seconds_ago", seconds_ago(collecting, when_s));
	return true;
}

/* zsh: ": 1795367005:0;command"; fish: "- cmd: command". */
static const char *command_of(const char *line, uint64_t *when_s)
{
	const char *zsh = line, *fish = line;
	uint64_t took_s;

	if (scan_text(&zsh, ": ") && scan_u64(&zsh, when_s) && scan_text(&zsh, ":") &&
	    scan_u64(&zsh, &took_s) && scan_text(&zsh, ";"))
		return zsh;
	return scan_text(&fish, "- cmd: ") ? fish : line;
}

static void add_line(const struct collecting *collecting, const char *line, uint64_t *when_s,
		     json_t *commands)
{
	const char *command;

	if (!*line || is_time_line(line, when_s) || is_member_line(collecting, line, commands))
		return;
	command = command_of(line, when_s);
	push_latest(collecting, commands,
		    command_json(collecting, (struct str) { command, strlen(command) }, *when_s));
	*when_s = 0;
}

static json_t *read_commands(const struct collecting *collecting, int fd, bool *truncated)
{
	CLEANUP(lines) struct lines lines = { 0 };
	json_t *commands = json_array();
	struct log_window window;
	uint64_t when_s = 0;
	struct str line;

	/* A line may be two in a history with times. */
	if (log_window_seek_lines(fd, 2 * collecting->max + 2, MAX_BYTES, &window) < 0)
		return commands;
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line) && clock_monotonic_ns() < collecting->task->deadline_ns)
		add_line(collecting, line.data, &when_s, commands);
	*truncated = window.start > 0;
	return commands;
}

static void read_history(const struct collecting *collecting, const char *user, const char *path)
{
	struct error err = { 0 };
	struct stat status;
	CLEANUP(fd) int fd = files_open_regular(collecting->task->host, path, &status, &err);
	bool truncated = false;
	json_t *history;

	if (fd < 0) {
		if (fd != -ENOENT && fd != -ENOTDIR)
			tool_unread(collecting->result, path, fd);
		return;
	}
	history = json_pack("{s:o, s:o, s:o}", "user", json_text(user, strlen(user)), "path",
			    json_text(path, strlen(path)), "modified", files_modified(&status));
	json_put(history, "commands", read_commands(collecting, fd, &truncated));
	json_put(history, "truncated", json_boolean(truncated));
	json_push(collecting->histories, history);
}

static void read_home(struct collecting *collecting, const char *user, const char *home)
{
	struct stat status;

	if (*home != '/' || json_object_get(collecting->seen, home) ||
	    (collecting->user && strcmp(user, collecting->user) != 0))
		return;
	/* A home that is not UTF-8 is read each time an account names it. */
	(void)json_object_set_new(collecting->seen, home, json_true());
	/* The sandbox hides some homes behind an empty directory without any permission. */
	if (host_stat(collecting->task->host, home, &status) == 0 && !(status.st_mode & 07777)) {
		tool_unread(collecting->result, home, -EACCES);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[1100];

		(void)snprintf(path, sizeof(path), "%s/%s", home[1] ? home : "", names[i]);
		read_history(collecting, user, path);
	}
}

/* name:x:uid:gid:comment:home:shell */
static bool split_account(char *line, const char **user_out, const char **home_out)
{
	char *field = line;

	*user_out = line;
	for (int i = 0; i < 6; i++) {
		char *colon = strchr(field, ':');

		if (!colon)
			return false;
		*colon = '\0';
		if (i == 5)
			*home_out = field;
		field = colon + 1;
	}
	return true;
}

static int read_accounts(struct collecting *collecting)
{
	CLEANUP(fd) int fd = host_open(collecting->task->host, "etc/passwd", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return fd;
	lines_init(&lines, fd, PASSWD_BYTES);
	while (lines_next(&lines, &line)) {
		char text[1024];
		const char *user, *home;

		str_copy(line, text, sizeof(text));
		if (!split_account(text, &user, &home))
			continue;
		if (collecting->n_accounts++ == MAX_ACCOUNTS) {
			json_put(collecting->result, "truncated", json_true());
			break;
		}
		read_home(collecting, user, home);
	}
	return lines.error;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *seen = json_object();
	struct collecting collecting = {
		.task = task,
		.histories = json_array(),
		.result = result,
		.seen = seen,
		.user = json_get_text(args, "user", NULL),
		.max = (size_t)json_get_int(args, "max", 50),
		.now_ns = host_now_ns(task->host),
	};
	int r;

	json_put(result, "histories", collecting.histories);
	r = read_accounts(&collecting);
	if (r < 0)
		return error_set(err, r, "read /etc/passwd: %s", strerrordesc_np(-r));
	return 0;
}

const struct tool tool_get_command_history = {
	.info = {
		.name = "get_command_history",
		.summary = "The latest commands in the shell histories of this host's users, secrets "
			   "redacted.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"user\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64,"
			  "\"description\":\"only this one's\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"default\":50,"
			  "\"description\":\"commands per history, the latest\"}}}",
		.result = "histories: [{user: string, path: string, modified: string, "
			"commands: [{text: string, seconds_ago?: integer}], truncated: boolean}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
