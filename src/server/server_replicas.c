/* Other servers on our database: that we live, that they do, and what the dead leave behind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/hash.h"
#include "server/hub/company.h"
#include "server/inquiry/inquiry.h"
#include "server/notify/notify.h"
#include "server/server.h"

static const char beat_sql[] =
	"INSERT INTO servers (id, beat, heard, silence) VALUES ($1, 1, $2, $3) ON CONFLICT (id) DO "
	"UPDATE SET beat = servers.beat + 1, heard = $2, silence = $3 RETURNING beat";
static const char others_sql[] =
	"SELECT id, beat, heard, silence FROM servers WHERE id <> $1 ORDER "
	"BY heard DESC LIMIT $2";
/* Whoever sees it dead counts one beat for it: the others see that, and so it does itself. */
static const char dead_sql[] = "UPDATE servers SET beat = beat + 1 WHERE id = $1 AND beat = $2";

/* A server as it was last seen to live. */
struct replica {
	char id[65];
	int64_t beat;
	uint64_t since_ns; /* monotonic */
	int64_t heard;     /* its own clock: only itself sets it */
	uint64_t heard_ns; /* when that was new, monotonic */
	uint64_t silence_ns;
	bool is_listed;
};

struct replicas {
	struct server *server;
	struct event *timer;
	uint64_t ticket;   /* of a beat; 0: none */
	int64_t beat;      /* our last one; 0: none yet */
	uint64_t beat_ns;  /* when, monotonic */
	uint64_t asked_ns; /* and when the one under way was sent */
	uint64_t silence_ns;
	struct replica others[REPLICAS_MAX];
	unsigned n_others;
};

static void handle_taken(const struct store_result *result, const struct error *err, void *data)
{
	struct server *server = data;

	if (err) /* another server was faster, it lives, or the store has trouble: we look again */
		return;
	if (result->steps[1].n_changed || result->steps[2].n_changed || result->steps[5].n_changed)
		log_warn("a server is dead: %lld investigations, %lld deliveries and %lld agents "
			 "are taken over",
			 (long long)result->steps[1].n_changed,
			 (long long)result->steps[2].n_changed,
			 (long long)result->steps[5].n_changed);
	inquiries_resume(server->api.inquiries);
	outbox_look(server->api.outbox);
	hub_handle_taken(server->api.hub);
}

