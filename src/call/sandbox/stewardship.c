#include "call/sandbox/stewardship_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/reap.h"
#include "call/sandbox/serve_internal.h"

#define JOURNAL "journal.json"
#define LEAST_PAUSE_NS NS_PER_SEC
#define MOST_PAUSE_NS (300 * NS_PER_SEC)
#define WELL_NS (600 * NS_PER_SEC) /* one that lived so long starts the pauses anew */

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

/* By a descriptor: what stands in an argument or the environment, others can read. */
static void pass_token(const struct serve *serve)
{
	const char *token = serve->programs.vault_token;
	CLEANUP(fd) int fd = -1;

	if (!token)
		return;
	fd = memfd_create("token", MFD_CLOEXEC);
	if (fd >= 0 && fd_write_all(fd, token, strlen(token)) < 0)
		fd_close(&fd);
	(void)fd_pass(serve->stewardship.fd, LAUNCHER_TOKEN, fd);
}

/* Who waits for one waits no longer. */
static void give_up(struct stewardship *stewardship)
{
	stewardship->pid = 0;
	fd_close(&stewardship->fd);
	handed_drop_all(&stewardship->handed);
}

static void start(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;
	const struct launcher_programs *programs = &serve->programs;
	const struct {
		const char *word, *value;
	} options[] = {
		{ "--state", programs->folder },
		{ "--limits", programs->limits },
		{ "--executables", serve->executables_dir },
		{ "--key", programs->public_key },
		{ "--rollback", programs->rollback },
		{ "--vault", programs->vault_url },
		{ "--vault-ca", programs->vault_ca },
		{ "--vault-namespace", programs->vault_namespace },
		{ "--vault-path", programs->vault_path },
		{ "--token", programs->vault_token ? "awaited" : NULL },
	};
	const char *words[HELPER_MAX_WORDS + 1] = { 0 };
	size_t n = 0;
	int ends[2];

	_Static_assert(2 * ARRAY_LEN(options) <= HELPER_MAX_WORDS, "all have room");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!options[i].value)
			continue;
		words[n++] = options[i].word;
		words[n++] = options[i].value;
	}
	stewardship->again_ns = 0;
	stewardship->started_ns = clock_monotonic_ns();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		give_up(stewardship);
		return;
	}
	stewardship->pid = start_helper(serve, HELPER_STEWARD, NULL, ends[1], words);
	stewardship->fd = ends[0];
	close(ends[1]);
	if (stewardship->pid < 0) {
		give_up(stewardship);
		return;
	}
	pass_token(serve);
	pass_contact(stewardship);
	handed_pass(&stewardship->handed, stewardship->fd);
}

/* Whether it has gone by itself, which is not yet known where it just went. */
static bool is_gone(const struct stewardship *stewardship)
{
	struct pollfd end = { .fd = stewardship->fd };

	return stewardship->pid && poll(&end, 1, 0) > 0;
}

int stewardship_connect(struct serve *serve, bool may_change)
{
	struct stewardship *stewardship = &serve->stewardship;
	int ends[2];

	if (is_gone(stewardship))
		stewardship_end(serve);
	if (!stewardship->pid && is_possible(serve))
		start(serve);
	if (stewardship->fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	if (handed_add(&stewardship->handed, &ends[1], may_change)) {
		handed_pass(&stewardship->handed, stewardship->fd);
	} else {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
	}
	return ends[0];
}

void stewardship_resume(struct serve *serve)
{
	CLEANUP(fd) int folder = -1;

	if (!is_possible(serve))
		return;
	folder = open(serve->programs.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (serve->programs.at_once || (folder >= 0 && faccessat(folder, JOURNAL, F_OK, 0) == 0))
		start(serve);
}

/* To have the kernel count takes a power that it has not. */
static int hold_statistics(void)
{
	union bpf_attr attr = { 0 };

	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	return (int)syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr));
}

static void end_helper(enum helper helper, pid_t *pid)
{
	if (*pid > 0 && !reap_killed(*pid, REAP_LIMIT_NS, NULL))
		helper_leave(helper, *pid);
	*pid = 0;
}

/*
 * Its socket, or -1 with a pid of 0. One at a time: who wants another is done with the last, and
 * each meets whatever answers it.
 */
