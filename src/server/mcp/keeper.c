#include "server/mcp/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mcp_client/oauth/place.h"
#include "mcp_client/oauth/scope.h"
#include "server/mcp/keeper_internal.h"
#include "server/mcp/secret.h"

#define EARLY_S 30 /* before its end a token is refreshed */
#define LOOK_MS 250
#define MAX_LOOKS 180 /* for what another one refreshes: longer than that may take */

/* What is stored for another URL is nothing for who asks this one. */
static const char look_sql[] =
	"SELECT sealed FROM mcp_servers WHERE org = $1 AND id = $2 AND url = $3";

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		abort();
	return copied;
}

void mcp_keeper_forget_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(TAKE(*text));
}

static void keeper_free(struct mcp_keeper *keeper)
{
	*keeper->link = keeper->next;
	if (keeper->next)
		keeper->next->link = keeper->link;
	if (keeper->ticket)
		store_forget(keeper->servers->config.store, keeper->ticket);
	oauth_cancel(keeper->errand);
	event_free(keeper->soon);
	oauth_forget(keeper->secret);
	mcp_keeper_forget_outcome(keeper);
	mcp_keeper_forget_text(&keeper->refused);
	mcp_keeper_forget_text(&keeper->lacking);
	free(keeper->org);
	free(keeper->url);
	free(keeper->sealed);
	free(keeper);
}

void mcp_keeper_drop(void *data)
{
	struct mcp_keeper *keeper = data;

	keeper->client = NULL;
	if (!keeper->is_busy)
		keeper_free(keeper);
}

void mcp_keepers_drop(struct mcp_servers *servers)
{
	while (servers->keepers)
		keeper_free(servers->keepers);
}

bool mcp_servers_are_busy(const struct mcp_servers *servers)
{
	const struct mcp_keeper *keeper = servers->keepers;

	while (keeper && !keeper->is_busy)
		keeper = keeper->next;
	return keeper != NULL;
}

int64_t mcp_keeper_now_s(void)
{
	return (int64_t)(clock_wall_ns() / NS_PER_SEC);
}

json_t *mcp_keeper_grant(const struct mcp_keeper *keeper)
{
	json_t *grant = json_object_get(keeper->secret, "grant");

	return oauth_resource_fits(json_get_text(grant, "resource", ""), keeper->url) ? grant
										      : NULL;
}

/* --- what the client is told ------------------------------------------------------------- */

void mcp_keeper_give(struct mcp_keeper *keeper, const char *token)
{
	keeper->is_busy = false;
	if (keeper->client)
		mcp_client_give_token(keeper->client, token, NULL);
	else
		keeper_free(keeper);
}

static void wait_for(struct mcp_keeper *keeper, unsigned wait_ms)
{
	const struct timeval wait = { .tv_usec = (suseconds_t)wait_ms * 1000 };

	keeper->is_busy = false;
	if (!keeper->client)
		keeper_free(keeper);
	else if (event_add(keeper->soon, &wait) < 0)
		abort();
}

void mcp_keeper_look_later(struct mcp_keeper *keeper)
{
	wait_for(keeper, LOOK_MS);
}

void mcp_keeper_fail(struct mcp_keeper *keeper, const struct error *why)
{
	keeper->why = *why;
	wait_for(keeper, 0);
}

void mcp_keeper_want_login(struct mcp_keeper *keeper, const char *reason)
{
	struct error why = { 0 };

	error_set(&why, -EACCES, "%s; 'constable mcp-server login %s'", reason, keeper->name);
	mcp_keeper_fail(keeper, &why);
}

/* --- what is stored ---------------------------------------------------------------------- */

int mcp_keeper_swap(struct mcp_keeper *keeper, store_done *done, struct error *err)
{
	CLEANUP(mcp_sealed) struct mcp_sealed sealed = { 0 };
	CLEANUP(text) char *before = NULL;
	int r = mcp_secret_seal(keeper->servers, keeper->org, keeper->id, keeper->secret, &sealed,
				err);

	if (r < 0)
		return r;
	before = TAKE(keeper->sealed);
	keeper->sealed = TAKE(sealed.text);
	const struct store_value params[] = { store_text(keeper->org), store_text(keeper->id),
					      store_text(sealed.names), store_text(keeper->sealed),
					      store_text(before) };
	const struct store_step step = { mcp_secret_swap_sql, params, ARRAY_LEN(params),
					 STORE_SOME };
	keeper->ticket = store_submit(
		keeper->servers->config.store,
		&(struct store_batch) { .org = keeper->org, .steps = &step, .n_steps = 1 }, done,
		keeper);
	return 0;
}

/* What the next login has to ask for besides. */
static void handle_noted(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct mcp_keeper *keeper = data;

	keeper->ticket = 0;
	if (err && err->code == -ENOENT)
		mcp_keeper_look_later(keeper); /* it was changed meanwhile */
	else
		mcp_keeper_want_login(keeper,
				      "it wants more rights than it was given at the login");
}

static void note_scope(struct mcp_keeper *keeper)
{
	json_t *grant = mcp_keeper_grant(keeper);
	char scope[OAUTH_SCOPE_BYTES];
	struct error err = { 0 };

	text_copy(scope, sizeof(scope), json_get_text(grant, "scope", ""));
	oauth_scope_add(scope, keeper->more);
	json_put(grant, "scope", json_string(scope));
	if (mcp_keeper_swap(keeper, handle_noted, &err) < 0)
		mcp_keeper_fail(keeper, &err);
}

