/* Who calls: a user of this host, or through the agent somebody else. */
#pragma once

#include <sys/types.h>

#include "base/base.h"

#define CALLER_CLIENT_BYTES 160

/* From the peer credentials of the socket, never from its bytes. */
struct caller {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char who[64];        /* for people: "uid 0 (root)" */
	char on_behalf[128]; /* whom the link speaks for, "org/person"; "" for nobody */
	/* For whom the agent speaks else, as the rules of policy.h name a client: "key grafana"; ""
	 * for nobody. */
	char client[CALLER_CLIENT_BYTES];
	char application[CALLER_CLIENT_BYTES]; /* "oauth-client ID" of the same, or "" */
};

/* Whether it is a client as the rules have it: "key grafana", "token". */
bool caller_is_client(const char *text);
/* One of the two that have no name: "token", and "registry", who wants signed programs (agent). */
bool caller_is_nameless_client(const char *word, size_t len);
/* Whether a word is a kind of client that a name follows: "key". */
bool caller_is_client_kind(const char *word, size_t len);

/* For people: the client if there is one, else the user. */
const char *caller_name(const struct caller *caller);
