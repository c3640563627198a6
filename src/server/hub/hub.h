/*
 * The hub: the server's end of all links, and where calls wait for their agents.
 *
 * A link is one WebSocket of one agent, taken over from a request that the caller
 * has authenticated. It speaks JSON-RPC 2.0 and is MCP: the server calls tools/list
 * and tools/call, the agent says hello, heartbeat, event, certificate/renew. An
 * agent has one link: a newer one takes the place of the older.
 *
 * What must outlive a process is in the store before anybody is told: queue.h has
 * the calls, events.h what happened. In memory is who is connected, and of each
 * link at most HUB_MAX_IN_FLIGHT calls. Who may do what is the caller's question;
 * that orgs stay apart is the hub's: all names are looked up within their org.
 */
#pragma once

#include <event2/event.h>

#include "base/json.h"
#include "server/store/store.h"

#define HUB_MESSAGE_MAX_BYTES (8 * MIB)
#define HUB_MAX_IN_FLIGHT 16             /* calls that an agent has been given */
#define HUB_HEARTBEAT_S 30               /* agents are told so */
#define HUB_STALE_NS (75 * NS_PER_SEC)   /* silent for longer: stale */
#define HUB_SILENCE_NS (90 * NS_PER_SEC) /* and then the link is cut */
#define HUB_HELLO_NS (10 * NS_PER_SEC)   /* for the first message of a link */
#define HUB_TOOLS_NS (10 * NS_PER_SEC)   /* for the answer to tools/list */
#define HUB_MAX_REVOKED 256
#define HUB_ID_BYTES 65 /* of an org, agent or call id, with its NUL */

struct http_request;
struct hub;

/* What an agent asks that somebody else answers: once, now or later, hub_answer() or hub_refuse().
 */
struct hub_question {
	const char *org, *agent; /* NULL before hub_admit() */
	const char *address;     /* of the peer */
	const json_t *params;    /* the agent's, unchecked; never NULL, an object */
};

struct hub_config {
	struct event_base *base;
	struct store *store;
	/*
	 * Who we are to other servers on the same database: told in agents.server. Copied;
	 * below HUB_ID_BYTES. NULL: there can be none.
	 */
	const char *server;
	unsigned metrics_s; /* how often agents send metrics; 0: not at all */

	/* certificate/renew {csr}: answer {certificate, ca_certificate}. */
	void (*handle_renewal)(struct hub_question *question, void *data);
	/*
	 * The first message of a link that came without a certificate: {api_key, customer_id,
	 * hostname, ...}, of our own hello or in the documented shape {type: "hello", ...}.
	 * Answer with hub_admit() or hub_refuse(). NULL: there are no such links.
	 */
	void (*handle_login)(struct hub_question *question, void *data);
	/* certificate/enrol {csr} of such a link: answer {agent_id, certificate, ca_certificate}.
	 */
	void (*handle_enrolment)(struct hub_question *question, void *data);
	/* The sealed anchor of an audit head (identity/anchor.h), a new reference, or NULL. */
	json_t *(*sign_anchor)(const char *org, const char *agent, uint64_t seq, const char *head,
			       void *data);
	void *data;
};

/* Copied. Never NULL; it may be used at once, also while the store still starts. */
struct hub *hub_new(const struct hub_config *config);
/* Cuts every link; what was queued stays queued. No callback comes afterwards. */
void hub_free(struct hub *hub);
/*
 * Takes no further calls (-ESHUTDOWN), closes the links with 1001 and waits until all that
 * agents have sent is in the store. 'done' comes once, never before this returns.
 */
void hub_shutdown(struct hub *hub, void (*done)(struct hub *hub, void *data), void *data);

/*
 * Takes over an authenticated upgrade request; it is answered in every case. The agent is
 * looked up in the store: one that is not there or is revoked is closed with 1008.
 */
void hub_accept(struct hub *hub, struct http_request *request, const char *org, const char *agent);
/* The same for /agent/ws: the first message says who it is, see handle_login. */
void hub_accept_stranger(struct hub *hub, struct http_request *request);

/* Each ends the question. 'result' is taken over; -EACCES also closes the link with 1008. */
void hub_answer(struct hub_question *question, json_t *result);
void hub_refuse(struct hub_question *question, int code, const char *sentence);
void hub_admit(struct hub_question *question, const char *org, const char *agent);

enum hub_presence {
	HUB_DISCONNECTED, /* also what was never seen */
	HUB_CONNECTED,
	HUB_STALE,
	HUB_REVOKED,
};

struct hub_state {
	enum hub_presence presence;
	uint64_t last_seen_ns; /* wall clock; 0: not since this hub started (see the store) */
	unsigned n_in_flight;
};

/*
 * As of now, from memory; where another server holds the link, as last heard of it (within a
 * second, or ten where no notices come), and with nothing in flight.
 */
struct hub_state hub_get_state(const struct hub *hub, const char *org, const char *agent);
/* "connected" ...: as the API and the column agents.state say it. */
const char *hub_presence_name(enum hub_presence presence);

/*
 * Cuts the agent's link at once (1008) and lets none in any more; then ends its calls
 * in the store: those that cannot have started as cancelled, others as interrupted. Sets
 * agents.state and agents.revoked. 'done' as store_done: -ENOENT where there is none.
 */
void hub_revoke(struct hub *hub, const char *org, const char *agent, store_done *done, void *data);

/*
 * The org's list of approvers, sealed by its root key (identity/approvers.h): kept, and given
 * to each of its agents now and at its hello; their wardens check it. Takes the reference.
 */
void hub_set_approvers(struct hub *hub, const char *org, json_t *sealed);
/* The same with a sealed revocation of a grant (identity/grant.h); the newest HUB_MAX_REVOKED. */
void hub_add_revocation(struct hub *hub, const char *org, json_t *sealed);

/*
 * The tools of a connected agent, as tools/list has them ({"tools": [...]}); kept per org
 * and version of the agent. 'done' comes once, maybe before this returns; exactly one of
 * 'tools' (borrowed) and 'err' is not NULL: -ENOTCONN, -ETIMEDOUT, -EREMOTEIO.
 */
typedef void hub_tools_done(const json_t *tools, const struct error *err, void *data);
void hub_list_tools(struct hub *hub, const char *org, const char *agent, hub_tools_done *done,
		    void *data);

/* Since the start, but for the first three. */
struct hub_counters {
	uint64_t links, in_flight, subscribers;
	uint64_t links_accepted, links_refused, links_replaced, links_stale;
	uint64_t messages_in, messages_out, messages_bad;
	uint64_t calls_submitted, calls_sent, calls_resent;
	uint64_t outcomes, outcomes_again, outcomes_late;
	uint64_t calls_expired, calls_cancelled, store_failures;
	uint64_t heartbeats, events, metrics;
	uint64_t hints, progress_dropped;
};

const struct hub_counters *hub_counters(const struct hub *hub);
