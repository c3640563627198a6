/*
 * PostgreSQL servers of this machine, asked as the account that owns them over
 * their unix socket, with constant queries that can change nothing: sessions
 * are read-only and every statement has a timeout.
 */
#pragma once

#include <libpq-fe.h>

#include "call/tool.h"
#include "host/account.h"
#include "host/program.h"

#define POSTGRESQL_MAX_SERVERS 4
#define POSTGRESQL_MAX_ROWS 50

struct postgresql_server {
	const struct program *postmaster; /* NULL: only its socket was seen */
	char socket_folder[108];
	uint16_t port;
	struct account owner;
};

struct postgresql_servers {
	struct postgresql_server list[POSTGRESQL_MAX_SERVERS];
	size_t n;
};

/* By the unix sockets that listen; a postmaster without one is listed with port 0. */
void postgresql_servers_find(const struct host *host, const struct programs *programs,
			     struct postgresql_servers *servers_out);

/*
 * A connection, or NULL with 'err', and in 'kind_out' why: "refused",
 * "authentication", "too_many_clients", "starting_up", "shutting_down",
 * "timeout", "permission", "other". Becomes the owner first where it may.
 */
PGconn *postgresql_open(const struct postgresql_server *server, const char *database,
			const char **kind_out, struct error *err);
void postgresql_cleanup(PGconn **connection);

/* Rows as objects by column name. A new array, or NULL with 'err'. */
json_t *postgresql_ask(PGconn *connection, const char *query, struct error *err);
