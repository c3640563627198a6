#include "call/sandbox/order_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call/sandbox/plan_internal.h"

#define MAX_FDS 4 /* input, output, error, broker */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

void command_line_build(struct command_line *line, const struct launch_record *record,
			const char *host_root)
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
	if (strcmp(host_root, "/") != 0) {
		line->argv[n++] = (char *)"--root";
		line->argv[n++] = (char *)host_root;
	}
	if (record->wants_progress)
		line->argv[n++] = (char *)"--progress";
	line->argv[n] = NULL;
}

int order_send(int fd, const struct launch_record *record, const int fds[3], int broker_fd)
{
	int all[MAX_FDS] = { fds[0], fds[1], fds[2], broker_fd };
	size_t n_bytes = (broker_fd < 0 ? 3 : 4) * sizeof(int);
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

/*
 * A new descriptor gets the lowest free number, and this process has nothing
 * below the report's: input, output, error and broker arrive where they belong.
 */
static int check_places(const union control *control, size_t controllen, int *broker_out)
{
	int fds[MAX_FDS];
	size_t n;

	if (controllen < CMSG_LEN(3 * sizeof(int)) || control->header.cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	n = (control->header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > MAX_FDS)
		return -EBADMSG;
	memcpy(fds, CMSG_DATA(&control->header), n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		if (fds[i] != (int)i)
			return -EBADF;
	*broker_out = n == MAX_FDS ? PLAN_FD_BROKER : -1;
	return 0;
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

	_Static_assert(PLAN_FD_BROKER == 3, "the order of the descriptors");
	if (plan->order_fd < 0)
		return 0;
	/* Once for nothing: its pages are then here when somebody waits for them. */
	command_line_build(&plan->line, &plan->record, plan->host_root);
	do
		got = recvmsg(plan->order_fd, &message, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got != sizeof(plan->record))
		return -EPIPE;
	r = check_places(&control, message.msg_controllen, &plan->broker_fd);
	if (r < 0)
		return r;
	command_line_build(&plan->line, &plan->record, plan->host_root);
	return 0;
}
