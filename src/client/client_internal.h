/* Behind the public header: what its parts share. */
#pragma once

#include "client/constable-client.h"
#include "net/fetch.h"

struct constable_client {
	struct fetcher *fetcher;
};

/* How one request ended. */
struct ending {
	bool is_done;
	unsigned status;
	json_t *body; /* or NULL */
	struct error err;
};

/* For CLEANUP(ending). */
void ending_cleanup(struct ending *ending);

/* To its end; 'ending' is for CLEANUP. 0, or the code of 'err'. */
int client_fetch(struct constable_client *client, const struct fetch_request *request,
		 struct ending *ending, struct constable_error *err) MUST_CHECK;

/* Both return the code. */
int client_fail(struct constable_error *err, const struct error *why);
int client_refuse(struct constable_error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* An operation of the API: the table is made from the OpenAPI document when the tree is built. */
struct operation {
	const char *id;     /* "get_agent"; the table ends with NULL */
	const char *method; /* "GET" */
	const char *path;   /* "/api/v1/agents/{agent_id}" */
	const char
		*query;   /* the names of its parameters, with a blank after each: "after limit " */
	const char *list; /* the member of its answer that is the list, or NULL */
	const char *cursor; /* the parameter that takes the answer's "next", or NULL */
	int is_stream;
};

extern const struct operation operations[];
extern const char *const operation_ids[];

/* NULL with 'err' where there is none of that id. */
const struct operation *operation_find(const char *id, struct constable_error *err);

#define OPERATION_PATH_BYTES 4096

/* Its path and query with the parameters in them. */
int operation_path(const struct operation *operation, const json_t *parameters,
		   char path_out[OPERATION_PATH_BYTES], struct constable_error *err) MUST_CHECK;
