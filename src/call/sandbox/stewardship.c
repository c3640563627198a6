#include "call/sandbox/stewardship_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/reap.h"
#include "call/sandbox/serve_internal.h"

#define JOURNAL "journal.json"

static bool is_possible(const struct serve *serve)
{
	return serve->programs.folder && serve->powers.is_privileged &&
	       serve->helper_executables[HELPER_STEWARD] >= 0 && strcmp(serve->host_root, "/") == 0;
}

static void pass_contact(const struct stewardship *stewardship)
{
	if (stewardship->pid && stewardship->contact_ns)
		(void)fd_pass(stewardship->fd, LAUNCHER_CONTACT + (int64_t)stewardship->contact_ns,
			      -1);
}

void stewardship_tell_contact(struct serve *serve, uint64_t asked_ns)
{
	serve->stewardship.contact_ns = asked_ns;
	pass_contact(&serve->stewardship);
}

static void start(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;
	const char *words[HELPER_MAX_WORDS + 1] = {
		"--state",       serve->programs.folder, "--limits", serve->programs.limits,
		"--executables", serve->executables_dir,
	};
	size_t n = 6;
	int ends[2];

	if (serve->programs.public_key) {
		words[n++] = "--key";
		words[n++] = serve->programs.public_key;
	}
	if (serve->programs.rollback) {
		words[n++] = "--rollback";
		words[n++] = serve->programs.rollback;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	stewardship->pid = start_helper(serve, HELPER_STEWARD, NULL, ends[1], words);
	stewardship->fd = ends[0];
	close(ends[1]);
	if (stewardship->pid < 0) {
		stewardship->pid = 0;
		fd_close(&stewardship->fd);
	}
	pass_contact(stewardship);
}

/* Whether it has gone by itself, which is not yet known where it just went. */
static bool is_gone(const struct stewardship *stewardship)
{
	struct pollfd end = { .fd = stewardship->fd };

	return stewardship->pid && poll(&end, 1, 0) > 0;
}

int stewardship_connect(struct serve *serve, bool may_change)
{
	int ends[2];

	if (is_gone(&serve->stewardship))
		stewardship_end(serve);
	if (!serve->stewardship.pid && is_possible(serve))
		start(serve);
	if (serve->stewardship.fd < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	if (fd_pass(serve->stewardship.fd, may_change, ends[1]) < 0)
		fd_close(&ends[0]);
	close(ends[1]);
	return ends[0];
}

void stewardship_resume(struct serve *serve)
{
	CLEANUP(fd) int folder = -1;

	if (!is_possible(serve))
		return;
	folder = open(serve->programs.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0 && faccessat(folder, JOURNAL, F_OK, 0) == 0)
		start(serve);
}

/* To have the kernel count takes a power that it has not. */
static int hold_statistics(void)
{
	union bpf_attr attr = { 0 };

	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	return (int)syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr));
}

static void end_prober(struct stewardship *stewardship)
{
	if (!stewardship->prober)
		return;
	if (!reap_killed(stewardship->prober, REAP_LIMIT_NS, NULL))
		helper_leave(HELPER_PROBER, stewardship->prober);
	stewardship->prober = 0;
}

/* It meets whatever answers it, so it is another one each time. */
static int pass_prober(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;
	int64_t word = LAUNCHER_NO_PROBER;
	int ends[2] = { -1, -1 };
	pid_t pid = -1;
	int r;

	end_prober(stewardship);
	if (serve->helper_executables[HELPER_PROBER] >= 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0)
		pid = start_helper(serve, HELPER_PROBER, NULL, ends[1], NULL);
	fd_close(&ends[1]);
	if (pid > 0) {
		stewardship->prober = pid;
		word = -(int64_t)pid;
	} else {
		fd_close(&ends[0]);
	}
	r = fd_pass(stewardship->fd, word, ends[0]);
	fd_close(&ends[0]);
	return r;
}

static int pass_statistics(const struct stewardship *stewardship)
{
	CLEANUP(fd) int fd = hold_statistics();

	return fd_pass(stewardship->fd, LAUNCHER_STATISTICS, fd);
}

void stewardship_serve(struct serve *serve)
{
	int r = -EINVAL;
	char byte = 0;

	if (recv(serve->stewardship.fd, &byte, 1, MSG_DONTWAIT) != 1)
		byte = 0;
	if (byte == LAUNCHER_WANTS_STATISTICS)
		r = pass_statistics(&serve->stewardship);
	else if (byte == LAUNCHER_WANTS_PROBER)
		r = pass_prober(serve);
	else if (byte == LAUNCHER_PROBER_DONE)
		r = 0;
	if (byte == LAUNCHER_PROBER_DONE)
		end_prober(&serve->stewardship);
	if (r < 0)
		stewardship_end(serve);
}

void stewardship_end(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;

	if (!stewardship->pid)
		return;
	fd_close(&stewardship->fd);
	end_prober(stewardship);
	if (!reap_killed(stewardship->pid, REAP_LIMIT_NS, NULL))
		helper_leave(HELPER_STEWARD, stewardship->pid);
	stewardship->pid = 0;
}

/* Its file, not its name: nobody else runs that one and stays. */
static bool is_guardian(const struct serve *serve, pid_t pid)
{
	char path[64];
	struct stat theirs, ours;

	text_format(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return serve->helper_executables[HELPER_GUARDIAN] >= 0 &&
	       fstat(serve->helper_executables[HELPER_GUARDIAN], &ours) == 0 &&
	       stat(path, &theirs) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

bool stewardship_has(const struct serve *serve, pid_t pid)
{
	const struct stewardship *stewardship = &serve->stewardship;

	return (stewardship->pid && (stewardship->pid == pid || stewardship->prober == pid)) ||
	       is_guardian(serve, pid);
}
