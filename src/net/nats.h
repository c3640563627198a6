/*
 * One connection to a NATS server, asynchronous: core NATS over TCP or TLS.
 *
 * The server speaks first and in the clear; with 'tls' the connection is raised to TLS before
 * anything of ours is said, whatever the server asks for, and without it a server that wants TLS
 * is refused. What cannot be sent is the caller's to keep. The process must ignore SIGPIPE.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "net/nats_parser.h"
#include "net/url.h"

#define NATS_QUEUED_MAX_BYTES (256 * KIB)
#define NATS_MAX_SUBJECTS 4

struct nats;

struct nats_config {
	const char *host;
	uint16_t port;
	SSL_CTX *tls;                            /* see tls_client_new(); NULL: in the clear */
	const char *resolver;                    /* path of the executable constable-resolver */
	const char *user, *password, *token;     /* NULL: none; copied */
	const char *name, *version;              /* of this client */
	const char *subjects[NATS_MAX_SUBJECTS]; /* to listen to; the first NULL ends them */

	void (*handle_up)(struct nats *nats, void *data);
	void (*handle_message)(struct str subject, struct str payload, void *data);
	/* Less waits to be sent than a moment ago. */
	void (*handle_drained)(struct nats *nats, void *data);
	/* It is no more: never came up (-EACCES where it refuses us), or has ended. Once. */
	void (*handle_down)(struct nats *nats, const struct error *err, void *data);
	void *data;
};

/* No callback comes before this returns. NULL with 'err'. */
struct nats *nats_connect(struct event_base *base, const struct nats_config *config,
			  struct error *err);
/* No callback comes any more; not from within one. NULL is fine. */
void nats_close(struct nats *nats);

/* 'subject' is one (nats_is_subject()). -ENOTCONN before it is up, -ENOBUFS while so much waits,
 * -E2BIG for more than the server takes. */
int nats_publish(struct nats *nats, const char *subject, const void *payload, size_t len);

/* "nats://[user:password@|token@]host[:port]" or "tls://...": as a URL of http or https, with the
 * port that NATS has. -EINVAL. */
int nats_parse_url(const char *text, struct url *url_out, struct error *err) MUST_CHECK;

/* The line that a client begins with; heap text, with credentials. */
char *nats_format_connect(const struct nats_config *config);
