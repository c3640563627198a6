#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/url.h"

const char *http_find(const struct http_field *fields, unsigned n_fields, const char *name)
{
	for (unsigned i = 0; i < n_fields; i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].value;
	return NULL;
}

bool http_has_token(const char *value, const char *token)
{
	size_t n_token = strlen(token);

	while (value && *value) {
		size_t len;

		value += strspn(value, ", \t");
		len = strcspn(value, ", \t");
		if (len == n_token && strncasecmp(value, token, len) == 0)
			return true;
		value += strcspn(value, ",");
	}
	return false;
}

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 423, "Locked" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *http_reason(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* Decodes text[0..len) in place behind a blank for each plus; NULL for a bad escape. */
static char *decode_part(char *text, size_t len)
{
	CLEANUP(text) char *decoded = NULL;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '+')
			text[i] = ' ';
	decoded = url_decode((struct str) { text, len });
	if (!decoded)
		return NULL;
	/* Never longer than its encoding. */
	memcpy(text, decoded, strlen(decoded) + 1);
	return text;
}

static int add_pair(struct http_form *form, char *pair, struct error *err)
{
	char *equals = strchr(pair, '='), *name, *value;
	size_t n_name = equals ? (size_t)(equals - pair) : strlen(pair);

	if (form->n_fields == HTTP_FORM_MAX_FIELDS)
		return error_set(err, -E2BIG, "more than %u names in a query or form",
				 HTTP_FORM_MAX_FIELDS);
	value = equals ? decode_part(equals + 1, strlen(equals + 1)) : pair + n_name;
	if (equals)
		*equals = '\0';
	name = decode_part(pair, n_name);
	if (!name || !value)
		return error_set(err, -EBADMSG, "a query or form has a bad escape");
	form->fields[form->n_fields++] = (struct http_field) { name, value };
	return 0;
}

int http_form_parse(struct str text, struct http_form *form_out, struct error *err)
{
	CLEANUP(http_form) struct http_form form = { 0 };
	char *pair, *rest;

	form.text = strndup(text.data, text.len);
	if (!form.text)
		abort();
	if (strlen(form.text) != text.len)
		return error_set(err, -EBADMSG, "a query or form has a NUL");
	rest = form.text;
	while ((pair = strsep(&rest, "&"))) {
		int r = *pair ? add_pair(&form, pair, err) : 0;

		if (r < 0)
			return r;
	}
	*form_out = form;
	form.text = NULL;
	return 0;
}

void http_form_finish(struct http_form *form)
{
	free(form->text);
	*form = (struct http_form) { 0 };
}

void http_form_cleanup(struct http_form *form)
{
	http_form_finish(form);
}
