/*
 * Connecting out to a WebSocket: name, address, proxy, TLS, upgrade; asynchronous,
 * under one deadline.
 *
 * Names are resolved by a child process, constable-resolver, so that no name
 * service library is loaded here and none can block the loop. Addresses are tried
 * in the order it gives, the next after a failure or a quarter of a second. An
 * http:// proxy is asked to CONNECT unless no_proxy names the host. The process must
 * ignore SIGPIPE.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "net/http.h"
#include "net/websocket.h"

#define DIAL_MAX_ADDRESSES 16
#define DIAL_MAX_HEADERS 16

struct dial;

struct dial_outcome {
	struct websocket *ws;   /* NULL: it failed, see 'err' */
	unsigned http_status;   /* the server's, where it answered no; 0 before that */
	unsigned retry_after_s; /* what that answer asked for, or 0 */
	/*
	 * -ENOENT no such name, -ECONNREFUSED -EHOSTUNREACH ..., -ETIMEDOUT,
	 * -EKEYREJECTED its certificate is not trusted or has another name, -EPROTO
	 * TLS or HTTP broken, -EACCES the server's 401 or 403 or its refusal of our
	 * certificate, -EPERM the proxy's 401, 403 or 407, -EREMOTEIO any other status.
	 */
	struct error err;
};

struct dial_config {
	const char *url;      /* ws:// or wss://, without user */
	SSL_CTX *tls;         /* for wss; see tls_client_new(); a reference is taken */
	const char *proxy;    /* "http://[user:password@]host:port", or NULL */
	const char *no_proxy; /* "host,.domain,10.0.0.0/8,*", or NULL */
	const char *resolver; /* path of the executable constable-resolver */
	struct http_field
		headers[DIAL_MAX_HEADERS]; /* for the upgrade; the first without a name ends them */
	uint64_t deadline_ns;              /* for all of it; 0: 30 s */
	struct websocket_config websocket;

	/* Exactly once unless cancelled, never before dial_start() returns; the dial is no more. */
	void (*handle_done)(struct dial *dial, struct dial_outcome *outcome, void *data);
	void *data;
};

/* The configuration is copied. NULL with 'err' (-EINVAL) for a bad URL, proxy or header. */
struct dial *dial_start(struct event_base *base, const struct dial_config *config,
			struct error *err);
/* No callback comes. */
void dial_cancel(struct dial *dial);

/*
 * Whether the list exempts the host: exact names, ".domain" and "domain" for all
 * below it, addresses, CIDR networks, "*".
 */
bool dial_is_exempt(const char *no_proxy, const char *host);
