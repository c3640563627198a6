/* A call that an agent has been given, and what the agent says of it. */
#pragma once

#include "server/hub/link_internal.h"
#include "server/hub/op_internal.h"

enum flight_state {
	FLIGHT_SENT,   /* on this link */
	FLIGHT_THERE,  /* the agent has it, says its hello */
	FLIGHT_ADRIFT, /* given on a link that is gone */
	FLIGHT_SAVING, /* its outcome is on its way to the store */
	FLIGHT_PAUSED, /* the agent was busy: to be given again */
};

struct hub_claim;

struct hub_flight {
	struct hub_flight *next;
	char id[HUB_ID_BYTES];
	enum flight_state state;
	bool is_cancelled; /* its agent was told */
};

struct hub_flight *flight_find(const struct hub_entry *entry, const char *call);
struct hub_flight *flight_new(struct hub_entry *entry, const char *call, enum flight_state state);
/* Takes it out of the list; flight_free() or put it back. */
struct hub_flight *flight_take(struct hub_entry *entry, struct hub_flight **at);
void flight_free(struct hub_flight *flight);
void flight_end(struct hub_entry *entry, const char *call);
void flight_cast_adrift(struct hub_entry *entry, const char *call);
void flights_drop(struct hub_entry *entry);
/* Reads queued calls; the row of one as the params of tools/call, or NULL. */
void calls_fetch(struct hub_op *op, int64_t cursor);
bool call_is_wanted(const struct store_rows *rows, unsigned row, uint64_t now_ns);
json_t *call_params(const struct store_rows *rows, unsigned row, uint64_t now_ns);
/* Gives the agent what waits for it, as far as there is room. */
void link_pump(struct hub_link *link);
/* calls.meta of one with 'must_ask', until its host has said anything of it. */
#define MUST_ASK_META "{\"must_ask\":true}"

/* What is given to its agent as soon as it is stored: with free(). */
struct call_note {
	int64_t cursor;
	uint64_t deadline_ns; /* wall clock */
	bool has_more;        /* than is here */
	const char *tool, *args, *caller;
	char texts[];
};
/* What call_note() kept, just stored: at once where nothing waits before it, else as above. */
void link_pump_new(struct hub_link *link, const struct hub_op *op);
struct call_note *call_note(const struct hub_call *call, int64_t cursor);
/* From the start of the queue again. */
void link_pump_again(struct hub_link *link);
/* Its agent is to end it. */
void flight_cancel(struct hub_link *link, struct hub_flight *flight);
/* Its agent was busy: given again after a second. */
void flight_pause(struct hub *hub, struct hub_flight *flight);
void flight_handle_retry(evutil_socket_t fd, short what, void *hub);

/* response.c: what an agent says of a call. */
enum response_kind {
	RESPONSE_OUTCOME,
	RESPONSE_WAITS, /* for an approval */
	RESPONSE_BUSY,  /* nothing started: later */
};

struct response {
	enum response_kind kind;
	const char *state;       /* constant */
	const char *text;        /* the result, or the sentence; borrowed */
	const json_t *text_json; /* the same; NULL where it is no result of a call */
	const char *sha256;      /* of the result, or NULL; borrowed */
	int code;                /* negative errno where there is no result */
	const json_t *approval;  /* what to sign; borrowed */
	json_t *meta;            /* for calls.meta */
	char *meta_text;         /* the same, canonical */
};

int response_read(const json_t *result, struct response *response_out,
		  struct error *err) MUST_CHECK;
void response_finish(struct response *response);
void response_cleanup(struct response *response);

/* outcome.c */
void outcome_handle(struct hub_link *link, const struct jsonrpc_message *message);
/* An outcome of our own making: the call has none yet, else nothing happens. */
struct hub_ending {
	const char *org, *agent, *call;
	const char *state; /* constant */
	int code;
	const char *error;
	struct hub_link *link; /* whose agent is to forget the call then, or NULL */
	/* What it rests on: who answers for the agent, and the call's state. NULL: nothing. */
	const struct hub_claim *claim;
	const char *was;
};
void outcome_end(struct hub *hub, const struct hub_ending *ending);

/*
 * Whether a queued call may have been started: it was given, or perhaps by one that cannot say
 * ('adrift', as in calls) and nobody asked its agent since. Only who has the claim knows.
 */
bool call_may_have_started(const struct hub_entry *entry, const char *call, int64_t adrift);
