#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/reap.h"
#include "kernel/program/life/steward_internal.h"

#define LOADER_FD 3
#define LOADER_TIMEOUT_S 30

static _Noreturn void become(const char *executables, int fd)
{
	char path[4096];

	text_format(path, sizeof(path), "%s/constable-loader", executables);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (fd == LOADER_FD)
		(void)fcntl(fd, F_SETFD, 0);
	else if (dup2(fd, LOADER_FD) < 0)
		_exit(1);
	(void)close_range(LOADER_FD + 1, ~0U, 0);
	(void)execl(path, "constable-loader", "--program", "3", (char *)NULL);
	_exit(1);
}

int loader_start(const struct steward *steward, pid_t *pid_out, struct error *err)
{
	static const struct timeval timeout = { .tv_sec = LOADER_TIMEOUT_S };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket");
	*pid_out = fork();
	if (*pid_out == 0)
		become(steward->config->executables, ends[1]);
	close(ends[1]);
	if (*pid_out < 0) {
		close(ends[0]);
		return error_errno(err, "start the loader");
	}
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	return ends[0];
}

void loader_end(pid_t pid)
{
	if (!reap_killed(pid, REAP_LIMIT_NS, NULL))
		log_warn("the loader (pid %d) sleeps in the kernel and cannot be ended yet",
			 (int)pid);
}

int link_update(int link, int program)
{
	union bpf_attr attr = { 0 };

	attr.link_update.link_fd = (uint32_t)link;
	attr.link_update.new_prog_fd = (uint32_t)program;
	return syscall(SYS_bpf, BPF_LINK_UPDATE, &attr, sizeof(attr)) < 0 ? -errno : 0;
}
