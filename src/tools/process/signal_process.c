/* signal_process: one signal to one process, which has to be the one that was meant. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/process.h"
#include "tools/catalogue.h"

#define EFFECT_NS (3 * NS_PER_SEC) /* is waited for, at most */
#define LOOK_MS 5

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TERM", SIGTERM },
	{ "KILL", SIGKILL },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	return 0;
}

/* Its name as the tools that found it tell it. */
static bool is_named(const struct process *process, const json_t *name)
{
	CLEANUP(json) json_t *own = json_text(process->comm, strlen(process->comm));

	return json_equal(own, name);
}

/* A number may be another process's by now. */
static int check(const struct process *process, const json_t *args, int number, struct error *err)
{
	if (!is_named(process, json_object_get(args, "name")))
		return error_set(err, -ESRCH, "process %u is another one: it is called '%s'",
				 process->pid, process->comm);
	if (process->is_kernel)
		return error_set(err, -EPERM, "process %u is the kernel's own", process->pid);
	if (number == SIGCONT && process->state != 'T')
		return error_set(err, -EINVAL, "process %u is not stopped", process->pid);
	return 0;
}

static bool has_effect(const struct process *process, int number)
{
	switch (number) {
	case SIGCONT:
		return process->state != 'T';
	case SIGSTOP:
		return process->state == 'T';
	default:
		return process->state == 'Z' || process->state == 'X';
	}
}

/* False where it ended. */
static bool watch(struct task *task, int fd, int number, struct process *process)
{
	uint64_t until_ns = clock_monotonic_ns() + EFFECT_NS;
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	while (process_read(task->host, process->pid, process)) {
		uint64_t now_ns = clock_monotonic_ns();

		if (has_effect(process, number) || now_ns >= until_ns ||
		    now_ns >= task->deadline_ns)
			return process->state != 'Z' && process->state != 'X';
		if (poll(&ended, 1, LOOK_MS) > 0)
			return false;
	}
	return false;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	uint32_t pid = (uint32_t)json_get_int(args, "pid", 0);
	const char *name = json_get_text(args, "signal", "");
	int number = number_of(name), r;
	struct process process;
	bool is_there;
	char state[2] = "";
	CLEANUP(fd) int fd = -1;

	if (task->host->is_fixture)
		return error_set(err, -ENOTSUP, "nothing runs on a machine that was recorded");
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0); /* held before it is looked at */
	if (fd < 0 || !process_read(task->host, pid, &process))
		return error_set(err, -ESRCH, "there is no process %u", pid);
	r = check(&process, args, number, err);
	if (r < 0)
		return r;
	if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) < 0)
		return error_errno(err, "send SIG%s to process %u", name, pid);
	is_there = watch(task, fd, number, &process);
	state[0] = process.state;
	json_put(result, "pid", json_integer(pid));
	json_put(result, "name", json_incref(json_object_get(args, "name")));
	json_put(result, "signal", json_string(name));
	json_put(result, "ended", json_boolean(!is_there));
	if (is_there)
		json_put(result, "state", json_string(state));
	return 0;
}

const struct tool tool_signal_process = {
	.info = {
		.name = "signal_process",
		.summary = "Stops, continues or ends one process, if it still is the one of that name.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"pid\",\"name\",\"signal\"],\"properties\":{"
			  "\"pid\":{\"type\":\"integer\",\"minimum\":2,\"maximum\":4194304},"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64,"
			  "\"description\":\"its comm, as the lists of processes have it\"},"
			  "\"signal\":{\"type\":\"string\",\"enum\":[\"CONT\",\"STOP\",\"TERM\","
			  "\"KILL\"],\"description\":\"CONT only to one that is stopped\"}}}",
		.result = "pid: integer, name: string, signal: string, ended: boolean, "
			"state?: string",
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_HOST,
	},
	.run = run,
};
