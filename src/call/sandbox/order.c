#include "call/sandbox/order_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call/sandbox/plan_internal.h"

#define MIN_FDS 3 /* input, output, error */
#define MAX_FDS 5 /* and broker, processes */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

void command_line_build(struct command_line *line, const struct launch_record *record,
			const char *host_root, int processes_fd)
{
	uint64_t wall_ms = record->limits.wall_ns / NS_PER_MS;
	uint64_t spare_ms = wall_ms / 10 < 2000 ? wall_ms / 10 : 2000;
	size_t n = 0;

	/* A little less than the launcher grants: time to write what was found. */
	(void)snprintf(line->deadline, sizeof(line->deadline), "%" PRIu64, wall_ms - spare_ms);
	line->argv[n++] = (char *)job_executable_name(record->executable);
	line->argv[n++] = (char *)record->tool;
	line->argv[n++] = (char *)"--deadline-ms";
	line->argv[n++] = line->deadline;
	if (record->needs_broker) {
		(void)snprintf(line->broker, sizeof(line->broker), "%d", PLAN_FD_BROKER);
		line->argv[n++] = (char *)"--broker";
		line->argv[n++] = line->broker;
	}
	if (processes_fd >= 0) {
		(void)snprintf(line->processes, sizeof(line->processes), "%d", PLAN_FD_PROCESSES);
		line->argv[n++] = (char *)"--processes";
		line->argv[n++] = line->processes;
	}
	if (strcmp(host_root, "/") != 0) {
		line->argv[n++] = (char *)"--root";
		line->argv[n++] = (char *)host_root;
	}
	if (record->wants_progress)
		line->argv[n++] = (char *)"--progress";
	line->argv[n] = NULL;
}

/* Which of two a fourth is, the record tells: so without a broker that it needs it is alone. */
static size_t list_fds(const struct launch_record *record, const struct inheritance *more,
		       int all[MAX_FDS])
{
	size_t n = MIN_FDS;

	if (more->broker_fd >= 0)
		all[n++] = more->broker_fd;
	if (more->processes_fd >= 0 && (more->broker_fd >= 0 || !record->needs_broker))
		all[n++] = more->processes_fd;
	return n;
}

int order_send(int fd, const struct launch_record *record, const int fds[3],
	       const struct inheritance *more)
{
	int all[MAX_FDS] = { fds[0], fds[1], fds[2] };
	size_t n_bytes = list_fds(record, more, all) * sizeof(int);
	union control control = { 0 };
	struct iovec piece = { .iov_base = (void *)record, .iov_len = sizeof(*record) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n_bytes),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n_bytes);
	memcpy(CMSG_DATA(&control.header), all, n_bytes);
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Where it belongs: two before it may be missing. */
static int place_processes(struct plan *plan, int fd)
{
	if (dup3(fd, PLAN_FD_PROCESSES, 0) < 0 || close(fd) < 0)
		return -errno;
	plan->processes_fd = PLAN_FD_PROCESSES;
	return 0;
}

/*
 * A new descriptor gets the lowest free number, and this process has nothing
 * below the report's: input, output, error and broker arrive where they belong.
 */
static int check_places(struct plan *plan, const union control *control, size_t controllen)
{
	int fds[MAX_FDS], next = MIN_FDS;
	size_t n;

	if (controllen < CMSG_LEN(MIN_FDS * sizeof(int)) || control->header.cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	n = (control->header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > MAX_FDS)
		return -EBADMSG;
	memcpy(fds, CMSG_DATA(&control->header), n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		if (fds[i] != (int)i)
			return -EBADF;
	plan->broker_fd = plan->record.needs_broker && n > MIN_FDS ? next++ : -1;
	return (int)n > next ? place_processes(plan, next) : 0;
}

int order_receive(struct plan *plan)
{
	union control control = { 0 };
	struct iovec piece = { .iov_base = &plan->record, .iov_len = sizeof(plan->record) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;
	int r;

	_Static_assert(PLAN_FD_BROKER == MIN_FDS, "the order of the descriptors");
	if (plan->order_fd < 0)
		return 0;
	/* Once for nothing: its pages are then here when somebody waits for them. */
	command_line_build(&plan->line, &plan->record, plan->host_root, PLAN_FD_PROCESSES);
	do
		got = recvmsg(plan->order_fd, &message, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got != sizeof(plan->record))
		return -EPIPE;
	r = check_places(plan, &control, message.msg_controllen);
	if (r < 0)
		return r;
	command_line_build(&plan->line, &plan->record, plan->host_root, plan->processes_fd);
	return 0;
}
