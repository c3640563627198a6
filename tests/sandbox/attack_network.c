/* Attempts to reach somebody: networks, sockets, shared messages; and limits. */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

#define RESULT(call) ((call) < 0 ? -errno : 0)

static int reach_inet(int type, int port, const char *text)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return RESULT(send(fd, text, strlen(text), MSG_NOSIGNAL));
}

int attempt_reach_tcp(const struct canary_facts *facts)
{
	return reach_inet(SOCK_STREAM, facts->tcp_port, "reach_tcp");
}

int attempt_reach_udp(const struct canary_facts *facts)
{
	return reach_inet(SOCK_DGRAM, facts->udp_port, "reach_udp");
}

static struct sockaddr_un unix_address(const struct canary_facts *facts, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/%s", facts->dir, name);
	return address;
}

int attempt_reach_unix_stream(const struct canary_facts *facts)
{
	struct sockaddr_un address = unix_address(facts, "stream");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	return RESULT(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int send_datagram(const struct canary_facts *facts, int fd, struct msghdr *message,
			 const char *text)
{
	struct sockaddr_un address = unix_address(facts, "datagram");
	struct iovec piece = { (void *)text, strlen(text) };

	message->msg_name = &address;
	message->msg_namelen = sizeof(address);
	message->msg_iov = &piece;
	message->msg_iovlen = 1;
	return fd < 0 ? -errno : RESULT(sendmsg(fd, message, MSG_NOSIGNAL));
}

int attempt_reach_unix_datagram(const struct canary_facts *facts)
{
	struct msghdr message = { 0 };

	return send_datagram(facts, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), &message,
			     "reach_unix_datagram");
}

/* One end of a datagram pair can be sent from to any address. */
int attempt_reach_by_socketpair(const struct canary_facts *facts)
{
	struct msghdr message = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
		return -errno;
	return send_datagram(facts, ends[0], &message, "reach_by_socketpair");
}

int attempt_pass_descriptor(const struct canary_facts *facts)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr message = { .msg_control = &control,
				  .msg_controllen = sizeof(control.bytes) };

	return send_datagram(facts, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), &message,
			     "pass_descriptor");
}

int attempt_reach_abstract(const struct canary_facts *facts UNUSED)
{
	static const char name[] = "\0constable-canary";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, sizeof(name) - 1);
	if (fd < 0)
		return -errno;
	return RESULT(connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(sizeof(address.sun_family) + sizeof(name) - 1)));
}

int attempt_bind_tcp(const struct canary_facts *facts UNUSED)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return RESULT(listen(fd, 1));
}

#define SOCKET(name, family, type, protocol)                        \
	int attempt_##name(const struct canary_facts *facts UNUSED) \
	{                                                           \
		return RESULT(socket(family, type, protocol));      \
	}

SOCKET(open_raw_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(open_icmp_socket, AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
SOCKET(open_packet_socket, AF_PACKET, SOCK_RAW, 0x300)
SOCKET(open_algorithm_socket, AF_ALG, SOCK_SEQPACKET, 0)
SOCKET(open_audit_netlink, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)
SOCKET(open_uevent_netlink, AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT)
SOCKET(open_netfilter_netlink, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)
SOCKET(open_vsock, AF_VSOCK, SOCK_STREAM, 0)

int attempt_open_odd_sockets(const struct canary_facts *facts UNUSED)
{
	static const int families[] = { AF_BLUETOOTH, AF_CAN, AF_TIPC, AF_XDP,  AF_RXRPC,
					AF_SMC,       AF_KCM, AF_X25,  AF_AX25, AF_NFC };

	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (socket(families[i], SOCK_RAW, 0) >= 0 ||
		    socket(families[i], SOCK_DGRAM, 0) >= 0)
			return 0;
	return -EACCES;
}

int attempt_write_sysv_memory(const struct canary_facts *facts)
{
	char *bytes = shmat(facts->shm, NULL, 0);

	if (bytes == (void *)-1)
		return -errno;
	*bytes = 'x';
	return 0;
}

int attempt_send_sysv_message(const struct canary_facts *facts)
{
	struct {
		long type;
		char text[4];
	} message = { 1, "hit" };

	return RESULT(msgsnd(facts->message_queue, &message, sizeof(message.text), IPC_NOWAIT));
}

int attempt_change_sysv_semaphore(const struct canary_facts *facts)
{
	struct sembuf raise = { 0, 1, IPC_NOWAIT };

	return RESULT(semop(facts->semaphore, &raise, 1));
}

int attempt_open_message_queue(const struct canary_facts *facts UNUSED)
{
	return RESULT(mq_open("/constable-canary", O_WRONLY));
}

/* --- limits ------------------------------------------------------------------------ */

int attempt_raise_file_limit(const struct canary_facts *facts UNUSED)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = ++limit.rlim_max;
	return RESULT(setrlimit(RLIMIT_NOFILE, &limit));
}

int attempt_open_too_many_files(const struct canary_facts *facts UNUSED)
{
	for (int i = 0; i < 1100; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return -errno;
	return 0;
}

/* They end when the pipe's only writer, this process, closes it: signals may be refused. */
int attempt_start_too_many_processes(const struct canary_facts *facts UNUSED)
{
	int gate[2], r = 0;
	char byte;

	if (pipe(gate) < 0)
		return -errno;
	for (int n = 0; n < 200 && r == 0; n++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(gate[1]);
			(void)!read(gate[0], &byte, 1);
			_exit(0);
		}
		r = RESULT(pid);
	}
	close(gate[1]);
	while (wait(NULL) > 0)
		;
	return r;
}

int attempt_find_inherited_descriptor(const struct canary_facts *facts UNUSED)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 0;
	return -EBADF;
}

/* Sparse, so that nothing fills up if it works. */
int attempt_write_huge_file(const struct canary_facts *facts UNUSED)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	(void)signal(SIGXFSZ, SIG_IGN);
	if (fd < 0)
		return -errno;
	return RESULT(pwrite(fd, "x", 1, (off_t)200 << 20));
}
