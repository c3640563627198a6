#include "automount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/auto_fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* Its own process group may look without asking itself. */
static int mount_here(const char *path, int to_us)
{
	char options[96];

	if (setpgid(0, 0) < 0)
		return -errno;
	(void)snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct",
		       to_us, getpid());
	return mount("canary", path, "autofs", MS_NOSUID | MS_NODEV, options) < 0 ? -errno : 0;
}

/* Each question is answered at once, or who asks would wait. */
static _Noreturn void keep(const char *path, int from_kernel, bool *was_asked)
{
	CLEANUP(fd) int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union autofs_v5_packet_union packet;

	while (read(from_kernel, &packet, sizeof(packet)) >= (ssize_t)sizeof(packet.hdr)) {
		*was_asked = *was_asked || packet.hdr.type == autofs_ptype_missing_direct;
		(void)ioctl(root, AUTOFS_IOC_FAIL, packet.v5_packet.wait_queue_token);
	}
	_exit(0);
}

pid_t automount_start(const char *path, bool *was_asked)
{
	CLEANUP(fd) int from_kernel = -1;
	CLEANUP(fd) int ready = -1;
	int ends[2], answer[2], result = -EPIPE;
	pid_t pid;

	/* Not kept open over exec, but the kernel must find its end by number. */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	from_kernel = ends[0];
	if (pipe2(answer, O_CLOEXEC) < 0) {
		close(ends[1]);
		return -1;
	}
	ready = answer[0];
	pid = fork();
	if (pid == 0) {
		result = mount_here(path, ends[1]);
		(void)!write(answer[1], &result, sizeof(result));
		close(ends[1]);
		if (result == 0)
			keep(path, from_kernel, was_asked);
		_exit(1);
	}
	close(ends[1]);
	close(answer[1]);
	if (pid > 0 && read(ready, &result, sizeof(result)) == sizeof(result) && result == 0)
		return pid;
	errno = -result;
	return -1;
}

void automount_stop(pid_t pid, const char *path)
{
	(void)umount2(path, MNT_DETACH);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
