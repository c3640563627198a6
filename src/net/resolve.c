#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "net/resolve_internal.h"

#define OUTPUT_MAX_BYTES (4 * KIB)

void resolve_init(struct resolve *resolve)
{
	*resolve = (struct resolve) { .pidfd = -1, .output = -1 };
}

void resolve_finish(struct resolve *resolve)
{
	if (resolve->child > 0) {
		(void)event_del(&resolve->exited);
		/* It reads sockets and files: killed, it ends at once. */
		(void)kill(resolve->child, SIGKILL);
		while (waitpid(resolve->child, NULL, 0) < 0 && errno == EINTR)
			;
		resolve->child = 0;
	}
	fd_close(&resolve->pidfd);
	fd_close(&resolve->output);
}

socklen_t resolve_address_len(const union resolve_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->ipv4) : sizeof(address->ipv6);
}

bool resolve_address_is_loopback(const union resolve_address *address)
{
	const struct in6_addr *ipv6 = &address->ipv6.sin6_addr;

	if (address->any.sa_family == AF_INET)
		return ntohl(address->ipv4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(ipv6) ||
	       (IN6_IS_ADDR_V4MAPPED(ipv6) && ipv6->s6_addr[12] == IN_LOOPBACKNET);
}

bool resolve_literal(struct resolve *resolve, const char *host, uint16_t port)
{
	union resolve_address address = { 0 };
	const char *scope = strchr(host, '%');
	char plain[INET6_ADDRSTRLEN];

	if (resolve->n_addresses == RESOLVE_MAX_ADDRESSES)
		return false;
	text_format(plain, sizeof(plain), "%.*s", (int)(scope ? scope - host : (int)strlen(host)),
		    host);
	if (inet_pton(AF_INET, host, &address.ipv4.sin_addr) == 1) {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, plain, &address.ipv6.sin6_addr) == 1) {
		address.ipv6.sin6_family = AF_INET6;
		address.ipv6.sin6_port = htons(port);
		address.ipv6.sin6_scope_id = scope ? if_nametoindex(scope + 1) : 0;
	} else {
		return false;
	}
	resolve->addresses[resolve->n_addresses++] = address;
	return true;
}

static void read_addresses(struct resolve *resolve)
{
	CLEANUP(buf) struct buf text = { 0 };
	const char *at;
	struct str line;
	char address[128];

	buf_init(&text, OUTPUT_MAX_BYTES);
	if (buf_read_fd(&text, resolve->output) < 0)
		return;
	at = buf_text(&text);
	while (*at && scan_line(&at, &line)) {
		str_copy(line, address, sizeof(address));
		(void)resolve_literal(resolve, address, resolve->port);
	}
}

static void handle_exited(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct resolve *resolve = data;
	struct error err = { 0 };
	int status = 0;

	while (waitpid(resolve->child, &status, 0) < 0 && errno == EINTR)
		;
	resolve->child = 0;
	read_addresses(resolve);
	if (!resolve->n_addresses) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
			error_set(&err, -EAGAIN, "no name server answered");
		else if (WIFEXITED(status) && WEXITSTATUS(status) < 2)
			error_set(&err, -ENOENT, "the name has no address");
		else
			error_set(&err, -EIO, "the resolver failed");
	}
	resolve->done(resolve, err.code ? &err : NULL);
}

/* With nothing of ours: no environment, no descriptor but the pipe, default signals. */
static int spawn(struct resolve *resolve, const char *executable, const char *host, int pipe_end)
{
	char port[16];
	char *const argv[] = { (char *)"constable-resolver", (char *)host, port, NULL };
	char *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	int r;

	text_format(port, sizeof(port), "%u", resolve->port);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, pipe_end, 1);
	(void)posix_spawn_file_actions_adddup2(&actions, 0, 2);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)sigemptyset(&all);
	(void)posix_spawnattr_setsigmask(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(&resolve->child, executable, &actions, &attributes, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (r != 0)
		resolve->child = 0;
	return -r;
}

int resolve_start(struct resolve *resolve, struct event_base *base, const char *executable,
		  const struct url *url, void (*done)(struct resolve *, const struct error *err),
		  struct error *err)
{
	int ends[2], r;

	resolve->port = url->port;
	resolve->done = done;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe for the resolver");
	resolve->output = ends[0];
	(void)fcntl(resolve->output, F_SETFL, O_NONBLOCK);
	r = spawn(resolve, executable, url->host, ends[1]);
	(void)close(ends[1]);
	if (r < 0)
		return error_set(err, r, "start %s: %s", executable, strerror(-r));
	resolve->pidfd = pidfd_open(resolve->child, 0);
	if (resolve->pidfd < 0) {
		r = error_errno(err, "watch the resolver");
		/* Not added yet, so it cannot be deleted. */
		(void)event_assign(&resolve->exited, base, -1, 0, handle_exited, resolve);
		return r;
	}
	if (event_assign(&resolve->exited, base, resolve->pidfd, EV_READ, handle_exited, resolve) <
	    0)
		abort();
	(void)event_add(&resolve->exited, NULL);
	return 0;
}
