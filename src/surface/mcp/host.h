/*
 * What a host offers: its tools, resources that tools read, and skills as prompts. Each call goes
 * through the gate, which judges and records it; nothing is decided here.
 *
 * A call that fails, whatever the reason, is a result with isError, so that a model reads the
 * sentence. One that needs an approval asks a client that can be asked to have it given, by whoever
 * may, and is made once more: the client's own yes approves nothing.
 */
#pragma once

#include "call/frame.h"
#include "surface/mcp/offer.h"

#define MCP_HOST_FRESH_MS 60000

/* The way to the gate. */
struct mcp_gate {
	/*
	 * A request of the warden's socket (warden/request.h), borrowed. Its id, by which its
	 * frames are told to mcp_host_take_frame(), or a negative errno.
	 */
	json_int_t (*ask)(void *data, json_t *header, const char *body, size_t n_body,
			  struct error *err);
	/* That request is wanted no longer; what still comes for it is ignored. */
	void (*cancel)(void *data, json_int_t id);
	void *data;
};

/* Resources beside those that tools read: of this process, at once, for whoever runs it. */
struct mcp_library {
	/* As MCP lists them: a new array, or NULL where they are those that were told last. */
	json_t *(*list)(void *data);
	/* {"uri", "mimeType", "text"}, a new reference; NULL: there is none, or 'err' says why not.
	 */
	json_t *(*read)(void *data, const char *uri, struct error *err);
	const json_t *templates; /* borrowed */
	void *data;
};

struct mcp_host {
	struct mcp_offer offer;

	/* private */
	const struct mcp_gate *gate;
	const struct mcp_library *library; /* or NULL */
	struct mcp_shelf shelf;
	json_t *lists;  /* what the offer's lists are kept in */
	json_t *skills; /* {name: text} */
	struct mcp_errand *errands;
};

/*
 * 'gate' is borrowed, 'catalogue' as the warden lists its tools. 'skills': [{"name",
 * "description", "text"}] or NULL.
 */
void mcp_host_init(struct mcp_host *host, const struct mcp_gate *gate, const json_t *catalogue,
		   const json_t *skills, const char *version);
/* Before the first client; borrowed. */
void mcp_host_add_library(struct mcp_host *host, const struct mcp_library *library);
/* Another catalogue: whether its tools differ from those before. Calls under way go on. */
bool mcp_host_take_catalogue(struct mcp_host *host, const json_t *catalogue);
/* Behind mcp_finish() of every session with this offer. */
void mcp_host_finish(struct mcp_host *host);

/* A frame of the gate's with the "id" of a request. */
void mcp_host_take_frame(struct mcp_host *host, const struct frame *frame);
