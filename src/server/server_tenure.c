/*
 * Whose key has been revoked: what he has open is closed. Keys are revoked at any server on the
 * database, so all of them look there while anybody has a stream.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "server/gateway/gateway.h"
#include "server/server.h"

#define EVERY_S 2
#define SKEW_NS (300 * NS_PER_SEC) /* between the clocks of servers */
#define MAX_ROWS 10000
#define OPENING_NS (60 * NS_PER_SEC) /* that a request may take to become a stream */

struct tenure {
	struct server *server;
	struct event *look;
	uint64_t asked_ns, looked_ns; /* wall clock: of the look under way, of the last one */
	uint64_t ticket;              /* of that look; 0: none */
	json_t *closed; /* {"org/key": wall clock} of those of the last look, when it was first */
};

/* Agents have streams of their own, which end otherwise. */
static const char revoked_sql[] =
	"SELECT org, id FROM api_keys WHERE org >= $1 AND revoked >= $2 AND role <> 'agent' "
	"ORDER BY revoked DESC LIMIT $3";

static void close_all_of(struct server *server, const char *org, const char *key,
			 const char *holder)
{
	gateway_forget(server->api.gateway, org, key);
	for (unsigned i = 0; i < server->n_listeners; i++)
		if (server->listeners[i])
			http_server_end_streams(server->listeners[i], holder);
}

/*
 * A key is found again while it may be another server's clock that is behind; but only what was
 * being opened as it was revoked can be open after the first time.
 */
static void close_again(const struct tenure *tenure, const char *org, const char *key,
			json_t *closed)
{
	char holder[HTTP_HOLDER_BYTES];
	uint64_t since_ns;

	caller_holds(org, key, holder);
	since_ns = (uint64_t)json_get_int(tenure->closed, holder, (int64_t)tenure->asked_ns);
	json_put(closed, holder, json_integer((json_int_t)since_ns));
	if (tenure->asked_ns < since_ns || tenure->asked_ns - since_ns <= OPENING_NS)
		close_all_of(tenure->server, org, key, holder);
}

static void handle_revoked(const struct store_result *result, const struct error *err, void *data)
{
	struct tenure *tenure = data;
	const struct store_rows *rows;
	json_t *closed;

	tenure->ticket = 0;
	if (err)
		return; /* the next look begins where this one did */
	tenure->looked_ns = tenure->asked_ns;
	rows = &result->steps[0];
	closed = json_object();
	for (unsigned i = 0; i < rows->n_rows; i++)
		close_again(tenure, store_text_at(rows, i, 0), store_text_at(rows, i, 1), closed);
	json_decref(tenure->closed);
	tenure->closed = closed;
}

static bool has_streams(const struct server *server)
{
	for (unsigned i = 0; i < server->n_listeners; i++)
		if (server->listeners[i] && http_server_held_streams(server->listeners[i]))
			return true;
	return false;
}

static void handle_look(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct tenure *tenure = data;
	struct server *server = tenure->server;
	const struct store_value params[] = {
		store_text(""),
		store_int((int64_t)(tenure->looked_ns - SKEW_NS)),
		store_int(MAX_ROWS),
	};
	const struct store_step step = { revoked_sql, params, ARRAY_LEN(params), STORE_ANY };

	if (tenure->ticket || server->is_closing)
		return;
	tenure->asked_ns = clock_wall_ns();
	if (!has_streams(server)) {
		tenure->looked_ns = tenure->asked_ns; /* who comes later shows his key */
		return;
	}
	tenure->ticket = store_submit(
		server->api.store,
		&(struct store_batch) {
			.org = STORE_EVERY_ORG, .steps = &step, .n_steps = 1, .is_question = true },
		handle_revoked, tenure);
}

void server_tenure_open(struct server *server)
{
	static const struct timeval every = { .tv_sec = EVERY_S };
	struct tenure *tenure = calloc(1, sizeof(*tenure));

	if (!tenure)
		abort();
	*tenure = (struct tenure) { .server = server, .looked_ns = clock_wall_ns() };
	tenure->look = event_new(server->base, -1, EV_PERSIST, handle_look, tenure);
	if (!tenure->look || event_add(tenure->look, &every) < 0)
		abort();
	server->tenure = tenure;
}

void server_tenure_close(struct server *server)
{
	struct tenure *tenure = TAKE(server->tenure);

	if (!tenure)
		return;
	if (tenure->ticket)
		store_forget(server->api.store, tenure->ticket);
	event_free(tenure->look);
	json_decref(tenure->closed);
	free(tenure);
}
