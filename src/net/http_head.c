/*
 * The rules of a head beyond its grammar. llhttp reads; what two readers could
 * understand in two ways is refused here, whichever version of it is installed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

const char *http_lines_take(struct http_lines *lines, char c)
{
	const char *last = lines->last;

	if (lines->ended)
		return NULL;
	if (c == '\n' && last[0] != '\r')
		return "a line ends without a carriage return";
	if (last[0] == '\r' && c != '\n')
		return "a carriage return stands alone";
	if (c == '\0')
		return "there is a NUL in the head";
	if (lines->started && last[0] == '\n' && (c == ' ' || c == '\t'))
		return "a folded line";
	if (lines->started && !lines->past_first && c == ' ' && last[0] == ' ')
		return "two blanks in the first line";
	if (lines->started && c == '\n')
		lines->past_first = true;
	if (lines->started && c == '\n' && last[1] == '\n')
		lines->ended = true;
	if (c != '\r' && c != '\n')
		lines->started = true;
	lines->last[2] = last[1];
	lines->last[1] = last[0];
	lines->last[0] = c;
	return NULL;
}

/* Of these a second one could be read by somebody else instead of the first. */
static const char *const singletons[] = {
	"authorization",
	"content-length",
	"content-type",
	"expect",
	"host",
	"origin",
	"sec-websocket-key",
	"sec-websocket-version",
	"transfer-encoding",
};

static const char *find_repeated(const struct http_message *message)
{
	for (size_t i = 0; i < ARRAY_LEN(singletons); i++) {
		unsigned n = 0;

		for (unsigned j = 0; j < message->n_fields; j++)
			n += strcmp(message->fields[j].name, singletons[i]) == 0;
		if (n > 1)
			return singletons[i];
	}
	return NULL;
}

static bool is_host(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]";

	return *host && host[strspn(host, allowed)] == '\0';
}

static bool is_origin_form(const char *target)
{
	if (*target != '/')
		return false;
	for (const char *at = target; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || *at == '#')
			return false;
	return true;
}

static int check_length(struct http_parser *parser, struct error *err)
{
	struct http_message *message = &parser->message;
	const char *length = http_find(message->fields, message->n_fields, "content-length");
	const char *coding = http_find(message->fields, message->n_fields, "transfer-encoding");
	const char *at = length;
	uint64_t n = 0;

	if (length && coding)
		return http_fail(parser, 400, err, "Content-Length beside Transfer-Encoding");
	if (coding && message->version == 10)
		return http_fail(parser, 400, err, "Transfer-Encoding in HTTP/1.0");
	if (coding && strcasecmp(coding, "chunked") != 0)
		return http_fail(parser, parser->is_request ? 501 : 502, err,
				 "a Transfer-Encoding other than chunked");
	if (length) {
		if (strspn(length, "0123456789") != strlen(length) || strlen(length) > 18 ||
		    !scan_u64(&at, &n))
			return http_fail(parser, 400, err, "Content-Length is no number");
	}
	message->n_declared = n;
	message->has_body = coding || n;
	return 0;
}

static int check_request(struct http_parser *parser, struct error *err)
{
	static const char *const methods[] = { "GET",   "HEAD",   "POST",   "PUT",
					       "PATCH", "DELETE", "OPTIONS" };
	struct http_message *message = &parser->message;
	const char *host = http_find(message->fields, message->n_fields, "host");
	const char *expect = http_find(message->fields, message->n_fields, "expect");
	bool served = false;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		served |= strcmp(message->method, methods[i]) == 0;
	if (!served)
		return http_fail(parser, 501, err, "a method that is not served");
	if (!is_origin_form(message->target))
		return http_fail(parser, 400, err, "the request target is no path");
	if (host ? !is_host(host) : message->version == 11)
		return http_fail(parser, 400, err, "Host is missing or no host");
	if (expect && (strcasecmp(expect, "100-continue") != 0 || message->version == 10))
		return http_fail(parser, 417, err, "an Expect other than 100-continue");
	message->expects = expect && message->has_body;
	return 0;
}

static void check_response_body(struct http_parser *parser)
{
	struct http_message *message = &parser->message;
	bool coded = http_find(message->fields, message->n_fields, "transfer-encoding");
	bool sized = http_find(message->fields, message->n_fields, "content-length");

	if (message->status / 100 == 1 || message->status == 204 || message->status == 304 ||
	    parser->answers_head || (parser->answers_connect && message->status / 100 == 2)) {
		message->has_body = false;
		return;
	}
	parser->until_end = !coded && !sized;
	message->has_body |= parser->until_end;
}

int http_head_check(struct http_parser *parser, struct error *err)
{
	struct http_message *message = &parser->message;
	const char *connection, *repeated = find_repeated(message);
	int major = llhttp_get_http_major(&parser->llhttp);
	int minor = llhttp_get_http_minor(&parser->llhttp);
	char why[64];
	int r;

	if (major != 1 || minor > 1)
		return http_fail(parser, 505, err, "a version other than HTTP/1.0 and HTTP/1.1");
	if (!parser->is_request && (message->status < 100 || message->status > 599))
		return http_fail(parser, 502, err, "a status that is none");
	message->version = minor ? 11 : 10;
	if (repeated) {
		text_format(why, sizeof(why), "%s is there twice", repeated);
		return http_fail(parser, 400, err, why);
	}
	for (unsigned i = 0; i < message->n_fields; i++)
		if (!message->fields[i].name[0])
			return http_fail(parser, 400, err, "a field without a name");
	r = check_length(parser, err);
	if (r == 0 && parser->is_request)
		r = check_request(parser, err);
	if (r < 0)
		return r;
	if (!parser->is_request)
		check_response_body(parser);
	connection = http_find(message->fields, message->n_fields, "connection");
	message->keep_alive = message->version == 11 && !http_has_token(connection, "close") &&
			      !parser->until_end;
	message->upgrade = http_has_token(connection, "upgrade");
	return 0;
}
