#include "canary.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "automount.h"

#define KEY_PATH "/root/.ssh/constable-canary"
#define SHARED_PATH "/dev/shm/constable-canary"

static const struct {
	const char *name;
	enum judge judge;
} table[] = {
#define ROW(judge, name) { #name, JUDGE_##judge },
	ATTEMPTS(ROW)
#undef ROW
};

const char *attempt_name(enum attempt attempt)
{
	return table[attempt].name;
}

enum judge attempt_judge(enum attempt attempt)
{
	return table[attempt].judge;
}

enum attempt attempt_find(const char *name, size_t len)
{
	unsigned i = 0;

	while (i < ATTEMPT_N &&
	       !(strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0))
		i++;
	return i;
}

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "canary: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void path_in(const struct canary *canary, const char *name, char path[192])
{
	(void)snprintf(path, 192, "%s/%s", canary->facts.dir, name);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
	struct timespec long_ago[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	char content[8192];

	memset(content, 'i', sizeof(content));
	must(fd, path);
	must(write(fd, content, sizeof(content)), path);
	must(fchmod(fd, 0666), path);
	must(fchown(fd, CANARY_UID, CANARY_UID), path);
	must(fsetxattr(fd, "user.intact", "x", 1, 0), "set an attribute");
	must(futimens(fd, long_ago), path);
	close(fd);
}

static void make_victims(struct canary *canary)
{
	char path[192];

	for (unsigned i = 0; i < ATTEMPT_N; i++) {
		path_in(canary, table[i].name, path);
		if (table[i].judge == JUDGE_DIRECTORY) {
			must(mkdir(path, 0777), path);
			must(chmod(path, 0777), path);
			must(chown(path, CANARY_UID, CANARY_UID), path);
		} else {
			make_file(path);
			must(stat(path, &canary->before[i]), path);
		}
	}
	path_in(canary, "exchanged", path);
	make_file(path);
	path_in(canary, "later", path);
	must(mkdir(path, 0777), path);
	make_file(SHARED_PATH);
	must(stat(SHARED_PATH, &canary->shared_before), SHARED_PATH);
}

static void make_secrets(struct canary *canary)
{
	int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);

	(void)!read(fd, canary->shadow, sizeof(canary->shadow) - 1);
	close(fd);

	(void)mkdir("/root/.ssh", 0700);
	fd = open(KEY_PATH, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	must(fd, KEY_PATH);
	must(write(fd, SECRET, strlen(SECRET)), KEY_PATH);
	close(fd);
}

static void copy_program(const char *program, const char *path, mode_t mode)
{
	char bytes[65536];
	int from = open(program, O_RDONLY | O_CLOEXEC), to;
	ssize_t got;

	must(from, program);
	to = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	must(to, path);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		must(write(to, bytes, (size_t)got), path);
	must(fchmod(to, mode), path);
	close(from);
	close(to);
}

/* Whoever runs it becomes root, unless the mount or no-new-privileges says no. */
static void make_setuid_program(const struct canary *canary)
{
	char path[192];

	path_in(canary, "setuid_id", path);
	copy_program("/usr/bin/id", path, 04755);
}

/* The same by a capability of the file: CAP_SYS_ADMIN, permitted and effective. */
static void make_capable_program(const struct canary *canary)
{
	const struct vfs_cap_data capability = {
		.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
		.data[0].permitted = htole32(1U << CAP_SYS_ADMIN),
	};
	char path[192];

	path_in(canary, "capable_cat", path);
	copy_program("/usr/bin/cat", path, 0755);
	must(setxattr(path, "security.capability", &capability, sizeof(capability), 0), path);
}

static int listen_inet(int type, int *port_out)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	must(type == SOCK_STREAM ? listen(fd, 16) : 0, "listen");
	must(getsockname(fd, (struct sockaddr *)&address, &len), "getsockname");
	*port_out = ntohs(address.sin_port);
	return fd;
}

static int listen_unix(const struct canary *canary, int type, const char *name)
{
	static const char abstract[] = "\0constable-canary";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (name) {
		(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/%s",
			       canary->facts.dir, name);
	} else {
		memcpy(address.sun_path, abstract, sizeof(abstract) - 1);
		len = (socklen_t)(sizeof(address.sun_family) + sizeof(abstract) - 1);
	}
	must(bind(fd, (struct sockaddr *)&address, len), "bind a unix socket");
	must(type == SOCK_STREAM ? listen(fd, 16) : 0, "listen");
	must(name ? chmod(address.sun_path, 0666) : 0, "chmod");
	return fd;
}

static void make_listeners(struct canary *canary)
{
	char path[192];

	canary->tcp = listen_inet(SOCK_STREAM, &canary->facts.tcp_port);
	canary->udp = listen_inet(SOCK_DGRAM, &canary->facts.udp_port);
	canary->stream = listen_unix(canary, SOCK_STREAM, "stream");
	canary->datagram = listen_unix(canary, SOCK_DGRAM, "datagram");
	canary->abstract = listen_unix(canary, SOCK_STREAM, NULL);
	path_in(canary, "fifo", path);
	must(mkfifo(path, 0666), path);
	must(chmod(path, 0666), path);
	canary->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(openpty(&canary->terminal, &canary->terminal_end, NULL, NULL, NULL), "openpty");
}

static void make_messages(struct canary *canary)
{
	mqd_t queue;

	canary->facts.shm = shmget(IPC_PRIVATE, 4096, 0666 | IPC_CREAT);
	canary->facts.message_queue = msgget(IPC_PRIVATE, 0666 | IPC_CREAT);
	canary->facts.semaphore = semget(IPC_PRIVATE, 1, 0666 | IPC_CREAT);
	must(canary->facts.shm, "shmget");
	must(canary->facts.message_queue, "msgget");
	must(canary->facts.semaphore, "semget");
	must(semctl(canary->facts.semaphore, 0, SETVAL, 0), "semctl");
	(void)umask(0);
	queue = mq_open("/constable-canary", O_CREAT | O_RDWR, 0666, NULL);
	canary->has_message_queue = queue >= 0;
	if (queue >= 0)
		mq_close(queue);
}

