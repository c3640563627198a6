/*
 * A client of one MCP server of somebody else's, by Streamable HTTP (modelcontextprotocol.io):
 * sessions of 2025-03-26, 2025-06-18 and 2025-11-25, and the requests of 2026-07-28, each of which
 * stands alone. What the server speaks is found out before the first request.
 *
 * Everything goes through the courier (courier/courier.h), which judges addresses and follows no
 * redirect. The server is not trusted: what it says is bounded in bytes, messages and time, and is
 * checked before it is handed on. A session that it has forgotten is begun again once; a stream
 * that breaks off is gone on with where the server says so (Last-Event-ID). A request that it has
 * of us is answered: ping; an elicitation by who asked, or declined; all else is refused.
 *
 * For libevent programs. Callbacks come from the loop, never before the call that asked for them
 * has returned; they may start and cancel requests, but not free the client.
 */
#pragma once

#include "base/json.h"
#include "courier/courier.h"
#include "mcp_client/oauth/challenge.h"

#define MCP_CLIENT_MODERN "2026-07-28"
#define MCP_CLIENT_MAX_OPEN 32  /* requests; beyond: -EBUSY */
#define MCP_CLIENT_MAX_ROUNDS 8 /* in which one request may ask back */
#define MCP_CLIENT_MAX_RESUMES 8
#define MCP_CLIENT_REQUEST_NS (30 * NS_PER_SEC)
#define MCP_CLIENT_MAX_BYTES (1 * MIB)
#define MCP_SAID_BYTES 300 /* of what a server says of an error; the rest is cut */

struct event_base;
struct mcp_client;
struct mcp_request; /* under way */

/* Where the client gets a token of its own (OAuth 2.0, client credentials). */
struct mcp_grant {
	const char *url; /* the token endpoint, named by whoever has the secret; NULL: none */
	const char *id, *secret;
	const char *scope; /* or "" */
};

/* Borrowed until mcp_client_new() has returned, but for base and courier. */
struct mcp_client_config {
	struct event_base *base;
	struct courier *courier;
	const char *url;
	const char *version;                  /* the revision to speak; NULL: what it can */
	const struct courier_header *secrets; /* sent with each request; at most 4 */
	size_t n_secrets;
	struct mcp_grant grant; /* a token is got before the first request, and again at 401 */

	/*
	 * Where others get the tokens (oauth/oauth.h): one is wanted before the first request
	 * ('challenge' is NULL), and where the server says 401, or 403 with 'insufficient_scope',
	 * what it says then; each once for a request. To be answered by mcp_client_give_token().
	 */
	void (*want_token)(const struct oauth_challenge *challenge, void *data);
	void (*drop_tokens)(void *data); /* the client is free: wants no more. NULL: nothing */
	void *token_data;

	const char *ca_pem; /* as in a request to the courier; or NULL */
	enum courier_schemes schemes;
	const char *networks; /* private ones that it may lie in; or NULL */
	size_t max_bytes;     /* of one answer; 0: MCP_CLIENT_MAX_BYTES */
	uint64_t connect_ns;  /* of finding out what it speaks; 0: MCP_CLIENT_REQUEST_NS */

	/* What it has to offer is another one now. NULL: nobody asks. */
	void (*changed)(void *data);
	void *data;
};

/* NULL with 'err' for a URL that is none, or a revision that nobody knows. */
struct mcp_client *mcp_client_new(const struct mcp_client_config *config, struct error *err);
/* Requests under way are dropped, without a callback. */
void mcp_client_free(struct mcp_client *client);
void mcp_client_cleanup(struct mcp_client **client);
/*
 * Ends the session, if there is one (DELETE), at most for some seconds, and frees the client; then
 * 'ended' is called. Requests under way are dropped.
 */
void mcp_client_end(struct mcp_client *client, void (*ended)(void *data), void *data);

/*
 * The answer to want_token(), now or later: a token, NULL to go on without one, or, but only later,
 * the 'err' with which what waits ends.
 */
void mcp_client_give_token(struct mcp_client *client, const char *token, const struct error *err);

/* As 'changed' and 'data' of the configuration. */
void mcp_client_watch(struct mcp_client *client, void (*changed)(void *data), void *data);

/* The revision that is spoken, or NULL while that is not known. */
const char *mcp_client_version(const struct mcp_client *client);

/* How a request ended. Borrowed. */
struct mcp_outcome {
	const json_t *result; /* NULL where it failed */
	/*
	 * -EREMOTEIO what the server said, or its status; -EACCES it wants other credentials (401,
	 * 403); -ETIMEDOUT; -EBADMSG what is no MCP; -E2BIG; -ELOOP it asked back too often; and
	 * what the courier says.
	 */
	const struct error *err; /* NULL where there is a result */
	int code;                /* of JSON-RPC, or 0 */
	const json_t *data;      /* of that error, or NULL */
	unsigned status;         /* of HTTP, 0: none */
	bool may_have_run;       /* of one that failed: the server may have done it all the same */
};

/* What a server wants to know from a person in the middle of a request. */
struct mcp_question {
	struct mcp_request *request;
	unsigned serial;      /* never another's of that request */
	const json_t *params; /* of elicitation/create; borrowed */
};

struct mcp_order {
	const char *method;
	json_t *params;       /* an object, taken over; NULL: {} */
	const json_t *schema; /* of a tool that is called: what is mirrored (header.h); or NULL */
	uint64_t total_ns;    /* 0: MCP_CLIENT_REQUEST_NS */

	void (*done)(const struct mcp_outcome *outcome, void *data); /* once */
	/* How far it is; NULL: nobody asks. 'message' may be "". */
	void (*progress)(double progress, double total, const char *message, void *data);
	/*
	 * A form, or a URL to visit ("mode"). To be answered by mcp_request_answer(), now or
	 * later, but once: until then the request's time stands still. NULL: it is declined.
	 */
	void (*ask)(const struct mcp_question *question, void *data);
	/*
	 * What it has asked is not to be answered any more, while it goes on: it is sent anew,
	 * in another session or with another token. NULL: nobody wants to know.
	 */
	void (*forgotten)(void *data);
	void *data;
};

/* Never NULL: what is wrong is told to 'done'. */
struct mcp_request *mcp_client_request(struct mcp_client *client, const struct mcp_order *order);

/* The server is told, as its revision has it; 'done' does not come any more. */
void mcp_request_cancel(struct mcp_request *request);

/*
 * "accept", with what was entered ('content', an object that is taken over), "decline" or "cancel".
 * Nothing happens where that question is there no more.
 */
void mcp_request_answer(struct mcp_request *request, unsigned serial, const char *action,
			json_t *content);
