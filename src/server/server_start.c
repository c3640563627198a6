/* When the store is ready: the orgs are loaded, and on the first start one is made. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/file.h"
#include "server/hub/company.h"
#include "server/inquiry/inquiry.h"
#include "server/notify/notify.h"
#include "server/org/audit.h"
#include "server/org/founding.h"
#include "server/server.h"

static const char approvers_sql[] = "SELECT id, approvers FROM orgs WHERE id >= $1 "
				    "AND approvers IS NOT NULL";

static const char revoked_sql[] =
	"SELECT org, revocation FROM grants WHERE org >= $1 AND revoked IS NOT NULL "
	"AND expires > $2 ORDER BY revoked";

static void fail(struct server *server, const struct error *err)
{
	log_error("%s", err->text);
	server->status = 1;
	(void)event_base_loopexit(server->base, NULL);
}

static void announce(struct server *server)
{
	outbox_start(server->api.outbox);
	server_incidents_start(server);
	log_info("ready at %s, %u orgs", server->identity.url, server->api.orgs->n);
	server_replicas_start(server);
	inquiries_resume(server->api.inquiries);
	notify_tell(&server->notify, "READY=1");
}

/* In the file first: what is printed once can be lost, and a crash must not lock us out. */
static int show_key(struct server *server, const struct founding *founding, struct error *err)
{
	char path[SERVER_PATH_BYTES], line[TOKEN_TEXT_BYTES + 1];

	text_format(path, sizeof(path), "%s/admin.key", server->place.state);
	text_format(line, sizeof(line), "%s\n", founding->admin_key.token.text);
	return file_save_private(path, line, strlen(line), err);
}

struct first {
	struct server *server;
	struct founding founding;
};

static void handle_founded(const struct store_result *result, const struct error *err, void *data)
{
	struct first *first = data;
	struct server *server = first->server;
	struct error why = { 0 };

	if (err) {
		fail(server, err);
	} else if (!orgs_add_row(server->api.orgs, &result->steps[0], 0, &why)) {
		fail(server, &why);
	} else {
		/* To a person only: standard output of a service is a log. */
		(void)printf("The first start made the org \"default\". Its admin's key is in "
			     "%s/admin.key%s%s\n",
			     server->place.state, isatty(STDOUT_FILENO) ? ": " : "",
			     isatty(STDOUT_FILENO) ? first->founding.admin_key.token.text : "");
		(void)fflush(stdout);
		announce(server);
	}
	token_cleanup(&first->founding.admin_key.token);
	free(first->founding.ca);
	free(first);
}

static void found(struct server *server)
{
	struct first *first = calloc(1, sizeof(*first));
	struct store_step steps[FOUNDING_STEPS];
	struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = FOUNDING_STEPS,
	};
	struct error err = { 0 };

	if (!first)
		abort();
	first->server = server;
	founding_begin(&first->founding, ORG_DEFAULT, "default");
	if (show_key(server, &first->founding, &err) < 0 ||
	    orgs_seal_ca(server->api.orgs, ORG_DEFAULT, &first->founding.ca, &err) < 0) {
		fail(server, &err);
		free(first);
		return;
	}
	founding_steps(&first->founding, steps);
	(void)store_submit(server->api.store, &batch, handle_founded, first);
}

static void handle_loaded(const struct store_result *result, const struct error *err, void *data)
{
	struct server *server = data;
	struct error why = { 0 };

	if (err) {
		fail(server, err);
		return;
	}
	for (unsigned i = 0; i < result->steps[0].n_rows; i++) {
		struct org *org = orgs_add_row(server->api.orgs, &result->steps[0], i, &why);

		if (!org) {
			fail(server, &why);
			return;
		}
		audit_seal(server->api.store, org);
	}
	server_orgs_share(server, &result->steps[0]);
	for (unsigned i = 0; i < result->steps[1].n_rows; i++)
		hub_set_approvers(server->api.hub, store_text_at(&result->steps[1], i, 0),
				  json_loads(store_text_at(&result->steps[1], i, 1), 0, NULL));
	for (unsigned i = 0; i < result->steps[2].n_rows; i++)
		hub_add_revocation(server->api.hub, store_text_at(&result->steps[2], i, 0),
				   json_loads(store_text_at(&result->steps[2], i, 1), 0, NULL));
	if (result->steps[0].n_rows == 0)
		found(server);
	else
		announce(server);
}

void server_load_orgs(struct server *server)
{
	const struct store_value first = store_text("");
	const struct store_value since[] = { first, store_int((int64_t)clock_wall_ns()) };
	const struct store_step steps[] = {
		{ server_orgs_sql, &first, 1, STORE_ANY },
		{ approvers_sql, &first, 1, STORE_ANY },
		{ revoked_sql, since, ARRAY_LEN(since), STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	if (!server->api.orgs->n) {
		(void)store_submit(server->api.store, &batch, handle_loaded, server);
		return;
	}
	/* It came back. */
	outbox_start(server->api.outbox);
	hub_look(server->api.hub);
}