/* --- the victim process ---------------------------------------------------------- */

static char secret[64] = SECRET "-in-memory";

int canary_be_victim(const char *dir)
{
	sigset_t all;
	char line[40];

	(void)dir;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL); /* what is sent stays pending, and shows */
	(void)snprintf(line, sizeof(line), "%" PRIxPTR "\n", (uintptr_t)secret);
	must(write(STDOUT_FILENO, line, strlen(line)), "tell the address");
	for (;;)
		(void)pause();
}

static void start_victim(struct canary *canary)
{
	char path[192], text[40] = "";
	char *argv[] = { (char *)"victim", canary->facts.dir, NULL };
	char *environment[] = { (char *)"CANARY=" SECRET "-in-environment", NULL };
	int ends[2], fd;
	pid_t pid;

	must(pipe(ends), "pipe");
	path_in(canary, "write_by_victim_fd", path);
	/* Not into 'canary' at once: the child shares it, and would write its 0. */
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		fd = open(path, O_RDWR);
		must(dup2(ends[1], STDOUT_FILENO), "dup2");
		if (fd != 3)
			must(dup2(fd, 3), "dup2");
		must(chdir(canary->facts.dir), "chdir");
		must(setgid(CANARY_UID) < 0 || setuid(CANARY_UID) < 0 ? -1 : 0, "setuid");
		must(execve("/proc/self/exe", argv, environment), "execve");
	}
	canary->facts.victim = pid;
	must(read(ends[0], text, sizeof(text) - 1), "read the address");
	canary->facts.secret_address = strtoull(text, NULL, 16);
	close(ends[0]);
	close(ends[1]);
}

/* As a machine with systemd has them: what an attempt finds must not depend on the host. */
static const struct {
	const char *type, *path;
	long magic;
} kernel_mounts[] = {
	{ "debugfs", "/sys/kernel/debug", DEBUGFS_MAGIC },
	{ "tracefs", "/sys/kernel/tracing", TRACEFS_MAGIC },
};

static void mount_kernel_files(struct canary *canary)
{
	for (size_t i = 0; i < ARRAY_LEN(kernel_mounts); i++) {
		struct statfs figures;

		if (statfs(kernel_mounts[i].path, &figures) < 0 ||
		    figures.f_type == kernel_mounts[i].magic)
			continue;
		must(mount("none", kernel_mounts[i].path, kernel_mounts[i].type, 0, NULL),
		     kernel_mounts[i].path);
		canary->mounted[i] = true;
	}
}

static void unmount_kernel_files(const struct canary *canary)
{
	for (size_t i = 0; i < ARRAY_LEN(kernel_mounts); i++)
		if (canary->mounted[i])
			(void)umount2(kernel_mounts[i].path, MNT_DETACH);
}

static void start_automounter(struct canary *canary)
{
	char path[192];

	path_in(canary, "automounted", path);
	must(mkdir(path, 0755), path);
	canary->automounter = automount_start(path, &canary->was_automount_asked);
	must(canary->automounter, "autofs");
}

void canary_set_up(struct canary *canary)
{
	*canary = (struct canary) { 0 };
	(void)snprintf(canary->facts.dir, sizeof(canary->facts.dir), "%s",
		       "/var/tmp/constable-canary-XXXXXX");
	must(mkdtemp(canary->facts.dir) ? 0 : -1, "mkdtemp");
	(void)umask(0);
	must(chmod(canary->facts.dir, 0777), "chmod");
	must(chown(canary->facts.dir, CANARY_UID, CANARY_UID), "chown");
	must(gethostname(canary->host_name, sizeof(canary->host_name) - 1), "gethostname");
	mount_kernel_files(canary);
	make_victims(canary);
	make_secrets(canary);
	make_setuid_program(canary);
	make_capable_program(canary);
	make_listeners(canary);
	make_messages(canary);
	start_victim(canary);
	start_automounter(canary);
}

void canary_mount_later(struct canary *canary)
{
	char path[192];

	path_in(canary, "later", path);
	must(mount("none", path, "tmpfs", 0, "size=64k,mode=777"), "mount later");
}

static void remove_tree(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", "--one-file-system", "--", path, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

void canary_tear_down(struct canary *canary)
{
	int fds[] = { canary->fifo,     canary->tcp,      canary->udp,      canary->stream,
		      canary->datagram, canary->abstract, canary->terminal, canary->terminal_end };
	char path[192];

	unmount_kernel_files(canary);
	(void)kill(canary->facts.victim, SIGKILL);
	(void)waitpid(canary->facts.victim, NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	(void)shmctl(canary->facts.shm, IPC_RMID, NULL);
	(void)msgctl(canary->facts.message_queue, IPC_RMID, NULL);
	(void)semctl(canary->facts.semaphore, 0, IPC_RMID);
	(void)mq_unlink("/constable-canary");
	must(sethostname(canary->host_name, strlen(canary->host_name)), "restore the name");
	path_in(canary, "automounted", path);
	automount_stop(canary->automounter, path);
	path_in(canary, "later", path);
	(void)umount2(path, MNT_DETACH);
	remove_tree(canary->facts.dir);
	(void)unlink(SHARED_PATH);
	(void)unlink(KEY_PATH);
	(void)unlink("/tmp/constable-attack-link");
	(void)unlink("/tmp/constable-attack-swap");
}
