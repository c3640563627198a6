/* Did it get through? Asked of the victims, not of the attacker. */
#include "canary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/scan.h"

static bool is_intact(const char *path, const struct stat *before)
{
	struct stat now;
	char content[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
	int flags = 0;
	bool intact = fd >= 0 && fstat(fd, &now) == 0 && now.st_ino == before->st_ino &&
		      now.st_size == before->st_size && now.st_mode == before->st_mode &&
		      now.st_uid == before->st_uid && now.st_gid == before->st_gid &&
		      now.st_nlink == 1 && now.st_blocks == before->st_blocks &&
		      now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
		      read(fd, content, sizeof(content)) == (ssize_t)sizeof(content);

	for (size_t i = 0; intact && i < sizeof(content); i++)
		intact = content[i] == 'i';
	intact = intact && fgetxattr(fd, "user.intact", content, 1) == 1 &&
		 fgetxattr(fd, "user.canary", content, 1) < 0;
	if (intact && ioctl(fd, 0x80086601 /* FS_IOC_GETFLAGS */, &flags) == 0)
		intact = !(flags & 0x80); /* no-atime */
	if (fd >= 0)
		close(fd);
	return intact;
}

static bool is_empty(const char *path)
{
	DIR *entries = opendir(path);
	struct dirent *entry;
	bool empty = entries != NULL;

	while (entries && (entry = readdir(entries)))
		if (entry->d_name[0] != '.')
			empty = false;
	if (entries)
		closedir(entries);
	return empty;
}

/* The host's own exclusive lock must still be to be had. */
void canary_check_held(struct canary *canary, enum attempt attempt)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char path[192];
	int fd;
	bool free_to_take;

	(void)snprintf(path, sizeof(path), "%s/%s", canary->facts.dir, attempt_name(attempt));
	/* A lease of somebody else makes a writer's open wait, or fail if it will not. */
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	free_to_take =
		fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fcntl(fd, F_SETLK, &lock) == 0;
	canary->hit[attempt] = !free_to_take;
	if (fd >= 0)
		close(fd);
}

void canary_check_leak(struct canary *canary, enum attempt attempt, const char *text, size_t len)
{
	bool of_shadow = attempt == ATTEMPT_read_shadow || attempt == ATTEMPT_read_shadow_by_root ||
			 attempt == ATTEMPT_read_shadow_by_dots;
	const char *secret = of_shadow ? canary->shadow : SECRET;

	if (attempt < ATTEMPT_N && *secret && memmem(text, len, secret, strlen(secret)))
		canary->hit[attempt] = true;
}

static void judge_files(struct canary *canary)
{
	char path[192];

	for (unsigned i = 0; i < ATTEMPT_N; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", canary->facts.dir, attempt_name(i));
		if (attempt_judge(i) == JUDGE_FILE)
			canary->hit[i] = !is_intact(path, &canary->before[i]);
		if (attempt_judge(i) == JUDGE_DIRECTORY)
			canary->hit[i] = !is_empty(path);
	}
	(void)snprintf(path, sizeof(path), "%s/later", canary->facts.dir);
	canary->hit[ATTEMPT_write_later_mount] = !is_empty(path);
	canary->hit[ATTEMPT_trigger_automount] = canary->was_automount_asked;
	canary->hit[ATTEMPT_write_shared_memory_file] =
		!is_intact("/dev/shm/constable-canary", &canary->shared_before);
}

/* What was typed waits in the line being edited until a newline ends that; the
 * kernel hands it over in its own time. */
static void judge_terminal(struct canary *canary)
{
	struct pollfd line = { .fd = canary->terminal_end, .events = POLLIN };
	char text[64];
	ssize_t got;

	if (write(canary->terminal, "\n", 1) != 1 || poll(&line, 1, 2000) != 1)
		return;
	got = read(canary->terminal_end, text, sizeof(text));
	canary->hit[ATTEMPT_inject_terminal] = got > 0 && memchr(text, 'a', (size_t)got);
	canary->hit[ATTEMPT_inject_terminal_high_bits] = got > 0 && memchr(text, 'b', (size_t)got);
}

static void judge_streams(struct canary *canary)
{
	char text[64];
	ssize_t got;

	canary->hit[ATTEMPT_write_fifo] = read(canary->fifo, text, sizeof(text)) > 0;
	canary->hit[ATTEMPT_reach_tcp] = accept(canary->tcp, NULL, NULL) >= 0;
	canary->hit[ATTEMPT_reach_udp] = recv(canary->udp, text, sizeof(text), 0) > 0;
	canary->hit[ATTEMPT_reach_unix_stream] = accept(canary->stream, NULL, NULL) >= 0;
	canary->hit[ATTEMPT_reach_abstract] = accept(canary->abstract, NULL, NULL) >= 0;
	while ((got = recv(canary->datagram, text, sizeof(text), 0)) > 0) {
		enum attempt attempt = attempt_find(text, (size_t)got);

		if (attempt < ATTEMPT_N)
			canary->hit[attempt] = true;
	}
	judge_terminal(canary);
}

