#include <errno.h>
#include <inttypes.h>

#include "call/broker.h"
#include "host/clock_sync.h"
#include "host/code_maps.h"
#include "host/filesystems.h"
#include "host/kernel_log.h"
#include "host/kernel_names.h"
#include "host/open_files.h"
#include "host/outgoing_ports.h"
#include "host/process_inside.h"
#include "host/tracepoint.h"

#define KERNEL_LINES_MAX 20000
#define KERNEL_LINES_DEFAULT 2000

static void put_gap(json_t *answer, const char *what, size_t n, int code)
{
	char text[96];

	if (!n)
		return;
	(void)snprintf(text, sizeof(text), "%s of %zu processes", what, n);
	tool_unread(answer, text, code);
}

static json_t *with_gaps(const char *key, json_t *list, const char *what,
			 const struct open_files_gaps *gaps)
{
	json_t *answer = json_object();

	json_put(answer, key, list);
	put_gap(answer, what, gaps->n_unreadable, gaps->code);
	if (gaps->truncated)
		json_put(answer, "truncated", json_true());
	return answer;
}

static json_t *open_files(struct host *host, const json_t *args)
{
	struct open_files_gaps gaps;
	json_t *list = open_files_json(host, (uint32_t)json_get_int(args, "pid", 0), &gaps);

	return with_gaps("processes", list, "open files", &gaps);
}

static json_t *socket_owners(struct host *host)
{
	struct open_files_gaps gaps;
	json_t *list = open_sockets_json(host, &gaps);

	return with_gaps("sockets", list, "sockets", &gaps);
}

static json_t *process(struct host *host, const json_t *args)
{
	int64_t pid = json_get_int(args, "pid", 0);
	char what[64];
	int code;
	json_t *answer = process_inside_json(host, (uint32_t)pid, &code);

	(void)snprintf(what, sizeof(what), "inside of process %" PRId64, pid);
	if (code < 0)
		tool_unread(answer, what, code);
	return answer;
}

static json_t *process_io(struct host *host)
{
	json_t *answer = json_object();
	size_t n_unreadable;
	int code;

	json_put(answer, "processes", process_io_json(host, &n_unreadable, &code));
	put_gap(answer, "I/O", n_unreadable, code);
	return answer;
}

static json_t *kernel_log(struct host *host, const json_t *args, struct error *err)
{
	int64_t max = json_get_int(args, "max_lines", KERNEL_LINES_DEFAULT);
	struct kernel_log_query query = {
		.since_s = json_get_number(args, "since_s", 0),
		.max_lines = max > 0 && max < KERNEL_LINES_MAX ? (size_t)max : KERNEL_LINES_MAX,
	};

	if (query.since_s < 0 || query.since_s > 1e9)
		query.since_s = 0;
	return kernel_log_read(host, &query, err);
}

/* What capture-host wrote down; of a process under its number. */
static json_t *recorded(const struct host *host, enum broker_question question, const json_t *args,
			struct error *err)
{
	static const char *const names[BROKER_N_QUESTIONS] = {
		[BROKER_OPEN_FILES] = "open_files",
		[BROKER_PROCESS] = "process",
		[BROKER_SOCKET_OWNERS] = "socket_owners",
		[BROKER_KERNEL_LOG] = "kernel_log",
		[BROKER_PROCESS_IO] = "process_io",
		[BROKER_FILESYSTEMS] = "statfs",
		[BROKER_CLOCK] = "adjtimex",
		[BROKER_KERNEL_NAMES] = "kernel_names",
		[BROKER_CODE_MAPS] = "code_maps",
		[BROKER_TRACEPOINT] = "tracepoint",
	};
	json_t *all = host_recorded(host, names[question]);
	json_t *one;
	char pid[24];

	if (all && question == BROKER_PROCESS) {
		(void)snprintf(pid, sizeof(pid), "%" PRId64, json_get_int(args, "pid", 0));
		one = json_incref(json_object_get(all, pid));
		json_decref(all);
		all = one;
	}
	if (all && question == BROKER_FILESYSTEMS)
		all = json_pack("{s:o}", "filesystems", all);
	if (!all)
		error_set(err, -EPERM, "this machine recorded nothing of '%s'", names[question]);
	return all;
}

static bool needs_pid(enum broker_question question)
{
	return question == BROKER_PROCESS || question == BROKER_CODE_MAPS;
}

json_t *broker_answer(struct host *host, enum broker_question question, const json_t *args,
		      struct error *err)
{
	int64_t pid = json_get_int(args, "pid", 0);

	if (pid < 0 || pid > INT32_MAX || (needs_pid(question) && !pid)) {
		error_set(err, -EINVAL, "no process has the number %" PRId64, pid);
		return NULL;
	}
	/* What is a file of the fixture needs no record. */
	if (host->is_fixture && question != BROKER_OUTGOING_PORTS)
		return recorded(host, question, args, err);
	switch (question) {
	case BROKER_OPEN_FILES:
		return open_files(host, args);
	case BROKER_PROCESS:
		return process(host, args);
	case BROKER_SOCKET_OWNERS:
		return socket_owners(host);
	case BROKER_KERNEL_LOG:
		return kernel_log(host, args, err);
	case BROKER_PROCESS_IO:
		return process_io(host);
	case BROKER_FILESYSTEMS:
		return json_pack("{s:o}", "filesystems", filesystems_json(host));
	case BROKER_CLOCK:
		return clock_sync_json(err);
	case BROKER_OUTGOING_PORTS:
		return outgoing_ports_json(host, err);
	case BROKER_KERNEL_NAMES:
		return kernel_names_json(host, json_object_get(args, "addresses"), err);
	case BROKER_CODE_MAPS:
		return code_maps_json(host, (uint32_t)pid, err);
	case BROKER_TRACEPOINT:
		return tracepoint_json(host, json_get_text(args, "target", ""), err);
	case BROKER_N_QUESTIONS:
		break;
	}
	error_set(err, -EINVAL, "no such question");
	return NULL;
}
