/*
 * The way to a login: what to ask next, given what is known. No network here, so that each turn of
 * it can be tried alone; oauth.h's errands do what this says.
 */
#pragma once

#include "mcp_client/oauth/oauth.h"

/* For CLEANUP(oauth_plan). Texts are borrowed but for what the plan finds out. */
struct oauth_plan {
	const struct oauth_self *self;
	const char *server_url;
	const struct oauth_challenge *challenge; /* or NULL */
	const json_t *old;                       /* the grant that there was; or NULL */
	enum courier_schemes schemes;
	int64_t now_s; /* Unix time */

	/* private */
	json_t *resource, *issuer, *client;
	unsigned n_tried; /* places of what is looked for now */
	char scope[OAUTH_SCOPE_BYTES];
};

enum oauth_turn {
	OAUTH_GET,
	OAUTH_REGISTER, /* a POST of JSON */
	OAUTH_LOG_IN,   /* that is all */
	OAUTH_GIVE_UP,
};

struct oauth_next {
	enum oauth_turn turn;
	char url[OAUTH_URL_BYTES];
	json_t *body;  /* to be posted; a new reference */
	json_t *login; /* of OAUTH_LOG_IN: a new reference */
};

/* OAUTH_GIVE_UP with 'err'. */
void oauth_plan_next(struct oauth_plan *plan, struct oauth_next *next_out, struct error *err);

/*
 * What was answered: 'document' is NULL where that is no JSON. A document that is not there is
 * looked for elsewhere; one that may not be used ends it: negative, with 'err'.
 */
int oauth_plan_take(struct oauth_plan *plan, unsigned status, const json_t *document,
		    struct error *err) MUST_CHECK;

void oauth_plan_cleanup(struct oauth_plan *plan);
