/* list_logins: who is logged in, who was, who failed to, and when the machine started. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "tools/catalogue.h"
#include "tools/user/login_record.h"

#define MAX_RECORDS 20000 /* of a file's end */
#define MAX_LISTED 50
#define MAX_COUNTED 500

/* What is done with each record of a file. */
struct reading {
	json_t *result;
	int64_t now_s, since_s;
	void (*take)(struct reading *reading, const struct login_record *record);
};

static int read_records(const struct host *host, const char *path, struct reading *reading)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	unsigned char bytes[LOGIN_RECORD_BYTES];
	struct stat stat;
	off_t n, first = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
		return -EINVAL;
	n = stat.st_size / LOGIN_RECORD_BYTES;
	if (n > MAX_RECORDS)
		first = n - MAX_RECORDS;
	if (lseek(fd, first * LOGIN_RECORD_BYTES, SEEK_SET) < 0)
		return -errno;
	while (fd_read_all(fd, bytes, sizeof(bytes)) == 0) {
		struct login_record record;

		if (login_record_parse(bytes, &record))
			reading->take(reading, &record);
	}
	return 0;
}

static void push_latest(json_t *list, json_t *entry)
{
	if (json_array_size(list) == MAX_LISTED)
		(void)json_array_remove(list, 0); /* it has that index */
	json_push(list, entry);
}

static void take_session(struct reading *reading, const struct login_record *record)
{
	if (record->type == LOGIN_USER)
		push_latest(json_object_get(reading->result, "sessions"),
			    login_record_json(record, reading->now_s));
}

static void take_history(struct reading *reading, const struct login_record *record)
{
	if (reading->now_s - record->time_s > reading->since_s)
		return;
	if (record->type == LOGIN_USER)
		push_latest(json_object_get(reading->result, "logins"),
			    login_record_json(record, reading->now_s));
	if (record->type == LOGIN_BOOT)
		push_latest(json_object_get(reading->result, "boots"),
			    json_integer(reading->now_s - record->time_s));
}

static void take_failure(struct reading *reading, const struct login_record *record)
{
	json_t *counts = json_object_get(reading->result, "failed_by_address");
	const char *from = record->host[0] ? record->host : "local";
	json_t *key;

	if (reading->now_s - record->time_s > reading->since_s)
		return;
	json_put(reading->result, "n_failed",
		 json_integer(json_get_int(reading->result, "n_failed", 0) + 1));
	push_latest(json_object_get(reading->result, "failed"),
		    login_record_json(record, reading->now_s));
	/* Bytes of a stranger: made text before they become a key. */
	key = json_text(from, strlen(from));
	if (json_object_size(counts) < MAX_COUNTED)
		json_put(counts, json_string_value(key),
			 json_integer(json_get_int(counts, json_string_value(key), 0) + 1));
	json_decref(key);
}

static void read_one(struct task *task, const char *path, const char *other,
		     struct reading *reading)
{
	int r = read_records(task->host, path, reading);

	if (r == -ENOENT && other)
		r = read_records(task->host, other, reading);
	if (r < 0 && r != -ENOENT)
		tool_unread(reading->result, path, r);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	struct reading reading = { .result = result,
				   .now_s = (int64_t)(host_now_ns(task->host) / NS_PER_SEC),
				   .since_s = json_get_int(args, "since_s", 604800) };

	json_put(result, "sessions", json_array());
	json_put(result, "logins", json_array());
	json_put(result, "boots", json_array());
	json_put(result, "failed", json_array());
	json_put(result, "n_failed", json_integer(0));
	json_put(result, "failed_by_address", json_object());
	reading.take = take_session;
	read_one(task, "run/utmp", "var/run/utmp", &reading);
	reading.take = take_history;
	read_one(task, "var/log/wtmp", NULL, &reading);
	reading.take = take_failure;
	read_one(task, "var/log/btmp", NULL, &reading);
	return 0;
}

#define LOGIN "{user: string, line: string, from: string, seconds_ago: integer, pid: integer}"

const struct tool tool_list_logins = {
	.info = {
		.name = "list_logins",
		.summary = "Who is logged in, who logged in lately, failed attempts by address, and when "
			   "the machine was started.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":60,\"maximum\":31536000,"
			  "\"default\":604800,\"description\":\"How far back to look\"}}}",
		.result = "sessions: [" LOGIN "], logins: [" LOGIN "], boots: [integer], failed: ["
			LOGIN "], n_failed: integer, failed_by_address: {*: integer}",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
