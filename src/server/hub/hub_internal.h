/*
 * Inside the hub: the hub itself, and what is known of an agent (entry).
 *
 * Owners: the hub owns entries and ops, an entry its links and flights.
 */
#pragma once

#include <sys/queue.h>

#include "server/hub/events.h"
#include "server/hub/queue.h"

#define HUB_BUCKETS 4096
#define HUB_WAIT_BUCKETS 256
#define HUB_CACHED_TOOLS 64

struct question;
struct hub_flight;
struct hub_link;
struct hub_op;
struct hub_tools_elsewhere;

/* A place in the ring of links, in the order in which they were heard. */
struct heard {
	struct heard *next, *prev;
};

/*
 * turns.c: a link's look-up, its hello and its presence wait here while the store has many
 * batches of ours: ten thousand that come back at once are slower, but none is refused, and calls
 * find room. Embedded in what waits. 'take' is called once, perhaps before turn_take() returns.
 */
#define HUB_MAX_OPS_OF_LINKS 1024

struct hub_turn {
	TAILQ_ENTRY(hub_turn) next;
	struct hub *hub; /* NULL: it does not wait */
	void (*take)(struct hub_turn *turn);
};

void turn_take(struct hub *hub, struct hub_turn *turn, void (*take)(struct hub_turn *turn));
void turn_forget(struct hub_turn *turn);
void turns_go_on(struct hub *hub);

struct hub_tools_wait {
	struct hub_tools_wait *next;
	hub_tools_done *done;
	void *data;
};

struct hub_tools {
	char org[HUB_ID_BYTES], version[64];
	json_t *tools;
};

struct hub_entry {
	struct hub_entry *next;
	struct hub_link *links;
	struct hub_flight *flights;
	unsigned n_flights;
	bool is_revoked;
	uint64_t last_seen_ns, saved_seen_ns, pruned_metrics_ns; /* wall clock */
	uint64_t anchor_seq;                                     /* the last one that was signed */
	char anchor_head[HUB_ID_BYTES];
	struct hub_tools_wait *tools_waits;
	struct hub *hub;
	struct hub_turn turn; /* of its presence */
	const char *presence; /* to be stored then; constant */
	int64_t fence;        /* of our claim (relay_internal.h); 0: we have none */
	enum hub_presence elsewhere;
	char org[HUB_ID_BYTES], agent[HUB_ID_BYTES];
};

struct question;

struct hub_approvers {
	struct hub_approvers *next;
	char org[HUB_ID_BYTES];
	json_t *members; /* {"approvers": sealed?, "revoked": [sealed...]?} */
};

struct hub {
	struct hub_config config;
	struct hub_entry *entries[HUB_BUCKETS];
	struct hub_link *strangers;
	struct heard heard;        /* longest silent first */
	char server[HUB_ID_BYTES]; /* "": there can be no others */
	struct event *stale_timer, *expiry_timer, *retry_timer, *end_timer, *acks_timer,
		*look_timer;
	uint64_t lease_until_ns; /* monotonic */
	unsigned n_looks, n_progress;
	struct hub_tools_elsewhere *tools_elsewhere;
	LIST_HEAD(, hub_link) acks; /* links with acknowledgements to send */
	struct hub_op *ops;
	unsigned n_ops;
	TAILQ_HEAD(, hub_turn) turns;
	struct hub_wait *waits[HUB_WAIT_BUCKETS];
	struct hub_subscription *subscriptions;
	struct hub_approvers *approvers;
	struct hub_tools tools[HUB_CACHED_TOOLS];
	unsigned next_tools;
	uint64_t next_link, next_wait, next_request;
	int64_t last_cursor, swept_deadline;
	uint64_t expiry_wall_ns;
	unsigned is_ending : 1, is_sweeping : 1, has_company : 1, is_doubted : 1, is_looking : 1,
		looks_again : 1, is_told_due : 1;
	struct question *questions;
	void (*ended)(struct hub *hub, void *data);
	void *ended_data;
	struct hub_counters counters;
};

/* hub.c */
struct hub_entry *hub_find(const struct hub *hub, const char *org, const char *agent);
struct hub_entry *hub_entry_of(struct hub *hub, const char *org, const char *agent);
struct hub_link *hub_find_link(const struct hub *hub, const char *org, const char *agent,
			       uint64_t number);
struct hub_link *hub_ready_link(const struct hub_entry *entry);
void hub_check_ended(struct hub *hub);

/* In its turn; a later one takes its place. */
void hub_set_presence(struct hub *hub, struct hub_entry *entry, const char *state);

/* expiry.c */
void expiry_note(struct hub *hub, uint64_t deadline_wall_ns);
void expiry_handle_timer(evutil_socket_t fd, short what, void *hub);

/* wait.c */
void waits_wake(struct hub *hub, const char *org, const char *call, const char *state);
/* It may have changed, somewhere else; any of them may. */
void waits_look_at(struct hub *hub, const char *org, const char *call);
void waits_look(struct hub *hub);
void waits_drop(struct hub *hub);

/* events.c */
void events_tell(struct hub *hub, const char *org, const struct hub_event *event);
/* Others have told something in this org (NULL: in any): it is read. */
void events_look(struct hub *hub, const char *org);
bool events_are_watched(const struct hub *hub, const char *org);
void subscriptions_drop(struct hub *hub);
