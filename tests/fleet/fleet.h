/*
 * Many agents in one process: what the parts of fleet_agents share.
 *
 * Each has its own key, certificate, TLS context and link, dialled and backed off as the
 * agent does it (net/, identity/, agent/backoff.h). Behind the link is no warden: a call
 * is answered at once, and kept until it is acknowledged.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "agent/backoff.h"
#include "base/json.h"
#include "identity/certificate.h"
#include "net/jsonrpc.h"

#define FLEET_URL_BYTES 512
#define FLEET_CALL_BYTES 65
#define FLEET_GROUP 100 /* agents with the same label "group" */

struct dial;
struct fleet;
struct websocket;

/* A call that this agent was given, for as long as the process lives. */
struct fleet_call {
	char id[FLEET_CALL_BYTES];
	bool is_acknowledged;
	const char *text; /* of a played tool, or NULL */
};

struct member {
	struct fleet *fleet;
	unsigned number;
	char id[CERTIFICATE_ID_BYTES];
	EVP_PKEY *key;
	X509 *certificate;
	SSL_CTX *tls;
	struct dial *dial;
	struct websocket *ws;
	struct backoff backoff;
	struct event *retry, *beat;
	uint64_t up_since_ns, beaten_ns; /* monotonic */
	json_int_t next_id, hello_id, heartbeat_id;
	bool is_up; /* hello was answered */
	struct fleet_call *calls;
	unsigned n_calls;
};

struct fleet_counters {
	uint64_t dials, failures;
	uint64_t heartbeats, answered, lost, slowest_heartbeat_ns;
	uint64_t calls, given_again, started_twice, acknowledged;
};

struct fleet {
	struct event_base *base;
	const char *url, *ca_file; /* https://127.0.0.1:PORT */
	X509_STORE *trusted;
	struct member *members;
	unsigned n_members, n_up;
	unsigned n_next;         /* the first that has not been dialled */
	unsigned heartbeat_ms;   /* 0: as the server says */
	uint64_t waits_since_ns; /* somebody waits for all to be up; 0: nobody */
	struct fleet_counters counters;
	/* Of "play": what tools/list says, and the text of each tool's result; or NULL. */
	json_t *tools, *results;
	unsigned delay_ms; /* before such a result */
};

/* enrol.c: makes keys and asks for certificates, with a token that may be used so often. */
void fleet_enrol(struct fleet *fleet, unsigned n, const char *token);

/* member.c */
void member_dial(struct member *member);
/* As if the network went: no close, no goodbye. */
void member_cut(struct member *member);
/* call.c: what the server wants of it. */
void member_take(struct member *member, const struct jsonrpc_message *message);
/* Says again what was not acknowledged. */
void member_repeat(struct member *member);
json_t *member_list_calls(const struct member *member);
void member_send(struct member *member, char *text);

/* main.c: one went up or down. */
void fleet_note_up(struct fleet *fleet);
void fleet_die(const struct error *err) __attribute__((noreturn));
