#include "tools/database/postgresql.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/network.h"
#include "host/permission.h"
#include "tools/database/service_account.h"

#define TEXT_MAX_BYTES 2000
#define TABLE_MAX_BYTES (8 * MIB)

static const char session_options[] =
	"-c default_transaction_read_only=on -c statement_timeout=3000"
	" -c lock_timeout=300"
	" -c idle_in_transaction_session_timeout=5000";

/* "/run/postgresql/.s.PGSQL.5432" */
static bool parse_socket(struct str path, struct postgresql_server *server)
{
	static const char mark[] = "/.s.PGSQL.";
	char text[108];
	const char *at;
	uint64_t port;

	if (path.len >= sizeof(text))
		return false;
	str_copy(path, text, sizeof(text));
	at = strstr(text, mark);
	if (!at || text[0] != '/')
		return false;
	str_copy((struct str) { text, (size_t)(at - text) }, server->socket_folder,
		 sizeof(server->socket_folder));
	at += strlen(mark);
	if (!scan_u64(&at, &port) || *at || port > UINT16_MAX)
		return false;
	server->port = (uint16_t)port;
	return true;
}

/* Postmasters are the parents; their port stands in their title or nowhere. */
static const struct program *find_postmaster(const struct programs *programs, size_t skip)
{
	static const char *const names[] = { "postgres", "postmaster" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct program *program = NULL;

		while ((program = programs_next(programs, names[i], program)) != NULL) {
			const struct program *parent = programs_find_pid(programs, program->ppid);

			if ((!parent || strcmp(parent->comm, program->comm) != 0) && skip-- == 0)
				return program;
		}
	}
	return NULL;
}

static uid_t socket_owner(const struct host *host, const struct postgresql_server *server)
{
	char path[160];
	struct stat stat;

	text_format(path, sizeof(path), "%s/.s.PGSQL.%u", server->socket_folder, server->port);
	return host_lstat(host, path, &stat) < 0 ? (uid_t)-1 : stat.st_uid;
}

static void find_owner(const struct host *host, const struct programs *programs, size_t index,
		       struct postgresql_server *server)
{
	uid_t uid = server->port ? socket_owner(host, server) : (uid_t)-1;

	server->postmaster = NULL;
	/* The postmaster of that owner; with several of one owner, in their order. */
	for (size_t i = 0, n = 0;; i++) {
		const struct program *program = find_postmaster(programs, i);

		if (!program)
			break;
		if (uid != (uid_t)-1 && program->uid != uid)
			continue;
		server->postmaster = program;
		if (n++ == index)
			break;
	}
	if (server->postmaster && uid == (uid_t)-1)
		uid = server->postmaster->uid;
	if (!account_find_uid(host, uid, &server->owner))
		server->owner.uid = uid;
}

static bool is_reachable(const struct host *host, const struct postgresql_server *server)
{
	char path[160];

	text_format(path, sizeof(path), "%s/.s.PGSQL.%u", server->socket_folder, server->port);
	return host_exists(host, path + 1);
}

/* A job sees only the declared folder of sockets: those elsewhere are named, but last. */
static void reachable_first(const struct host *host, struct postgresql_servers *servers)
{
	for (size_t i = 1; i < servers->n; i++) {
		struct postgresql_server moved = servers->list[i];
		size_t at = i;

		if (!is_reachable(host, &moved))
			continue;
		for (; at > 0 && !is_reachable(host, &servers->list[at - 1]); at--)
			servers->list[at] = servers->list[at - 1];
		servers->list[at] = moved;
	}
}

void postgresql_servers_find(const struct host *host, const struct programs *programs,
			     struct postgresql_servers *servers_out)
{
	CLEANUP(fd) int fd = network_open(host, "unix");
	CLEANUP(lines) struct lines lines = { 0 };
	struct postgresql_servers servers = { 0 };
	struct str line;