static void take_over(struct replicas *replicas, const struct replica *other)
{
	struct server *server = replicas->server;
	const struct store_value dead[] = { store_text(other->id), store_int(other->beat) };
	struct store_value inquiries[INQUIRIES_TAKE_PARAMS], deliveries[OUTBOX_TAKE_PARAMS],
		agents[HUB_TAKE_PARAMS];
	struct store_step steps[3 + HUB_TAKE_STEPS] = {
		{ dead_sql, dead, ARRAY_LEN(dead), STORE_SOME },
		inquiries_take_step(server->api.inquiries, other->id, inquiries),
		outbox_take_step(other->id, deliveries),
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
		.notice = HUB_TAKE_NOTICE,
	};

	hub_take_steps(server->api.hub, other->id, agents, &steps[3]);
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

static void note_life(struct replica *other, const struct store_rows *rows, unsigned row,
		      uint64_t now_ns)
{
	if (other->heard != store_int_at(rows, row, 2))
		other->heard_ns = now_ns;
	other->heard = store_int_at(rows, row, 2);
	other->silence_ns = (uint64_t)store_int_at(rows, row, 3);
	other->is_listed = true;
}

static void hear(struct replicas *replicas, const struct store_rows *rows, unsigned row)
{
	const char *id = store_text_at(rows, row, 0);
	int64_t beat = store_int_at(rows, row, 1);
	struct replica *other = find(replicas, id);
	uint64_t now_ns = clock_monotonic_ns();

	if (!other && replicas->n_others == REPLICAS_MAX)
		return;
	if (!other) {
		other = &replicas->others[replicas->n_others++];
		text_format(other->id, sizeof(other->id), "%s", id);
		other->beat = beat - 1;
	}
	note_life(other, rows, row, now_ns);
	if (other->beat != beat) {
		other->beat = beat;
		other->since_ns = now_ns;
	} else if (now_ns - other->since_ns > other->silence_ns) {
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

/* Whoever lives says so itself; a dead one's beats are counted by others. */
static void tell_hub(const struct replicas *replicas)
{
	struct hub *hub = replicas->server->api.hub;
	enum hub_company company = HUB_ALONE;
	uint64_t now_ns = clock_monotonic_ns();

	for (unsigned i = 0; i < replicas->n_others; i++)
		if (now_ns - replicas->others[i].heard_ns < 2 * replicas->others[i].silence_ns)
			company = HUB_WITH_OTHERS;
	hub_set_company(hub, company);
	hub_trust(hub, replicas->asked_ns + replicas->silence_ns / 10 * 9);
}

/* We were taken for dead. */
static void doubt(const struct replicas *replicas)
{
	inquiries_doubt(replicas->server->api.inquiries);
	hub_doubt(replicas->server->api.hub);
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
		doubt(replicas);
	/* We could not look, or stood still ourselves: that says nothing of the others. */
	for (unsigned i = 0;
	     now_ns - replicas->beat_ns > 2 * replicas->silence_ns / REPLICA_BEATS &&
	     i < replicas->n_others;
	     i++)
		replicas->others[i].since_ns = now_ns;
	replicas->beat = beat;
	replicas->beat_ns = now_ns;
	others = &result->steps[1];
	for (unsigned i = 0; i < others->n_rows; i++)
		hear(replicas, others, i);
	forget_unlisted(replicas);
	tell_hub(replicas);
	server_orgs_compare(replicas->server, &result->steps[2]);
}

static void look(struct replicas *replicas)
{
	const struct store_value id = store_text(replicas->server->owner);
	const struct store_value beat[] = { id, store_int((int64_t)clock_wall_ns()),
					    store_int((int64_t)replicas->silence_ns) };
	const struct store_value others[] = { id, store_int(REPLICAS_MAX) };
	const struct store_step steps[] = {
		{ beat_sql, beat, ARRAY_LEN(beat), STORE_SOME },
		{ others_sql, others, ARRAY_LEN(others), STORE_ANY },
		server_orgs_step(),
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	if (replicas->ticket)
		return;
	replicas->asked_ns = clock_monotonic_ns();
	replicas->ticket = store_submit(replicas->server->api.store, &batch, handle_beat, replicas);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	look(data);
}

/* Another folder or host is another server, also where it has a copy of our keys. */
static void name_owner(struct server *server)
{
	char host[256] = "", text[SERVER_PATH_BYTES + 2048];

	(void)gethostname(host, sizeof(host) - 1);
	text_format(text, sizeof(text), "%s\n%s\n%s", server->anchor_text, host,
		    server->place.state);
	(void)hash_text(text, strlen(text), server->owner);
}

int server_replicas_configure(struct server *server, struct error *err)
{
	uint64_t silence_ns = config_get_ns(server->config, "replica_silence");

	if (silence_ns < REPLICA_MIN_SILENCE_NS || silence_ns > REPLICA_MAX_SILENCE_NS)
		return error_set(err, -EINVAL, "replica_silence: give from 1s to 10m");
	name_owner(server);
	server->is_alone = strncmp(server->place.database, "postgres", 8) != 0;
	return 0;
}

void server_replicas_start(struct server *server)
{
	uint64_t beat_ns = config_get_ns(server->config, "replica_silence") / REPLICA_BEATS;
	const struct timeval every = {
		.tv_sec = (time_t)(beat_ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(beat_ns % NS_PER_SEC / 1000),
	};
	struct replicas *replicas;

	if (server->is_alone || server->replicas)
		return;
	replicas = server->replicas = calloc(1, sizeof(*replicas));
	if (!replicas)
		abort();
	replicas->server = server;
	replicas->silence_ns = beat_ns * REPLICA_BEATS;
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
