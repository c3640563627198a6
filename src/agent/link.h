/*
 * The link to the server: one WebSocket, kept up for as long as the agent runs.
 *
 * A connection counts once the server has answered hello. After a renewal a second one is
 * made with the new certificate, and the old one is closed only when that is up: so a
 * certificate that does not work costs nothing, and no call waits for a reconnect.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "agent/backoff.h"
#include "base/json.h"

#define LINK_MESSAGE_MAX_BYTES (8 * MIB)
#define LINK_QUEUED_MAX_BYTES (6 * MIB)
#define LINK_BUSY_BYTES (256 * KIB) /* beyond, results wait, so that a heartbeat does not */
#define LINK_SMALL_BYTES (16 * KIB) /* up to this they delay nobody, and go */

struct agent;
struct dial;
struct jsonrpc_message;
struct websocket;

enum link_phase {
	LINK_DOWN, /* waits for the next attempt */
	LINK_DIALLING,
	LINK_GREETING,
	LINK_UP, /* whatever a second connection is about to do */
};

struct link {
	struct agent *agent;
	SSL_CTX *tls;
	struct websocket *ws;    /* up */
	struct websocket *fresh; /* connected, but not greeted */
	struct dial *dial;
	struct backoff backoff;
	struct event *retry;
	uint64_t up_since_ns; /* monotonic */
	uint64_t renew_at_ns; /* wall clock */
	json_int_t next_id, hello_id, heartbeat_id, renewal_id;
	uint64_t heartbeat_ns, hello_ns; /* clock_boot_ns() when the last one was sent */
	uint64_t contact_ns;             /* of those the last that was answered, or 0 */
	uint64_t n_connected, n_heartbeats, n_dropped_progress;
	bool is_wanting; /* results wait for room */
	bool is_refused;
	bool is_ending;
	char why[ERROR_TEXT_BYTES]; /* it is not up */
};

int link_init(struct link *link, struct agent *agent, struct error *err) MUST_CHECK;
void link_finish(struct link *link);
void link_start(struct link *link);
/* Says goodbye; the loop may end when link_is_closed(). */
void link_end(struct link *link);
bool link_is_closed(const struct link *link);

enum link_phase link_phase(const struct link *link);

/* Text on the heap, taken over. 0, -ENOTCONN, or -ENOBUFS: it is full. */
int link_send(struct link *link, char *text);
/*
 * A result: -ENOBUFS also while something larger is still on its way out, unless it is small: as
 * every refusal is, which lies in no spool to be sent later.
 */
int link_send_result(struct link *link, char *text);

/* Every 30 s: heartbeat, and renewal when it is time. */
void link_tick(struct link *link);
/* A heartbeat without waiting for its time: somebody waits for the server's answer. */
void link_ask_now(struct link *link);
/* A certificate was renewed: connect with it. */
void link_refresh(struct link *link);
