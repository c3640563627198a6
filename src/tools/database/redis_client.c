#include "tools/database/redis_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tools/database/resp.h"
#include "tools/database/service_account.h"

static const char *const names[] = { "redis-server", "valkey-server", "keydb-server", NULL };

/* "redis-server 127.0.0.1:6379", "*:6379 [cluster]"; 0 where it has no port. */
static uint16_t port_of(const struct program *program)
{
	const char *at = strrchr(program->cmdline, ':');
	uint64_t port;

	if (!at || strstr(program->cmdline, "unixsocket:"))
		return 0;
	at++;
	return scan_u64(&at, &port) && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static bool is_known(const struct database_sockets *servers, const struct program *program)
{
	for (size_t i = 0; i < servers->n; i++)
		if (servers->list[i].program == program && servers->list[i].path[0])
			return true;
	return false;
}

void redis_servers_find(const struct host *host, const struct programs *programs,
			struct database_sockets *servers_out)
{
	static const char *const words[] = { "redis", "valkey", NULL };
	struct database_sockets servers;

	database_sockets_find(host, programs, words, names, &servers);
	if (servers.n && !servers.list[0].path[0])
		servers.n = 0; /* its program is found again below, with its port */
	for (size_t i = 0; names[i]; i++) {
		const struct program *program = NULL;

		while ((program = programs_next(programs, names[i], program)) != NULL) {
			struct database_socket *server = &servers.list[servers.n];

			if (servers.n == DATABASE_MAX_SOCKETS || is_known(&servers, program))
				continue;
			*server = (struct database_socket) { .program = program,
							     .port = port_of(program) };
			if (!account_find_uid(host, program->uid, &server->owner))
				server->owner.uid = program->uid;
			servers.n++;
		}
	}
	*servers_out = servers;
}

static int wait_until(const struct redis *redis, short events)
{
	struct pollfd poller = { .fd = redis->fd, .events = events };
	uint64_t now_ns = clock_monotonic_ns();
	int r;

	if (now_ns >= redis->deadline_ns)
		return -ETIMEDOUT;
	r = poll(&poller, 1, (int)((redis->deadline_ns - now_ns) / NS_PER_MS) + 1);
	if (r < 0 && errno != EINTR)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static int start_connecting(const struct redis *redis, const struct database_socket *server)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_port = htons(server->port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (!server->path[0])
		return connect(redis->fd, (const struct sockaddr *)&loopback, sizeof(loopback));
	text_format(local.sun_path, sizeof(local.sun_path), "%s", server->path);
	return connect(redis->fd, (const struct sockaddr *)&local, sizeof(local));
}

int redis_open(struct redis *redis, const struct database_socket *server, uint64_t deadline_ns,
	       struct error *err)
{
	socklen_t len = sizeof(int);
	int failure = 0, r;

	redis->fd = -1;
	redis->deadline_ns = deadline_ns;
	buf_init(&redis->input, RESP_MAX_BYTES);
	if (!server->path[0] && !server->port)
		return error_set(err, -ENOENT, "the server has neither a socket nor a port");
	r = service_account_become(&server->owner, err);
	if (r < 0)
		return r;
	redis->fd = socket(server->path[0] ? AF_UNIX : AF_INET,
			   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (redis->fd < 0)
		return error_errno(err, "make a socket");
	if (start_connecting(redis, server) < 0 && errno != EINPROGRESS)
		return error_errno(err, "connect to %s",
				   server->path[0] ? server->path : "its port on the loopback");
	r = wait_until(redis, POLLOUT);
	if (r == 0 && getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &failure, &len) == 0)
		r = -failure;
	return r < 0 ? error_set(err, r, "connect to Redis: %s", strerrordesc_np(-r)) : 0;
}

void redis_cleanup(struct redis *redis)
{
	fd_close(&redis->fd);
	buf_finish(&redis->input);
}

static int receive(struct redis *redis)
{
	char chunk[16 * KIB];
	int r = wait_until(redis, POLLIN);
	ssize_t n;

	if (r < 0)
		return r;
	n = read(redis->fd, chunk, sizeof(chunk));
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buf_add(&redis->input, chunk, (size_t)n);
	return redis->input.dropped ? -E2BIG : 0;
}

/* An inline command: words with blanks between, which none of ours holds itself. */
static int send_command(const struct redis *redis, const char *command)
{
	char line[256];

	text_format(line, sizeof(line), "%s\r\n", command);
	return fd_write_all(redis->fd, line, strlen(line));
}

json_t *redis_ask(struct redis *redis, const char *command, struct error *err)
{
	int r = send_command(redis, command);

	/* A server without room says so and hangs up before it is asked: that is the answer. */
	if (r == -EPIPE || r == -ECONNRESET)
		r = 0;
	buf_clear(&redis->input);
	while (r >= 0) {
		json_t *value = NULL;
		size_t used;
		enum resp_answer answer =
			resp_parse(buf_text(&redis->input), redis->input.len, &value, &used);
		const char *refusal = json_get_text(value, "error", NULL);

		if (answer == RESP_DONE && !refusal)
			return value;
		if (refusal) {
			error_set(err, strstr(refusal, "NOAUTH") ? -EACCES : -EIO, "%s", refusal);
			json_decref(value);
			return NULL;
		}
		r = answer == RESP_BAD ? -EBADMSG : receive(redis);
	}
	error_set(err, r, "ask Redis for %s: %s", command, strerrordesc_np(-r));
	return NULL;
}
