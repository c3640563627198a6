/* What the HTTP parser's files share: its state, and the rules of a head. */
#pragma once

#include <llhttp.h>

#include "net/http.h"

/* Watches the bytes of a head for what llhttp forgives, in one version or another. */
struct http_lines {
	bool started, past_first, ended;
	char last[3]; /* bytes before this one, the nearest first */
};

struct http_parser {
	struct http_message message;
	llhttp_t llhttp;
	bool is_request;
	bool answers_head, answers_connect;
	bool until_end; /* the body of a response without a length */
	struct http_lines lines;

	char *head; /* the texts of the head, NUL-terminated, n_text of them used */
	size_t n_text, max_head_bytes;
	size_t n_head;   /* of the wire */
	uint64_t n_wire; /* of the body, with its chunks */
	size_t name_at, value_at;
	struct http_field fields[HTTP_MAX_FIELDS];

	unsigned failed_status; /* set by a callback that stopped llhttp */
	const char *failed_why;
};

/* Returns NULL, or why the byte must not be there. */
const char *http_lines_take(struct http_lines *lines, char c);

/*
 * A head that llhttp took: sets what its fields say (has_body, keep_alive ...), or
 * fails with the status to answer.
 */
int http_head_check(struct http_parser *parser, struct error *err) MUST_CHECK;

/* Puts the message into HTTP_FAILED. */
int http_fail(struct http_parser *parser, unsigned status, struct error *err, const char *why);
