/* The parts of the link: its connections (link.c), what is said on them, renewal. */
#pragma once

#include "agent/agent.h"
#include "net/jsonrpc.h"
#include "net/websocket.h"

/* greeting.c: hello on a fresh connection, and its answer. */
void greeting_start(struct link *link);
void greeting_take(struct link *link, const struct jsonrpc_message *message);

/* method.c: what the server asks. */
void method_take(struct link *link, const struct jsonrpc_message *message);

/* renewal.c */
void renewal_start(struct link *link);
void renewal_take(struct link *link, const struct jsonrpc_message *message);

/* link.c */
void link_fail_fresh(struct link *link, enum backoff_reason reason, const char *why);
/* The fresh connection takes the place of the one before. */
void link_promote(struct link *link);