static void judge_messages(struct canary *canary)
{
	struct msqid_ds queue = { 0 };
	char *bytes = shmat(canary->facts.shm, NULL, SHM_RDONLY);

	canary->hit[ATTEMPT_write_sysv_memory] = bytes != (void *)-1 && *bytes != 0;
	if (bytes != (void *)-1)
		(void)shmdt(bytes);
	(void)msgctl(canary->facts.message_queue, IPC_STAT, &queue);
	canary->hit[ATTEMPT_send_sysv_message] = queue.msg_qnum != 0;
	canary->hit[ATTEMPT_change_sysv_semaphore] =
		semctl(canary->facts.semaphore, 0, GETVAL) != 0;
}

static void read_victim_file(const struct canary *canary, const char *name, char *text, size_t size)
{
	char path[64];
	int fd;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", canary->facts.victim, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static uint64_t pending_signals(const struct canary *canary)
{
	char text[4096];
	uint64_t of_thread = 0, of_process = 0;
	const char *at;

	read_victim_file(canary, "status", text, sizeof(text));
	at = strstr(text, "SigPnd:\t");
	if (at)
		at += strlen("SigPnd:\t");
	if (at)
		(void)scan_hex(&at, &of_thread);
	at = strstr(text, "ShdPnd:\t");
	if (at)
		at += strlen("ShdPnd:\t");
	if (at)
		(void)scan_hex(&at, &of_process);
	return of_thread | of_process;
}

static bool has_signal(uint64_t pending, int signal)
{
	return pending >> (signal - 1) & 1;
}

static void judge_signals(struct canary *canary)
{
	uint64_t pending = pending_signals(canary);

	canary->hit[ATTEMPT_kill_victim] = has_signal(pending, SIGTERM);
	canary->hit[ATTEMPT_kill_thread_of_victim] = has_signal(pending, SIGHUP);
	canary->hit[ATTEMPT_kill_everything] = has_signal(pending, SIGURG);
	canary->hit[ATTEMPT_signal_by_proc_directory] = has_signal(pending, SIGUSR1);
	canary->hit[ATTEMPT_signal_by_owner] = has_signal(pending, SIGIO);
}

static void judge_victim(struct canary *canary)
{
	char text[128], byte = 0;
	struct iovec local = { &byte, 1 };
	struct iovec remote = { (void *)(uintptr_t)(canary->facts.secret_address + 63), 1 };
	struct rlimit limit = { 0 };
	cpu_set_t set;

	judge_signals(canary);
	read_victim_file(canary, "oom_score_adj", text, sizeof(text));
	canary->hit[ATTEMPT_set_victim_oom_score] = strcmp(text, "777\n") == 0;
	read_victim_file(canary, "comm", text, sizeof(text));
	canary->hit[ATTEMPT_set_victim_name] = strcmp(text, "hit\n") == 0;
	read_victim_file(canary, "timerslack_ns", text, sizeof(text));
	canary->hit[ATTEMPT_set_victim_timer_slack] = strcmp(text, "777777\n") == 0;
	(void)process_vm_readv(canary->facts.victim, &local, 1, &remote, 1, 0);
	canary->hit[ATTEMPT_write_memory] = byte == 'x';
	(void)prlimit(canary->facts.victim, RLIMIT_NOFILE, NULL, &limit);
	canary->hit[ATTEMPT_limit_victim] = limit.rlim_cur == 77;
	canary->hit[ATTEMPT_set_victim_priority] =
		getpriority(PRIO_PROCESS, (id_t)canary->facts.victim) == 7;
	CPU_ZERO(&set);
	(void)sched_getaffinity(canary->facts.victim, sizeof(set), &set);
	canary->hit[ATTEMPT_set_victim_affinity] = CPU_COUNT(&set) == 1;
	canary->hit[ATTEMPT_set_victim_io_priority] =
		syscall(SYS_ioprio_get, 1, canary->facts.victim) == 3 << 13;
}

void canary_judge(struct canary *canary)
{
	char name[65] = "";

	judge_files(canary);
	judge_streams(canary);
	judge_messages(canary);
	judge_victim(canary);
	(void)gethostname(name, sizeof(name) - 1);
	canary->hit[ATTEMPT_set_host_name] = strcmp(name, canary->host_name) != 0;
}
