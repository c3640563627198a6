/*
 * Attachments of a request: files that lie where a payload says. Each gets a token of 128 random
 * bits, good for one download through GET /proxy/files/{token} by its org, until
 * ATTACHMENT_TTL_NS have passed. They are fetched by the courier alone: https, public addresses or
 * those of the configured networks, no redirects, no more bytes than were announced.
 *
 * Tokens are in the memory of the server that gave them, and so are the authorizations that the
 * payload brought along, which nobody sees.
 */
#pragma once

#include "base/json.h"
#include "server/hub/hub.h"

#define ATTACHMENT_MAX_BYTES (1024 * MIB)
#define ATTACHMENT_TOTAL_NS (300 * NS_PER_SEC) /* of a download */
#define ATTACHMENT_TTL_NS (900 * NS_PER_SEC)
#define ATTACHMENT_TOKEN_BYTES 33
#define ATTACHMENTS_MAX 1024 /* tokens; beyond, the oldest is forgotten */

struct attachments;
struct courier;

/* Borrowed. */
struct attachments_config {
	struct courier *courier;
	const char *networks; /* private ones that are allowed, or NULL */
	const char *ca_pem;   /* what to trust in place of the system's CAs, or NULL */
};

struct attachments *attachments_new(const struct attachments_config *config);
/* Breaks off what is under way, so before the courier and the connections go. */
void attachments_free(struct attachments *attachments);

/*
 * 'list' is that of a request: [{filename, download_url, size?, media_type?, auth_header?}]. A new
 * reference: [{filename, size, media_type, token, proxy_url, expires_at}]; NULL where there are
 * none.
 */
json_t *attachments_add(struct attachments *attachments, const char *org, const json_t *list);

struct attachment {
	char token[ATTACHMENT_TOKEN_BYTES], org[HUB_ID_BYTES];
	char *filename, *url, *authorization; /* the last may be NULL */
	uint64_t size;                        /* announced, or 0 */
	uint64_t expires_ns;                  /* on the monotonic clock */
	bool is_taken;
	struct attachment *next;
};

/* One that its org may fetch now, and nobody else meanwhile; or NULL. */
struct attachment *attachments_take(struct attachments *attachments, const char *org,
				    const char *token);
/* By its token, as it may have expired: it was fetched whole, or may be tried again. */
void attachments_drop(struct attachments *attachments, const char *token);
void attachments_put_back(struct attachments *attachments, const char *token);

const struct attachments_config *attachments_config(const struct attachments *attachments);

/* Something that is under way with one, such as a download; embedded in its owner. */
struct attachment_use {
	struct attachment_use *next;
	void (*break_off)(struct attachment_use *use); /* calls attachments_end_use() */
};

void attachments_begin_use(struct attachments *attachments, struct attachment_use *use);
void attachments_end_use(struct attachments *attachments, struct attachment_use *use);