static int start_afresh(struct serve *serve, enum helper helper, pid_t *pid)
{
	int ends[2] = { -1, -1 };

	end_helper(helper, pid);
	if (serve->helper_executables[helper] < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	*pid = start_helper(serve, helper, NULL, ends[1], NULL);
	fd_close(&ends[1]);
	if (*pid > 0)
		return ends[0];
	*pid = 0;
	fd_close(&ends[0]);
	return -1;
}

/* One that has nothing to do goes by itself, and says so by its status. */
static bool has_crashed(pid_t pid)
{
	CLEANUP(fd) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { fd, POLLIN, 0 };
	siginfo_t info = { 0 };

	if (fd >= 0)
		(void)poll(&end, 1, (int)(REAP_LIMIT_NS / NS_PER_MS));
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_code != CLD_EXITED || info.si_status != 0;
}

static void plan_another(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;
	uint64_t now_ns = clock_monotonic_ns(), pause_ns = stewardship->pause_ns * 2;

	if (!serve->programs.at_start || !serve->programs.at_once || !has_crashed(stewardship->pid))
		return;
	if (!pause_ns || now_ns > stewardship->started_ns + WELL_NS)
		pause_ns = LEAST_PAUSE_NS;
	stewardship->pause_ns = pause_ns < MOST_PAUSE_NS ? pause_ns : MOST_PAUSE_NS;
	stewardship->again_ns = now_ns + stewardship->pause_ns;
}

uint64_t stewardship_again_ns(const struct serve *serve)
{
	return serve->stewardship.again_ns ? serve->stewardship.again_ns : UINT64_MAX;
}

void stewardship_tick(struct serve *serve, uint64_t now_ns)
{
	if (now_ns < stewardship_again_ns(serve))
		return;
	serve->stewardship.again_ns = 0;
	if (!serve->stewardship.pid && is_possible(serve))
		start(serve);
}

/* By another, if somebody is there whom it has not taken. */
static void replace(struct serve *serve)
{
	stewardship_end(serve);
	if (serve->stewardship.handed.n)
		start(serve);
}

void stewardship_serve(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;
	CLEANUP(fd) int fd = -1;
	char byte = 0;
	int r = -EPIPE; /* it has ended, or talks nonsense */

	(void)recv(stewardship->fd, &byte, 1, MSG_DONTWAIT);
	if (byte == LAUNCHER_WANTS_STATISTICS) {
		fd = hold_statistics();
		r = fd_pass(stewardship->fd, LAUNCHER_STATISTICS, fd);
	} else if (byte == LAUNCHER_WANTS_COURIER) {
		fd = start_afresh(serve, HELPER_COURIER, &stewardship->courier);
		r = fd_pass(stewardship->fd, LAUNCHER_COURIER, fd);
	} else if (byte == LAUNCHER_WANTS_PROBER) {
		fd = start_afresh(serve, HELPER_PROBER, &stewardship->prober);
		r = fd_pass(stewardship->fd,
			    fd >= 0 ? -(int64_t)stewardship->prober : LAUNCHER_NO_PROBER, fd);
	} else if (byte == LAUNCHER_COURIER_DONE) {
		end_helper(HELPER_COURIER, &stewardship->courier);
		r = 0;
	} else if (byte == LAUNCHER_PROBER_DONE) {
		end_helper(HELPER_PROBER, &stewardship->prober);
		r = 0;
	} else if (byte == LAUNCHER_TAKEN && handed_note_taken(&stewardship->handed)) {
		r = 0;
	}
	if (r < 0 && (!byte || is_gone(stewardship)))
		plan_another(serve);
	if (r < 0)
		replace(serve);
}

bool stewardship_asks_by(const struct serve *serve, pid_t pid)
{
	return serve->stewardship.courier && serve->stewardship.courier == pid;
}

void stewardship_note_reaped(struct serve *serve, pid_t pid)
{
	if (stewardship_asks_by(serve, pid))
		serve->stewardship.courier = 0;
}

void stewardship_end(struct serve *serve)
{
	struct stewardship *stewardship = &serve->stewardship;

	if (!stewardship->pid)
		return;
	handed_hear_rest(&stewardship->handed, stewardship->fd);
	fd_close(&stewardship->fd);
	end_helper(HELPER_PROBER, &stewardship->prober);
	end_helper(HELPER_COURIER, &stewardship->courier);
	end_helper(HELPER_STEWARD, &stewardship->pid);
	handed_note_end(&stewardship->handed);
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