/* A token that there is, and that may still be good. */
static const char *token_of(const struct mcp_keeper *keeper)
{
	const json_t *grant = mcp_keeper_grant(keeper);
	const char *token = json_get_text(grant, "access_token", NULL);
	int64_t end_s = json_get_int(grant, "expires_at", INT64_MAX);

	if (!token || end_s <= mcp_keeper_now_s() + EARLY_S)
		return NULL;
	return keeper->refused && strcmp(token, keeper->refused) == 0 ? NULL : token;
}

static void decide(struct mcp_keeper *keeper)
{
	const json_t *grant = mcp_keeper_grant(keeper);
	const char *token = json_get_text(grant, "access_token", "");

	if (keeper->lacking && strcmp(token, keeper->lacking) == 0)
		note_scope(keeper);
	else if (token_of(keeper))
		mcp_keeper_give(keeper, token_of(keeper));
	else if (!json_object_get(grant, "refresh_token"))
		mcp_keeper_want_login(keeper, "somebody has to log in there");
	else if (mcp_keeper_is_leased(keeper))
		mcp_keeper_look_later(keeper);
	else
		mcp_keeper_refresh(keeper);
}

static void handle_no_row(struct mcp_keeper *keeper, const struct error *err)
{
	struct error why = { 0 };

	if (err->code != -ENOENT) {
		if (keeper->outcome)
			mcp_keeper_keep_fails(keeper, err);
		else
			mcp_keeper_fail(keeper, err);
		return;
	}
	mcp_keeper_forget_outcome(keeper);
	error_set(&why, -ENOENT, "it was moved or removed meanwhile");
	mcp_keeper_fail(keeper, &why);
}

static void handle_row(const struct store_result *result, const struct error *err, void *data)
{
	struct mcp_keeper *keeper = data;
	struct error why = { 0 };

	keeper->ticket = 0;
	if (err) {
		handle_no_row(keeper, err);
		return;
	}
	oauth_forget(keeper->secret);
	free(keeper->sealed);
	keeper->sealed = copy(store_text_at(&result->steps[0], 0, 0));
	keeper->secret =
		mcp_secret_open(keeper->servers, keeper->org, keeper->id, keeper->sealed, &why);
	if (!keeper->secret) {
		mcp_keeper_forget_outcome(keeper);
		mcp_keeper_fail(keeper, &why);
	} else if (keeper->outcome) {
		mcp_keeper_keep_again(keeper);
	} else {
		decide(keeper);
	}
}

static void look(struct mcp_keeper *keeper)
{
	const struct store_value params[] = { store_text(keeper->org), store_text(keeper->id),
					      store_text(keeper->url) };
	const struct store_step step = { look_sql, params, ARRAY_LEN(params), STORE_SOME };
	struct error why = { 0 };

	if (!keeper->outcome && keeper->n_looks++ == MAX_LOOKS) {
		error_set(&why, -ETIMEDOUT, "its token is not refreshed in time");
		mcp_keeper_fail(keeper, &why);
		return;
	}
	keeper->ticket = store_submit(
		keeper->servers->config.store,
		&(struct store_batch) { .org = keeper->org, .steps = &step, .n_steps = 1 },
		handle_row, keeper);
}

static void handle_soon(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct mcp_keeper *keeper = data;
	const struct error why = keeper->why;

	if (!why.code) {
		look(keeper);
		return;
	}
	keeper->why.code = 0;
	mcp_client_give_token(keeper->client, NULL, &why);
}

/* --- what the client asks ---------------------------------------------------------------- */

void mcp_keeper_want(const struct oauth_challenge *challenge, void *data)
{
	struct mcp_keeper *keeper = data;
	const char *token = json_get_text(mcp_keeper_grant(keeper), "access_token", NULL);
	bool lacks = challenge && strcmp(challenge->error, "insufficient_scope") == 0;

	keeper->n_looks = 0;
	mcp_keeper_forget_text(&keeper->lacking);
	if (lacks && token) { /* if it still is the one that is stored */
		keeper->lacking = copy(token);
		text_copy(keeper->more, sizeof(keeper->more), challenge->scope);
		wait_for(keeper, 0);
		return;
	}
	if (challenge && token) {
		mcp_keeper_forget_text(&keeper->refused);
		keeper->refused = copy(token);
	}
	if (token_of(keeper))
		mcp_keeper_give(keeper, token_of(keeper));
	else if (!challenge && !mcp_keeper_grant(keeper))
		mcp_keeper_give(keeper, NULL); /* maybe it wants none */
	else
		wait_for(keeper, 0);
}

struct mcp_keeper *mcp_keeper_new(struct mcp_servers *servers, const char *org,
				  const struct mcp_server *server, json_t *secret)
{
	struct mcp_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		abort();
	*keeper = (struct mcp_keeper) {
		.next = servers->keepers,
		.link = &servers->keepers,
		.servers = servers,
		.org = copy(org),
		.url = copy(server->url),
		.secret = secret,
		.sealed = copy(server->sealed),
		.soon = event_new(servers->config.base, -1, 0, handle_soon, keeper),
	};
	text_copy(keeper->id, sizeof(keeper->id), server->id);
	text_copy(keeper->name, sizeof(keeper->name), server->name);
	if (!keeper->soon)
		abort();
	if (keeper->next)
		keeper->next->link = &keeper->next;
	servers->keepers = keeper;
	return keeper;
}

void mcp_keeper_serve(struct mcp_keeper *keeper, struct mcp_client *client)
{
	keeper->client = client;
}
