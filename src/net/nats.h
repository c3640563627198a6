/*
 * One connection to a NATS server, asynchronous: core NATS over TCP or TLS.
 *
 * The server speaks first and in the clear; with 'tls' the connection is raised to TLS before
 * anything of ours is said, whatever the server asks for, and without it a server that wants TLS
 * is refused. What cannot be sent is the caller's to keep, and what was sent until the server
 * answered nats_confirm(). Of other servers of its cluster nothing is taken. The process must
 * ignore SIGPIPE.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "net/nats_credentials.h"
#include "net/nats_parser.h"
#include "net/url.h"

#define NATS_QUEUED_MAX_BYTES (256 * KIB)
#define NATS_MAX_SUBJECTS 4

struct nats;

/* What it points to is borrowed until handle_down() or nats_close(). */
struct nats_config {
	const char *host;
	uint16_t port;
	SSL_CTX *tls;         /* see tls_client_new(); NULL: in the clear */
	bool is_tls_first;    /* TLS comes before INFO ("handshake_first") */
	bool is_local;        /* only loopback addresses are connected to, whatever the name says */
	const char *resolver; /* path of the executable constable-resolver; copied by the child */
	const struct nats_credentials *credentials;
	const char *name, *version;              /* of this client */
	const char *subjects[NATS_MAX_SUBJECTS]; /* to listen to; the first NULL ends them */

	void (*handle_up)(struct nats *nats, void *data);
	/* Of one of the subjects. */
	void (*handle_message)(struct str subject, struct str payload, void *data);
	/* Less waits to be sent than a moment ago. */
	void (*handle_drained)(struct nats *nats, void *data);
	/* The server answered what nats_confirm() found open, or itself asked. */
	void (*handle_confirmed)(struct nats *nats, void *data);
	/* What may not be done: once for each message that was refused, before it is confirmed. */
	void (*handle_refused)(struct nats *nats, enum nats_refused what, struct str why,
			       void *data);
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

/* Asks whether the server has all that was published so far; handle_confirmed() comes then.
 * -EALREADY while it owes an answer: ask again when that is there. -ENOTCONN before it is up. */
int nats_confirm(struct nats *nats) MUST_CHECK;

/* "nats://[user:password@|token@]host[:port]" or "tls://...": as a URL of http or https, with the
 * port that NATS has. -EINVAL. */
int nats_parse_url(const char *text, struct url *url_out, struct error *err) MUST_CHECK;

/* The line that a client begins with; heap text, with credentials. 'nonce' is the server's, or
 * "". NULL with 'err' where a key has nothing to sign. */
char *nats_format_connect(const struct nats_config *config, const char *nonce, struct error *err);
