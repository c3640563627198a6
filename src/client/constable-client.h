/*
 * libconstable-client: a Constable server, from C.
 *
 *	struct constable_options options = { .server = "https://server.example:8000",
 *					     .key = getenv("CONSTABLE_API_KEY"),
 *					     .ca_file = "/etc/constable/server.crt" };
 *	struct constable_error err = { 0 };
 *	struct constable_client *client = constable_client_new(&options, &err);
 *	json_t *agents = NULL;
 *
 *	if (!client || constable_list(client, "list_agents", NULL, &agents, &err) < 0)
 *		fprintf(stderr, "%s\n", err.text);
 *
 * Compile and link with `pkg-config --cflags --libs constable-client`.
 *
 * Every operation of the server's OpenAPI document (GET /api/v1/openapi.json) is reachable by its
 * operationId. JSON is jansson's: what a function takes is borrowed, what it gives in a parameter
 * that ends in _out is a new reference that the caller gives back with json_decref(), and is
 * written only on success unless it says otherwise.
 *
 * Functions that can fail return 0 or a negative errno and fill 'err', which must not be NULL and
 * is untouched on success. A client may be used by one thread at a time; each thread may have its
 * own. No function prints, keeps a file, or changes the process, save that libcurl and OpenSSL
 * initialise themselves; a program that writes to closed connections should ignore SIGPIPE.
 */
#pragma once

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

struct constable_client;

struct constable_error {
	/*
	 * -EINVAL     wrong use, or the server refused the arguments (400, 413, 422)
	 * -EACCES     the key is wrong or may not do that (401, 403), or a policy denied a call
	 * -ENOENT, -EEXIST   there is no such thing (404); it is there already, or is over (409)
	 * -EBUSY, -ETIMEDOUT too many requests (429) or not ready (503); no answer in time
	 * -EHOSTUNREACH, -EKEYREJECTED   no connection; not the server that was expected
	 * -EREMOTEIO  the server failed, or the tool of a call did
	 * -ECANCELED, -EINTR   a call was cancelled, or interrupted on its host
	 * -EBADMSG, -E2BIG     an answer that is not understood, or is too large (16 MiB)
	 */
	int code;
	unsigned status; /* of HTTP; 0 where there was no answer */
	char name[64];   /* the server's own word for it: "not_found"; or "" */
	char text[512];  /* one sentence for a person */
};

struct constable_options {
	const char *server; /* "https://host:8000"; http:// only to this machine */
	const char *key; /* an API key ("constable key create"); NULL: only what is open to all */
	const char *ca_file; /* PEM of the CA that vouches for the server; NULL: the system's CAs */
	const char *pin;     /* "sha256//...": the server with this key, whatever its CA; or NULL */
	const char *proxy; /* "http://[user:password@]host:port"; NULL: what the environment says */
	const char *no_proxy; /* "host,.domain,10.0.0.0/8"; or NULL */
};
/* All texts are copied; nothing is sent yet. NULL with 'err' (-EINVAL) for a bad URL. */
struct constable_client *constable_client_new(const struct constable_options *options,
					      struct constable_error *err);
void constable_client_free(struct constable_client *client); /* NULL is fine */

struct constable_request {
	const char *method;  /* "GET" */
	const char *path;    /* "/api/v1/agents?state=connected", percent-encoded */
	const json_t *body;  /* or NULL */
	unsigned timeout_ms; /* 0: 30 seconds */
};

/* 'answer_out' is NULL where the answer is no JSON; it may be written on failure, too. */
int constable_request(struct constable_client *client, const struct constable_request *request,
		      json_t **answer_out, struct constable_error *err);

/*
 * An operation by its operationId: "get_agent". 'parameters' is an object with those of path and
 * query ({"agent_id": "..."}), or NULL; 'body' the request's, or NULL. Which there are stands in
 * the OpenAPI document; one that the operation does not have is -EINVAL. Streams are for
 * constable_follow().
 */
int constable_operate(struct constable_client *client, const char *operation,
		      const json_t *parameters, const json_t *body, json_t **answer_out,
		      struct constable_error *err);

/* Their ids, sorted, ending with NULL. */
const char *const *constable_operations(void);

/*
 * Everything that an operation lists ("list_agents", "list_incidents"), page by page, at most
 * 20,000 and a page: a new reference to an array.
 */
int constable_list(struct constable_client *client, const char *operation, const json_t *parameters,
		   json_t **items_out, struct constable_error *err);
/* The agent of that id or, where only one has it, host name. */
int constable_find_agent(struct constable_client *client, const char *name, json_t **agent_out,
			 struct constable_error *err);

#define CONSTABLE_ID_BYTES 80

struct constable_call {
	const char *agent;       /* its id */
	const char *tool;        /* "get_load" */
	const json_t *arguments; /* an object, or NULL: {} */
	unsigned timeout_ms;     /* of the tool; 0: two minutes */
	unsigned approval_ms;    /* how long it may wait for an approval before; 0: an hour */

	/*
	 * Called once it waits for somebody's approval, with the call's record; or NULL. The wait
	 * goes on.
	 */
	void (*waits)(const json_t *record, void *data);
	void *data;
};

/*
 * Hands the call to the server, which takes it to the agent exactly once, also over restarts of
 * server and agent; 'id_out' is its durable id, which any program with the key may wait for.
 */
int constable_call_start(struct constable_client *client, const struct constable_call *call,
			 char id_out[CONSTABLE_ID_BYTES], struct constable_error *err);

/*
 * Waits for the outcome: while the server is away, too. Of 'call' only timeout_ms, waits and data
 * count; it may be NULL. The record has "state", "result" (the tool's JSON as text, of which
 * result_sha256 is the hash), "error", "meta" ...; it is written also where the call failed, and
 * then 'err' says why.
 */
int constable_call_wait(struct constable_client *client, const char *id,
			const struct constable_call *call, json_t **record_out,
			struct constable_error *err);
/* Both of them. */
int constable_call(struct constable_client *client, const struct constable_call *call,
		   json_t **record_out, struct constable_error *err);

/*
 * What an investigation tells, from its first event to its last ("result" or "error"): handle()
 * gets {"type", "data", "thread_id", "timestamp"}, borrowed, and returns 0, or anything else to
 * end it here. A connection that breaks is taken up again where it was, for two minutes.
 * Returns 0, or what handle() returned.
 */
int constable_follow(struct constable_client *client, const char *investigation,
		     int (*handle)(const json_t *event, void *data), void *data,
		     struct constable_error *err);

#ifdef __cplusplus
}
#endif
