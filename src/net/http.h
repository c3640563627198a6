/*
 * One HTTP/1.1 message as it came off the wire: a request or a response, parsed by
 * llhttp and held to what RFC 9112 wants of a careful server (one Host, no folded
 * lines, no second meaning of the length ...).
 *
 * The parser is fed bytes and never reads past the message's end: what follows
 * (the next request, the first WebSocket frame) stays the caller's. It stops once
 * after the head, so that the caller can look at it before a byte of the body is
 * taken. A failure says which status answers it.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/scan.h"

#define HTTP_MAX_FIELDS 100
#define HTTP_HEAD_MAX_BYTES (16 * KIB)
#define HTTP_TARGET_MAX_BYTES (8 * KIB)
#define HTTP_FORM_MAX_FIELDS 64

struct http_field {
	const char *name;  /* of a header: lower case */
	const char *value; /* without blanks around it; may hold bytes above 127 */
};

enum http_state {
	HTTP_IN_HEAD,
	HTTP_HEAD_DONE, /* set a limit for the body, then feed on */
	HTTP_IN_BODY,
	HTTP_DONE,
	HTTP_FAILED,
};

struct http_parser;

/* What was parsed. Texts are the parser's and live as long as it does. */
struct http_message {
	enum http_state state;
	unsigned status;    /* a response's; for a failed request: how to answer, 400 to 505 */
	const char *method; /* a request's: GET HEAD POST PUT PATCH DELETE OPTIONS */
	const char *target; /* in origin form: "/path?query" */
	unsigned version;   /* 10 or 11 */
	const struct http_field *fields;
	unsigned n_fields;
	struct buf body;     /* NUL-terminated */
	bool keep_alive;     /* another message may follow */
	bool upgrade;        /* Connection: upgrade is among its fields */
	bool expects;        /* Expect: 100-continue, and the body has yet to come */
	bool has_body;       /* by its fields; known from HTTP_HEAD_DONE on */
	uint64_t n_declared; /* Content-Length, or 0 */
};

struct http_parser *http_request_parser_new(size_t max_head_bytes);
/* The response to 'method': that to HEAD has no body, that to CONNECT neither, when it is 2xx. */
struct http_parser *http_response_parser_new(size_t max_head_bytes, const char *method);
void http_parser_free(struct http_parser *parser);
void http_parser_cleanup(struct http_parser **parser);

const struct http_message *http_parser_message(const struct http_parser *parser);

/* From HTTP_HEAD_DONE on; before it is set, 0: no body is taken. */
void http_parser_limit_body(struct http_parser *parser, size_t max_bytes);

/*
 * Takes bytes until the state changes or they end. Returns how many it took, or a
 * negative errno with 'err' (and the status): -EBADMSG bad syntax, -E2BIG a limit,
 * -ENOTSUP a version, method or coding that is not served.
 */
ssize_t http_parser_feed(struct http_parser *parser, const char *bytes, size_t len,
			 struct error *err) MUST_CHECK;

/* The connection ended: right for a response that has no length, else -EPIPE. */
int http_parser_end(struct http_parser *parser, struct error *err) MUST_CHECK;

/* The first field of that (lower-case) name, or NULL. */
const char *http_find(const struct http_field *fields, unsigned n_fields, const char *name);

/* Whether a list field ("keep-alive, Upgrade") has the token, in any case. */
bool http_has_token(const char *value, const char *token);

/* "Not Found", or "Unknown" */
const char *http_reason(unsigned status);

/* Names and values of "a=b&c=d" (queries, forms), decoded, '+' as blank. */
struct http_form {
	struct http_field fields[HTTP_FORM_MAX_FIELDS];
	unsigned n_fields;

	/* private */
	char *text;
};

/* -EBADMSG for bad escapes and NUL, -E2BIG for more fields than fit. */
int http_form_parse(struct str text, struct http_form *form_out, struct error *err) MUST_CHECK;
void http_form_finish(struct http_form *form);
void http_form_cleanup(struct http_form *form);
