/* list_users: accounts, who among them may do everything, and what is odd about them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "host/permission.h"
#include "tools/catalogue.h"

#define FILE_MAX_BYTES (4 * MIB)
#define MAX_USERS 2000
#define MAX_FIELDS 8
#define FIRST_PERSON 1000

static size_t split(char *line, char *fields[MAX_FIELDS])
{
	size_t n = 0;

	while (n < MAX_FIELDS) {
		char *colon = strchr(line, ':');

		fields[n++] = line;
		if (!colon)
			break;
		*colon = '\0';
		line = colon + 1;
	}
	return n;
}

static bool can_log_in(const char *shell)
{
	const char *base = strrchr(shell, '/');

	base = base ? base + 1 : shell;
	return strcmp(base, "nologin") != 0 && strcmp(base, "false") != 0 &&
	       strcmp(base, "sync") != 0 && strcmp(base, "shutdown") != 0 &&
	       strcmp(base, "halt") != 0;
}

static void add_problems(const struct host *host, char *const *fields, json_t *user)
{
	const char *home = fields[5], *shell = fields[6];
	json_t *problems = json_array();

	if (can_log_in(shell)) {
		if (home[0] == '/' && !host_exists(host, home + 1))
			json_push(problems, json_string("the home folder does not exist"));
		if (shell[0] == '/' && !host_exists(host, shell + 1))
			json_push(problems, json_string("the shell does not exist"));
	}
	if (!fields[1][0])
		json_push(problems, json_string("it has no password"));
	if (json_array_size(problems))
		json_put(user, "problems", problems);
	else
		json_decref(problems);
}

static void add_user(const struct host *host, char *line, json_t *result)
{
	json_t *users = json_object_get(result, "users"), *user;
	char *fields[MAX_FIELDS];
	unsigned long uid;

	if (split(line, fields) < 7)
		return;
	uid = strtoul(fields[2], NULL, 10);
	user = json_pack("{s:o, s:I, s:I, s:o, s:o, s:b, s:b}", "name",
			 json_text(fields[0], strlen(fields[0])), "uid", (json_int_t)uid, "gid",
			 (json_int_t)strtoul(fields[3], NULL, 10), "home",
			 json_text(fields[5], strlen(fields[5])), "shell",
			 json_text(fields[6], strlen(fields[6])), "can_log_in",
			 can_log_in(fields[6]), "is_person", uid >= FIRST_PERSON && uid < 60000);
	if (!user)
		return;
	add_problems(host, fields, user);
	if (uid == 0)
		json_push(json_object_get(result, "uid_zero"),
			  json_text(fields[0], strlen(fields[0])));
	if (json_array_size(users) < MAX_USERS) {
		json_push(users, user);
		return;
	}
	json_decref(user);
	json_put(result, "truncated", json_true());
}

/* Groups whose members become root, or own the machine by another way. */
static void add_group(char *line, json_t *result)
{
	static const char *const groups[] = { "root",   "sudo", "wheel", "admin",
					      "docker", "lxd",  "disk",  "shadow" };
	char *fields[MAX_FIELDS], *member, *next;
	json_t *privileged = json_object_get(result, "privileged");

	if (split(line, fields) < 4)
		return;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (strcmp(fields[0], groups[i]) != 0)
			continue;
		for (member = fields[3]; member && *member; member = next) {
			next = strchr(member, ',');
			if (next)
				*next++ = '\0';
			if (*member)
				json_push(privileged, json_pack("{s:o, s:s}", "user",
								json_text(member, strlen(member)),
								"group", groups[i]));
		}
	}
}

enum table {
	TABLE_PASSWD,
	TABLE_GROUP
};

static void read_table(const struct host *host, const char *path, enum table table, json_t *result)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0) {
		tool_unread(result, path, fd);
		return;
	}
	lines_init(&lines, fd, FILE_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		char text[4096];

		str_copy(line, text, sizeof(text));
		if (table == TABLE_PASSWD)
			add_user(host, text, result);
		else
			add_group(text, result);
	}
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	json_put(result, "users", json_array());
	json_put(result, "uid_zero", json_array());
	json_put(result, "privileged", json_array());
	read_table(task->host, "etc/passwd", TABLE_PASSWD, result);
	read_table(task->host, "etc/group", TABLE_GROUP, result);
	json_put(result, "n_users",
		 json_integer((json_int_t)json_array_size(json_object_get(result, "users"))));
	return 0;
}

const struct tool tool_list_users = {
	.info = {
		.name = "list_users",
		.summary = "The accounts of this machine: who may log in, who may become root, and what is "
			   "odd about them. Passwords are not looked at.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "n_users: integer, users: [{name: string, uid: integer, gid: integer, "
			"home: string, shell: string, can_log_in: boolean, is_person: boolean, "
			"problems?: [string]}], uid_zero: [string], privileged: [{user: string, "
			"group: string}]",
		.risk = TOOL_READS,
	},
	.run = run,
};
