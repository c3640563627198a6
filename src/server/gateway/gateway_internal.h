/* What the files of the gateway share: an org with its offer, a key's client, a call of it. */
#pragma once

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "server/api/within.h"
#include "server/gateway/gateway.h"
#include "surface/mcp/http.h"

struct catalogue_load;
struct fan;
struct hub_subscription;

/* A request that waits for its org's catalogue. */
struct gateway_visitor {
	LIST_ENTRY(gateway_visitor) link;
	struct gateway_org *org;
	struct http_request *request;
	struct caller caller;
};

/* One key, for as long as it has sessions or calls, and a while longer. */
struct gateway_client {
	LIST_ENTRY(gateway_client) link;
	struct gateway_org *org;
	struct caller caller; /* as of its last request */
	struct mcp_offer offer;
	struct mcp_http *http;
	unsigned n_calls;
	uint64_t seen_ns;
};

struct gateway_org {
	LIST_ENTRY(gateway_org) link;
	struct gateway *gateway;
	struct org *org;
	json_t *lists; /* "tools", "prompts", "resources", "templates", "texts"; NULL: not yet */
	struct mcp_shelf shelf;
	LIST_HEAD(, gateway_client) clients;
	unsigned n_clients;
	LIST_HEAD(, gateway_visitor) visitors;
	unsigned n_visitors;
	LIST_HEAD(, fan) fans;
	struct hub_subscription
		*news;               /* from the first fan or watcher on, while there are clients */
	struct catalogue_load *load; /* under way, or NULL */
	struct event again;          /* while there are clients */
	bool is_soon;                /* it is near */
};

struct gateway {
	struct api *api;
	json_t *skills; /* ours: [{"name", "description", "text"}] */
	LIST_HEAD(, gateway_org) orgs;
	unsigned n_clients;
};

/* A call of a client's on its way; embedded in what it is. */
struct gateway_errand {
	struct gateway_client *client; /* NULL: cancelled */
	struct mcp_call *call;
	void (*cancel)(struct gateway_errand *errand); /* the client wants no answer any more */
};

/* --- gateway.c */

/* Hosts came or went: the lists are read anew before their time, however many do. */
void gateway_look_soon(struct gateway_org *org);
/* The lists are there, or are others; NULL: 'why_not'. Takes 'lists' over. */
void gateway_take_lists(struct gateway_org *org, json_t *lists, const char *why_not);

/* --- errand.c */

/* False where the key has too many already: the call has been answered. */
bool errand_begin(struct gateway_errand *errand, struct gateway_client *client,
		  struct mcp_call *call, void (*cancel)(struct gateway_errand *errand));
/* It is no more the client's: what comes next ends or asks 'call'. */
struct mcp_call *errand_end(struct gateway_errand *errand);
/* Each ends the call, which must be no errand's any more. 'structure' is taken over. */
void errand_fail(struct mcp_call *call, const char *sentence);
enum errand_verdict {
	ERRAND_DONE,
	ERRAND_FAILED,
};
void errand_answer(struct mcp_call *call, json_t *structure, enum errand_verdict verdict);
/* On record: what a key did that no route of the API does for it. */
void errand_record(struct gateway_org *org, const struct caller *caller, const char *action,
		   const char *target);
/* For struct mcp_offer. */
void errand_start(struct mcp_call *call);
void errand_cancel(struct mcp_call *call);

/* --- catalogue.c: what an org offers */

void catalogue_read(struct gateway_org *org);
/* Nobody waits for it any more. */
void catalogue_drop(struct gateway_org *org);

/* --- fleet_tool.c: a tool of hosts, as the gateway describes it */

/* From a tool as MCP describes it: a new reference, or NULL for what is none. */
json_t *fleet_tool_describe(const json_t *tool);
/*
 * The same of one that only its agent knows: what it says of itself is cut, and that it changes
 * nothing is not believed. NULL also where its schema is longer than any of ours would be.
 */
json_t *fleet_tool_of_stranger(const json_t *tool);
/* Where its arguments say where: taken out of 'args'. */
struct fleet_choice {
	const char *host, *label; /* exactly one; borrowed from the arguments given */
	uint64_t deadline_ns;     /* from now */
};
/* False with the sentence. 'args_out': what is left of the arguments for the host. */
bool fleet_tool_choose(const json_t *described, const json_t *args, struct fleet_choice *choice_out,
		       json_t **args_out, const char **why_out);

/* --- own_tool.c: tools and resources that are operations of the API */

void own_tool_list(json_t *tools, const struct api *api);
bool own_tool_is(const char *name);
bool own_tool_start(struct gateway_client *client, struct mcp_call *call, const char *name);
json_t *own_resources(void);
json_t *own_templates(void);
void own_resource_start(struct gateway_client *client, struct mcp_call *call);

/* --- ask_tool.c */

json_t *ask_tool_describe(const struct api *api);
void ask_tool_start(struct gateway_client *client, struct mcp_call *call);

/* --- fan.c */

void fan_start(struct gateway_client *client, struct mcp_call *call, const json_t *described);

/* --- news.c */

/* False where the hub has too many that hear it. */
bool news_hear(struct gateway_org *org);
void news_hear_no_more(struct gateway_org *org);
/* For struct mcp_offer. */
bool news_watch(void *data, const char *uri);
