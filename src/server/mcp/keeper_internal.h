/* What keeper.c and refresh.c share. */
#pragma once

#include "mcp_client/oauth/oauth.h"
#include "server/mcp/keeper.h"
#include "server/mcp/mcp_servers_internal.h"

struct mcp_keeper {
	struct mcp_keeper *next, **link;
	struct mcp_servers *servers;
	struct mcp_client *client; /* NULL: it is gone */
	char *org, *url;
	char id[64], name[MCP_SERVER_NAME_MAX_BYTES + 1];
	json_t *secret;
	char *sealed;  /* as the secret was read */
	char *refused; /* the token that was; or NULL */
	char *lacking; /* the token that has not the rights that 'more' names; or NULL */
	char more[OAUTH_SCOPE_BYTES];
	struct event *soon;
	struct error why; /* to be told soon; without one it looks again */
	uint64_t ticket;
	unsigned n_looks;

	/* refresh.c */
	struct oauth_errand *errand;
	bool is_busy;    /* with what must be ended */
	char *shown;     /* the refresh token that was; or NULL */
	json_t *outcome; /* the grant that came of it, while that is not stored; or NULL */
	unsigned n_keeps;
};

/* What is stored, if it is for this server: borrowed, or NULL. */
json_t *mcp_keeper_grant(const struct mcp_keeper *keeper);

/* How it ends for now; the keeper is free then if its client is gone. */
void mcp_keeper_give(struct mcp_keeper *keeper, const char *token);
void mcp_keeper_fail(struct mcp_keeper *keeper, const struct error *why);
void mcp_keeper_want_login(struct mcp_keeper *keeper, const char *reason);
/* It waits, and looks what is stored then. */
void mcp_keeper_look_later(struct mcp_keeper *keeper);

/* Stores the secret in the place of what was read. Negative: it cannot be, and 'done' not come. */
int mcp_keeper_swap(struct mcp_keeper *keeper, store_done *done, struct error *err) MUST_CHECK;

/* NULL is nothing. */
void mcp_keeper_forget_text(char **text);
int64_t mcp_keeper_now_s(void);

/*
 * refresh.c: whether another one may be at it; what shows the refresh token, if nobody else does;
 * what comes of that is put into what was read again.
 */
bool mcp_keeper_is_leased(const struct mcp_keeper *keeper);
void mcp_keeper_refresh(struct mcp_keeper *keeper);
void mcp_keeper_keep_again(struct mcp_keeper *keeper);
/* It could not even be read. */
void mcp_keeper_keep_fails(struct mcp_keeper *keeper, const struct error *err);
void mcp_keeper_forget_outcome(struct mcp_keeper *keeper);
