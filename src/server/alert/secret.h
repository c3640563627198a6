/*
 * How an integration's deliveries prove who sent them.
 *
 * Alertmanager and generic senders bring a token, of which the store has the hash. Grafana
 * signs with the same token, or brings it. PagerDuty and Slack sign with a secret that they made
 * themselves; without one nothing of theirs is taken.
 */
#pragma once

#include "identity/token.h"
#include "server/alert/payload.h"

#define SECRET_GIVEN_MIN_BYTES 16
#define SECRET_GIVEN_MAX_BYTES 512

/* A secret as the store keeps it: texts of the life of who holds them, or NULL. */
struct secret_kept {
	const char *hash;
	const char *sealed;
};

/* What a request brings along. Names of fields are lower case. */
struct secret_proof {
	const char *token;     /* of a header, else of the URL; or NULL */
	const char *signature; /* the value of the kind's header, or NULL */
	const char *timestamp; /* unix seconds that are signed as well, or NULL */
	struct str body;
	uint64_t now_ns; /* wall clock */
};

enum secret_verdict {
	SECRET_PROVEN,
	SECRET_SIGNED, /* proven by a signature, which no other delivery has */
	SECRET_WRONG,
	SECRET_MISSING, /* the request brought nothing */
	SECRET_LATE,    /* rightly signed, but not now */
	SECRET_UNSET,   /* the integration has none yet */
};

struct secret_place {
	const struct vault *vault;
	const char *org, *integration;
	enum alert_kind kind;
};

/* 'kept': the current one and the old one while it is good. */
enum secret_verdict secret_judge(const struct secret_place *place, const struct secret_kept kept[2],
				 const struct secret_proof *proof);

/* One sentence for the sender. */
const char *secret_sentence(enum secret_verdict verdict);

/* Whether the other side makes the secret. */
bool secret_is_given(enum alert_kind kind);

/* The names of the fields that a kind signs with; NULL where it does not. */
const char *secret_signature_field(enum alert_kind kind, const json_t *settings);
const char *secret_timestamp_field(enum alert_kind kind, const json_t *settings);

/* A new secret of that kind and how it is kept, as heap text: free() both. */
struct secret_made {
	struct token token; /* "" where it was given */
	char hash[TOKEN_HASH_BYTES];
	char *sealed;
	bool has_hash;
};

/* 'given': what the other side made, or NULL. */
void secret_make(const struct secret_place *place, const char *given, struct secret_made *made_out);
