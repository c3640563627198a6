/*
 * MariaDB and MySQL servers of this machine, asked over their unix socket with
 * constant statements in a read-only session.
 */
#pragma once

#include "call/tool.h"
#include "tools/database/database_socket.h"

#define MARIADB_MAX_ROWS 50

struct st_mysql; /* the library's MYSQL */

/* NULL with 'err' and in 'kind_out' why: "refused", "authentication", "too_many_clients" ... */
struct st_mysql *mariadb_open(const struct database_socket *server, const char **kind_out,
			      struct error *err);
void mariadb_cleanup(struct st_mysql **connection);

/* Rows as objects by column name, in lower case. A new array, or NULL with 'err'. */
json_t *mariadb_ask(struct st_mysql *connection, const char *statement, struct error *err);

/* Rows of (name, value), as SHOW STATUS has them, as one object; numbers as such. */
json_t *mariadb_ask_pairs(struct st_mysql *connection, const char *statement, struct error *err);
