/*
 * A pooler between us and PostgreSQL, such as PgBouncer: it may be there, if it leaves us our
 * session. One that gives the session away between transactions loses what we set in it
 * (synchronous_commit, on which "it is on disk" rests), what we prepared, and what we LISTEN to.
 *
 * That somebody stands between is seen by the number of our backend, which he made up. How he
 * shares is seen by a second connection: it is given the backend that we have just left.
 */
#include "server/store/database/postgresql_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/scan.h"

#define LOOKS 3
#define LOOK_NS (3 * NS_PER_SEC)

/* Whatever stands between lets who comes second wait where all is taken: 0 is "not told". */
static int backend_of(PGconn *conn)
{
	uint64_t until_ns = clock_monotonic_ns() + LOOK_NS, now_ns;
	PGresult *result;
	uint64_t pid = 0;

	if (!PQsendQuery(conn, "SELECT pg_backend_pid()"))
		return 0;
	while (PQisBusy(conn)) {
		struct pollfd poller = { .fd = PQsocket(conn), .events = POLLIN };

		now_ns = clock_monotonic_ns();
		if (now_ns >= until_ns ||
		    poll(&poller, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1) <= 0 ||
		    !PQconsumeInput(conn))
			return 0;
	}
	while ((result = PQgetResult(conn))) {
		const char *text = PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : "";

		if (!scan_u64(&text, &pid) || pid > INT_MAX)
			pid = 0;
		PQclear(result);
	}
	return (int)pid;
}

static bool is_shared(PGconn *conn, PGconn *other)
{
	int first = backend_of(conn);

	for (int i = 0; first && i < LOOKS; i++)
		if (backend_of(other) == first || backend_of(conn) != first)
			return true;
	return false;
}

int postgresql_check_pooler(struct database *db, const char *url, struct error *err)
{
	PGconn *other;
	bool is_bad;

	db->backend = backend_of(db->conn);
	if (db->backend == PQbackendPID(db->conn))
		return 0;
	other = postgresql_connect(url);
	if (!other)
		abort();
	is_bad = PQstatus(other) == CONNECTION_OK && is_shared(db->conn, other);
	PQfinish(other);
	return is_bad ? error_set(
				err, -EOPNOTSUPP,
				"the pooler before PostgreSQL gives a session to others between "
				"transactions, which no promise of the store survives: set its "
				"pool_mode to session for this database, or name PostgreSQL itself "
				"in 'database'")
		      : 0;
}
