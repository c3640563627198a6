/* Other servers on our database: that we live, that they do, and what the dead leave behind. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/inquiry/inquiry.h"
#include "server/notify/notify.h"
#include "server/server.h"

static const char beat_sql[] =
	"INSERT INTO servers (id, beat, heard) VALUES ($1, 1, $2) ON CONFLICT (id) DO UPDATE SET "
	"beat = servers.beat + 1, heard = $2 RETURNING beat";
static const char others_sql[] = "SELECT id, beat FROM servers WHERE id <> $1 ORDER BY heard DESC "
				 "LIMIT $2";
/* Whoever sees it dead counts one beat for it: the others see that, and so it does itself. */
static const char dead_sql[] = "UPDATE servers SET beat = beat + 1 WHERE id = $1 AND beat = $2";

/* A server as it was last seen to live. */
struct replica {
	char id[65];
	int64_t beat;
	uint64_t since_ns; /* monotonic */
	bool is_listed;
};

struct replicas {
	struct server *server;
	struct event *timer;
	uint64_t ticket;  /* of a beat; 0: none */
	int64_t beat;     /* our last one; 0: none yet */
	uint64_t beat_ns; /* when, monotonic */
	struct replica others[REPLICAS_MAX];
	unsigned n_others;
};

static void handle_taken(const struct store_result *result, const struct error *err, void *data)
{
	struct server *server = data;

	if (err) /* another server was faster, it lives, or the store has trouble: we look again */
		return;
	if (result->steps[1].n_changed || result->steps[2].n_changed)
		log_warn("a server is dead: %lld investigations and %lld deliveries are taken over",
			 (long long)result->steps[1].n_changed,
			 (long long)result->steps[2].n_changed);
	inquiries_resume(server->api.inquiries);
	outbox_look(server->api.outbox);
}

static void take_over(struct replicas *replicas, const struct replica *other)
{
	struct server *server = replicas->server;
	const struct store_value dead[] = { store_text(other->id), store_int(other->beat) };
	struct store_value inquiries[INQUIRIES_TAKE_PARAMS], deliveries[OUTBOX_TAKE_PARAMS];
	const struct store_step steps[] = {
		{ dead_sql, dead, ARRAY_LEN(dead), STORE_SOME },
		inquiries_take_step(server->api.inquiries, other->id, inquiries),
		outbox_take_step(other->id, deliveries),
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	if (!server->is_closing)
		(void)store_submit(server->api.store, &batch, handle_taken, server);
}

static struct replica *find(struct replicas *replicas, const char *id)
{
	for (unsigned i = 0; i < replicas->n_others; i++)
		if (strcmp(replicas->others[i].id, id) == 0)
			return &replicas->others[i];
	return NULL;
}

static void hear(struct replicas *replicas, const char *id, int64_t beat)
{
	struct replica *other = find(replicas, id);
	uint64_t now_ns = clock_monotonic_ns();

	if (!other && replicas->n_others == REPLICAS_MAX)
		return;
	if (!other) {
		other = &replicas->others[replicas->n_others++];
		text_format(other->id, sizeof(other->id), "%s", id);
		other->beat = beat - 1;
	}
	other->is_listed = true;
	if (other->beat != beat) {
		other->beat = beat;
		other->since_ns = now_ns;
	} else if (now_ns - other->since_ns > REPLICA_DEAD_NS) {
		take_over(replicas, other);
		other->since_ns = now_ns;
	}
}

/* Upkeep has removed them. */
static void forget_unlisted(struct replicas *replicas)
{
	for (unsigned i = 0; i < replicas->n_others;) {
		if (replicas->others[i].is_listed)
			replicas->others[i++].is_listed = false;
		else
			replicas->others[i] = replicas->others[--replicas->n_others];
	}
}

static void handle_beat(const struct store_result *result, const struct error *err, void *data)
{
	struct replicas *replicas = data;
	const struct store_rows *others;
	uint64_t now_ns = clock_monotonic_ns();
	int64_t beat;

	replicas->ticket = 0;
	if (err)
		return;
	beat = store_int_at(&result->steps[0], 0, 0);
	if (replicas->beat && beat != replicas->beat + 1)
		inquiries_doubt(replicas->server->api.inquiries);
	/* We could not look, or stood still ourselves: that says nothing of the others. */
	for (unsigned i = 0;
	     now_ns - replicas->beat_ns > 2 * REPLICA_BEAT_NS && i < replicas->n_others; i++)
		replicas->others[i].since_ns = now_ns;
	replicas->beat = beat;
	replicas->beat_ns = now_ns;
	others = &result->steps[1];
	for (unsigned i = 0; i < others->n_rows; i++)
		hear(replicas, store_text_at(others, i, 0), store_int_at(others, i, 1));
	forget_unlisted(replicas);
}

static void look(struct replicas *replicas)
{
	const struct store_value id = store_text(replicas->server->owner);
	const struct store_value beat[] = { id, store_int((int64_t)clock_wall_ns()) };
	const struct store_value others[] = { id, store_int(REPLICAS_MAX) };
	const struct store_step steps[] = {
		{ beat_sql, beat, ARRAY_LEN(beat), STORE_SOME },
		{ others_sql, others, ARRAY_LEN(others), STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	if (!replicas->ticket)
		replicas->ticket =
			store_submit(replicas->server->api.store, &batch, handle_beat, replicas);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	look(data);
}

void server_replicas_start(struct server *server)
{
	static const struct timeval every = { .tv_sec = REPLICA_BEAT_NS / NS_PER_SEC };
	struct replicas *replicas;

	if (server->is_alone || server->replicas)
		return;
	replicas = server->replicas = calloc(1, sizeof(*replicas));
	if (!replicas)
		abort();
	replicas->server = server;
	replicas->timer = event_new(server->base, -1, EV_PERSIST, handle_timer, replicas);
	if (!replicas->timer || event_add(replicas->timer, &every) < 0)
		abort();
	look(replicas);
}

void server_replicas_close(struct server *server)
{
	struct replicas *replicas = server->replicas;

	if (!replicas)
		return;
	if (replicas->ticket)
		store_forget(server->api.store, replicas->ticket);
	event_free(replicas->timer);
	free(replicas);
	server->replicas = NULL;
}
