/*
 * Attachments of a request: files that lie where a payload says. Each gets a token of 128 random
 * bits, good for one download through GET /proxy/files/{token} by its org, until
 * ATTACHMENT_TTL_NS have passed. They are fetched by the courier alone: https, public addresses or
 * those of the configured networks, no redirects, no more bytes than were announced; and where
 * the org has attachment_hosts, from those alone.
 *
 * They are in the store, so that a restart and any other server on it serve them: the token as its
 * hash; where the file lies, and the authorization that the payload brought along, sealed.
 */
#pragma once

#include "base/json.h"
#include "identity/token.h"
#include "server/hub/hub.h"
#include "server/store/store.h"

#define ATTACHMENT_MAX_BYTES (1024 * MIB)
#define ATTACHMENT_TOTAL_NS (300 * NS_PER_SEC) /* of a download */
#define ATTACHMENT_TTL_NS (900 * NS_PER_SEC)
#define ATTACHMENTS_MAX 1024 /* tokens of an org; beyond, the oldest is forgotten */
#define ATTACHMENTS_MAX_PER_REQUEST 10

struct attachments;
struct courier;
struct vault;

/* Borrowed. */
struct attachments_config {
	struct store *store;
	struct vault *vault;
	struct courier *courier;
	const char *networks; /* private ones that are allowed, or NULL */
	const char *ca_pem;   /* what to trust in place of the system's CAs, or NULL */
};

struct attachments *attachments_new(const struct attachments_config *config);
/* Breaks off what is under way, so before the courier and the connections go. */
void attachments_free(struct attachments *attachments);

#define OFFER_STEPS (ATTACHMENTS_MAX_PER_REQUEST + 2)
#define OFFER_PARAMS 7

/*
 * What a client is told of the files of his request: [{filename, size, media_type, token,
 * proxy_url, expires_at}], and the steps that make it true. 'list' is that of the request:
 * [{filename, download_url, size?, media_type?, auth_header?}], of which the first
 * ATTACHMENTS_MAX_PER_REQUEST count; it lives as long. Without any there are no steps.
 */
struct attachment_offer {
	json_t *told;
	struct store_step steps[OFFER_STEPS];
	unsigned n_steps;

	/* private */
	struct store_value values[OFFER_STEPS][OFFER_PARAMS];
	char hashes[ATTACHMENTS_MAX_PER_REQUEST][TOKEN_HASH_BYTES];
	char *sealed[ATTACHMENTS_MAX_PER_REQUEST];
};
void attachment_offer_init(struct attachment_offer *offer, const struct attachments *attachments,
			   const char *org, const json_t *list);
void attachment_offer_finish(struct attachment_offer *offer);

/* How many tokens of all orgs could be used at $1. */
extern const char attachments_open_sql[];

struct attachment {
	char hash[TOKEN_HASH_BYTES];
	char *filename, *url, *authorization; /* the last may be NULL */
	char *hosts;                          /* that its org allows; "": any */
	uint64_t size;                        /* announced, or 0 */
};
void attachment_finish(struct attachment *attachment);

/* Takes one that the org may fetch now, and nobody else until ATTACHMENT_TOTAL_NS have passed. */
#define TAKE_PARAMS 4
struct attachment_take {
	char hash[TOKEN_HASH_BYTES];
	struct store_value params[TAKE_PARAMS];
};
struct store_step attachment_take_step(struct attachment_take *take, const char *org,
				       const char *token);
/* -ENOENT: there is none for this org, or it is taken; -EBADMSG: it cannot be unsealed here. */
int attachment_read(const struct attachments *attachments, const struct attachment_take *take,
		    const struct store_rows *rows, struct attachment *attachment_out,
		    struct error *err) MUST_CHECK;

/* It was fetched whole, or may be tried again. */
enum attachment_end {
	ATTACHMENT_FETCHED,
	ATTACHMENT_PUT_BACK,
};
void attachments_end(const struct attachments *attachments, const char *org, const char *hash,
		     enum attachment_end end);

/* Removes those that have expired: a step for a batch of all orgs. */
struct store_step attachments_upkeep_step(struct store_value params_out[1]);

const struct attachments_config *attachments_config(const struct attachments *attachments);

/* Something that is under way with one, such as a download; embedded in its owner. */
struct attachment_use {
	struct attachment_use *next;
	void (*break_off)(struct attachment_use *use); /* calls attachments_end_use() */
};

void attachments_begin_use(struct attachments *attachments, struct attachment_use *use);
void attachments_end_use(struct attachments *attachments, struct attachment_use *use);
