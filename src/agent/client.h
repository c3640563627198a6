/*
 * Who asks the local API, and by what he was recognised: the token of the agent's own folder, a
 * named key, or the certificate of the connection. The name is what the host's policy calls him.
 *
 * A file of keys has lines "NAME SHA256", the hash of the key in hex; '#' begins a comment. It is
 * read once: a key that is taken out counts until the agent starts again.
 */
#pragma once

#include <openssl/types.h>

#include "call/caller.h"
#include "net/http_server.h"

#define CLIENT_MAX_KEYS 64

/* As in struct caller. */
struct client {
	char name[CALLER_CLIENT_BYTES];        /* "key grafana" */
	char application[CALLER_CLIENT_BYTES]; /* or "" */
	uint64_t until_ns;                     /* monotonic; 0: no end is known */
};

struct client_keys {
	struct client_key *keys;
	size_t n;
};

/* -EINVAL with file and line; -EPERM for a file that others may write. */
int client_keys_load(struct client_keys *keys_out, const char *path, struct error *err) MUST_CHECK;
int client_keys_parse(struct client_keys *keys_out, const char *name, const char *text, size_t len,
		      struct error *err) MUST_CHECK;
void client_keys_finish(struct client_keys *keys);
void client_keys_cleanup(struct client_keys *keys);

/* By a secret: the agent's token, or one of the keys. False: it is nobody's. */
bool client_find_secret(const struct client_keys *keys, const char *token, const char *secret,
			struct client *client_out);
/*
 * By a certificate that the connection has verified: its common name, else the first DNS, URI or
 * mail name of its own. False: what it says is no name.
 */
bool client_find_certificate(X509 *certificate, struct client *client_out);

/* What a request sends along: of X-API-Key, or Authorization: Bearer; or NULL. */
const char *client_secret(const struct http_request *request);
