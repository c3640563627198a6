/*
 * Requests to one HTTPS server, by libcurl: for programs that live as long as a
 * command. JSON in, JSON out; several may be under way at once.
 *
 * This is the half of net/ that agent and warden never link.
 *
 * Whom it trusts: with 'pin' exactly the server whose key has that pin, whatever
 * its certificate says (the first contact); else the CAs of 'ca_file'; else the
 * system's. Redirects are not followed. Plain http only to loopback addresses.
 */
#pragma once

#include "base/json.h"

#define FETCH_BODY_MAX_BYTES (16 * MIB)
#define FETCH_MAX_OPEN 64
#define FETCH_SILENCE_S 90L /* of a stream; a server says something each 15 s */

struct fetcher;

struct fetch_config {
	const char *url;         /* "https://server:8000", without a path */
	const char *pin;         /* "sha256//BASE64", or NULL */
	const char *ca_file;     /* PEM, or NULL */
	const char *key;         /* an API key, sent as bearer; or NULL */
	const char *certificate; /* paths of a client certificate and its key, or NULL */
	const char *certificate_key;
	const char *proxy;    /* as in net/dial.h; NULL: what libcurl finds in the environment */
	const char *no_proxy; /* as in net/dial.h, or NULL */
};

/* All texts are copied. NULL with 'err' (-EINVAL): no such kind of URL. */
struct fetcher *fetcher_new(const struct fetch_config *config, struct error *err);
void fetcher_free(struct fetcher *fetcher);
void fetcher_cleanup(struct fetcher **fetcher);

struct fetch_request {
	const char *method;   /* "GET", "POST", "PATCH", "DELETE" */
	const char *path;     /* "/api/v1/agents?state=connected", percent-encoded */
	const json_t *body;   /* or NULL */
	uint64_t deadline_ns; /* for all of it; 0: 30 s */

	/*
	 * For an answer that is a stream: its bytes as they come, where it is a good one, instead
	 * of a body. A negative errno with 'err' ends the request so. Or NULL. A stream has no
	 * deadline unless given, but one that is silent for FETCH_SILENCE_S is over.
	 */
	int (*bytes)(const char *bytes, size_t len, void *data, struct error *err);
	const char *last_event_id; /* where a stream goes on; or NULL; copied */

	/* Exactly once, from fetcher_wait(). */
	void (*done)(const struct fetch_request *request, unsigned status, json_t *body,
		     const struct error *err, void *data);
	void *data;
};

/*
 * Starts it; the request's struct is copied. -EBUSY beyond FETCH_MAX_OPEN.
 * In 'done', 'err' is NULL for a 2xx status; 'body' is borrowed, and NULL where
 * there was no JSON. Failures: -EHOSTUNREACH (no connection), -EKEYREJECTED (the
 * certificate or its key), -ETIMEDOUT, -E2BIG, -EBADMSG; by status -EINVAL 400 413 422,
 * -EACCES 401 403, -ENOENT 404, -EEXIST 409, -ETIMEDOUT 408, -EBUSY 429 503,
 * -EREMOTEIO others, with the server's own sentence.
 */
int fetcher_start(struct fetcher *fetcher, const struct fetch_request *request,
		  struct error *err) MUST_CHECK;

/*
 * Drives what is under way until something was done, 'fd' (or -1) can be read, or
 * 'timeout_ns' has passed. Returns 1 if 'fd' can be read, else 0.
 */
int fetcher_wait(struct fetcher *fetcher, int fd, uint64_t timeout_ns);
unsigned fetcher_n_open(const struct fetcher *fetcher);

/* One request to its end; 'body_out' (a new reference, or NULL) is written in either case. */
int fetch(struct fetcher *fetcher, const struct fetch_request *request, json_t **body_out,
	  struct error *err) MUST_CHECK;

/* Whether keys may go there: https, or http to this machine; 'is_plain_out' says which. */
int fetch_check_url(const char *url, bool *is_plain_out, struct error *err) MUST_CHECK;

/* "a b/c" -> "a%20b%2Fc": heap text for paths and queries. */
char *fetch_escape(const char *text);
