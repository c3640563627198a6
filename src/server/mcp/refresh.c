/* A keeper shows the refresh token, alone of all, and does not lose what comes of that. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/mcp/keeper_internal.h"

#define STEP_S ((int64_t)(OAUTH_STEP_NS / NS_PER_SEC))
#define LEASE_S 40
#define LEAST_S (STEP_S + 10) /* of it, for showing the token and storing what comes */
#define SKEW_S 180            /* by which another server's clock may go before ours */
#define KEEP_MS 250
#define MAX_KEEPS 20

static const char lease[] = "refreshing_until";

bool mcp_keeper_is_leased(const struct mcp_keeper *keeper)
{
	int64_t left_s = json_get_int(keeper->secret, lease, 0) - mcp_keeper_now_s();

	return left_s > 0 && left_s <= LEASE_S + SKEW_S;
}

void mcp_keeper_forget_outcome(struct mcp_keeper *keeper)
{
	oauth_forget(TAKE(keeper->outcome));
	mcp_keeper_forget_text(&keeper->shown);
	keeper->n_keeps = 0;
}

/* Whatever is stored now, the client is told what came of it. */
static void tell(struct mcp_keeper *keeper)
{
	const char *token = json_get_text(mcp_keeper_grant(keeper), "access_token", NULL);
	const struct error why = keeper->why;

	mcp_keeper_forget_outcome(keeper);
	if (why.code)
		mcp_keeper_fail(keeper, &why);
	else if (token)
		mcp_keeper_give(keeper, token); /* good also where it could not be stored */
	else
		mcp_keeper_want_login(keeper, "its login is over");
}

static void lose(struct mcp_keeper *keeper, const struct error *err)
{
	if (keeper->outcome)
		log_warn("the login for the MCP server '%s' is not stored: %s", keeper->name,
			 err->text);
	tell(keeper);
}

void mcp_keeper_keep_fails(struct mcp_keeper *keeper, const struct error *err)
{
	const struct timeval wait = { .tv_usec = (suseconds_t)KEEP_MS * 1000 };

	if (!keeper->outcome || keeper->n_keeps++ == MAX_KEEPS)
		lose(keeper, err);
	else if (event_add(keeper->soon, &wait) < 0)
		abort();
}

static void handle_kept(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct mcp_keeper *keeper = data;

	keeper->ticket = 0;
	if (err)
		mcp_keeper_keep_fails(keeper, err);
	else
		tell(keeper);
}

/* What others have put into the secret stays, as the scope that the next login asks for does. */
static void keep(struct mcp_keeper *keeper)
{
	json_t *scope = json_object_get(mcp_keeper_grant(keeper), "scope");
	json_t *grant = keeper->outcome ? json_deep_copy(keeper->outcome) : NULL;
	struct error err = { 0 };

	if (grant && scope)
		json_put(grant, "scope", json_incref(scope));
	if (grant)
		json_put(keeper->secret, "grant", grant);
	(void)json_object_del(keeper->secret, lease);
	if (mcp_keeper_swap(keeper, handle_kept, &err) < 0)
		lose(keeper, &err);
}

/* Unless somebody has logged in meanwhile: that counts. */
void mcp_keeper_keep_again(struct mcp_keeper *keeper)
{
	const char *refresh = json_get_text(mcp_keeper_grant(keeper), "refresh_token", NULL);

	if (refresh && strcmp(refresh, keeper->shown) == 0) {
		keep(keeper);
		return;
	}
	mcp_keeper_forget_outcome(keeper);
	mcp_keeper_look_later(keeper);
}

/* The grant without what the issuer takes no more. */
static json_t *grant_without(const struct mcp_keeper *keeper, int refusal)
{
	json_t *grant = json_deep_copy(mcp_keeper_grant(keeper));

	(void)json_object_del(grant, "access_token");
	(void)json_object_del(grant, "refresh_token");
	if (refusal == -EKEYREVOKED)
		(void)json_object_del(grant, "client");
	return grant;
}

static void handle_refreshed(json_t *grant, const struct error *err, void *data)
{
	struct mcp_keeper *keeper = data;

	keeper->errand = NULL;
	if (grant)
		keeper->outcome = grant;
	else if (err->code == -EACCES || err->code == -EKEYREVOKED)
		keeper->outcome = grant_without(keeper, err->code);
	else
		keeper->why = *err; /* another time, and the others need not wait for it */
	keep(keeper);
}

static void handle_leased(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	struct mcp_keeper *keeper = data;
	const struct mcp_servers_config *config = &keeper->servers->config;
	const json_t *grant = mcp_keeper_grant(keeper);
	int64_t left_s = json_get_int(keeper->secret, lease, 0) - mcp_keeper_now_s();

	keeper->ticket = 0;
	if (err || left_s < LEAST_S) { /* who is so slow may not be alone any more in the end */
		mcp_keeper_look_later(keeper);
		return;
	}
	keeper->shown = strdup(json_get_text(grant, "refresh_token", ""));
	if (!keeper->shown)
		abort();
	keeper->errand = oauth_refresh(
		&(struct oauth_reach) {
			.base = config->base,
			.courier = config->courier,
			.ca_pem = config->ca_pem,
			.networks = config->networks,
			.issuer = json_get_text(keeper->secret, "issuer", NULL),
		},
		grant, handle_refreshed, keeper);
}

void mcp_keeper_refresh(struct mcp_keeper *keeper)
{
	struct error err = { 0 };

	keeper->is_busy = true;
	json_put(keeper->secret, lease, json_integer(mcp_keeper_now_s() + LEASE_S));
	if (mcp_keeper_swap(keeper, handle_leased, &err) < 0)
		mcp_keeper_fail(keeper, &err);
}
