/* Redis and Valkey servers of this machine, by unix socket or loopback. */
#pragma once

#include "call/tool.h"
#include "tools/database/database_socket.h"

/* Sockets first, then ports that a server's title names ("redis-server 127.0.0.1:6379"). */
void redis_servers_find(const struct host *host, const struct programs *programs,
			struct database_sockets *servers_out);

struct redis {
	int fd;
	uint64_t deadline_ns;
	struct buf input; /* received, not yet parsed */
};

int redis_open(struct redis *redis, const struct database_socket *server, uint64_t deadline_ns,
	       struct error *err) MUST_CHECK;
void redis_cleanup(struct redis *redis);

/* One command of plain words, such as "SLOWLOG GET 10". A new reference, or NULL with 'err'. */
json_t *redis_ask(struct redis *redis, const char *command, struct error *err);
