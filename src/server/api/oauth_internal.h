/* What the two files of oauth.h share: who a token is of, and where the keys come from. */
#pragma once

#include <event2/event_struct.h>

#include "courier/courier.h"
#include "server/api/oauth.h"

#define OAUTH_WORD_BYTES 129

/* Who has that claim has that role. */
struct oauth_rule {
	enum role role;
	char claim[OAUTH_WORD_BYTES], value[OAUTH_WORD_BYTES];
};

struct oauth_waiter;

struct oauth {
	struct event_base *base;
	struct courier *courier;
	char issuer[OAUTH_URL_BYTES], resource[OAUTH_URL_BYTES], keys_at[OAUTH_URL_BYTES];
	char audience[OAUTH_URL_BYTES];
	char metadata_url[OAUTH_URL_BYTES + 64], org_claim[OAUTH_WORD_BYTES];
	char name_claim[OAUTH_WORD_BYTES];
	char scopes[OAUTH_MAX_RULES * OAUTH_WORD_BYTES];
	char *networks, *ca_pem;
	struct oauth_rule rules[OAUTH_MAX_RULES];
	unsigned n_rules;

	/* oauth_keys.c */
	bool is_open;
	struct key_set keys;
	uint64_t asked_ns; /* when last, monotonic; 0: never */
	struct courier_call *call;
	unsigned status; /* of the answer under way */
	struct buf body;
	struct event again, read; /* the next time; and now, of a file */
	struct oauth_waiter *waiters;
	unsigned n_waiters;
};

/* A file is read at once, and must be good; what is at an address is asked for. */
int oauth_keys_open(struct oauth *oauth, struct error *err) MUST_CHECK;
void oauth_keys_close(struct oauth *oauth);
/* Whether newer ones are on their way, or may be asked for now and are. */
bool oauth_keys_want(struct oauth *oauth);