	if (fd >= 0)
		lines_init(&lines, fd, TABLE_MAX_BYTES);
	while (fd >= 0 && servers.n < POSTGRESQL_MAX_SERVERS && lines_next(&lines, &line)) {
		struct postgresql_server *server = &servers.list[servers.n];
		struct unix_line socket;

		*server = (struct postgresql_server) { 0 };
		if (!unix_line_parse(line.data, &socket) || !unix_line_is_listening(&socket) ||
		    !parse_socket(socket.path, server))
			continue;
		find_owner(host, programs, servers.n, server);
		servers.n++;
	}
	reachable_first(host, &servers);
	if (!servers.n && find_postmaster(programs, 0)) {
		servers.list[0] = (struct postgresql_server) { 0 };
		find_owner(host, programs, 0, &servers.list[0]);
		servers.n = 1;
	}
	*servers_out = servers;
}

static const char *failure_kind(const char *text)
{
	static const struct {
		const char *words, *kind;
	} marks[] = {
		{ "too many clients", "too_many_clients" },
		{ "remaining connection slots", "too_many_clients" },
		{ "authentication failed", "authentication" },
		{ "no pg_hba.conf entry", "authentication" },
		{ "no password supplied", "authentication" },
		{ "does not exist", "authentication" },
		{ "starting up", "starting_up" },
		{ "in recovery mode", "starting_up" },
		{ "shutting down", "shutting_down" },
		{ "Connection refused", "refused" },
		{ "No such file or directory", "refused" },
		{ "timeout expired", "timeout" },
		{ "Permission denied", "permission" },
		{ "No space left", "no_space" },
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strstr(text, marks[i].words))
			return marks[i].kind;
	return "other";
}

PGconn *postgresql_open(const struct postgresql_server *server, const char *database,
			const char **kind_out, struct error *err)
{
	char port[8], name[ACCOUNT_NAME_BYTES];
	const char *const keys[] = { "host",
				     "port",
				     "dbname",
				     "user",
				     "connect_timeout",
				     "application_name",
				     "options",
				     "client_encoding",
				     NULL };
	const int became = service_account_become(&server->owner, err);
	const char *const values[] = { server->socket_folder,
				       port,
				       database,
				       service_account_role(&server->owner, name),
				       "3",
				       "constable",
				       session_options,
				       "UTF8",
				       NULL };
	PGconn *connection;

	*kind_out = "permission";
	if (became < 0)
		return NULL;
	text_format(port, sizeof(port), "%u", server->port);
	connection = PQconnectdbParams(keys, values, 0);
	if (PQstatus(connection) == CONNECTION_OK)
		return connection;
	*kind_out = failure_kind(PQerrorMessage(connection));
	error_set(err, -ECONNREFUSED, "%s", PQerrorMessage(connection));
	PQfinish(connection);
	return NULL;
}

void postgresql_cleanup(PGconn **connection)
{
	PQfinish(*connection);
}

enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_OID = 26,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_NUMERIC = 1700
};

static json_t *value_json(const PGresult *rows, int row, int column)
{
	const char *text = PQgetvalue(rows, row, column), *at = text;
	size_t len = (size_t)PQgetlength(rows, row, column);
	int64_t integer;
	double real;

	if (PQgetisnull(rows, row, column))
		return json_null();
	switch (PQftype(rows, column)) {
	case OID_BOOL:
		return json_boolean(*text == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_OID:
		return scan_i64(&at, &integer) ? json_integer(integer) : json_null();
	case OID_FLOAT4:
	case OID_FLOAT8:
	case OID_NUMERIC:
		return scan_double(&at, &real) ? json_real(real) : json_null();
	default:
		return json_text(text, len < TEXT_MAX_BYTES ? len : TEXT_MAX_BYTES);
	}
}

json_t *postgresql_ask(PGconn *connection, const char *query, struct error *err)
{
	PGresult *rows = PQexec(connection, query);
	json_t *list = NULL;

	if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
		error_set(err, -EIO, "%s", PQresultErrorMessage(rows));
		PQclear(rows);
		return NULL;
	}
	list = json_array();
	for (int row = 0; row < PQntuples(rows) && row < POSTGRESQL_MAX_ROWS; row++) {
		json_t *object = json_object();

		for (int column = 0; column < PQnfields(rows); column++)
			json_put(object, PQfname(rows, column), value_json(rows, row, column));
		json_push(list, object);
	}
	PQclear(rows);
	return list;
}
