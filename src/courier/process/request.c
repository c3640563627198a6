/* HTTP: what is asked, and what is said of the answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "courier/process/dispatch_internal.h"
#include "net/dial.h"

#define HEADERS_MAX_BYTES (256 * KIB) /* of an answer */
#define LINE_MAX_BYTES (2 * PARCEL_TEXT_MAX_BYTES + 8)

static int check_url(const char *url, struct error *err)
{
	for (const char *at = url; *at; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
			return error_set(err, -EINVAL,
					 "the URL has blanks, control characters or no ASCII");
	return 0;
}

static int take_part(const struct transfer *transfer, CURLUPart part, char *text_out, size_t size)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(transfer->url, part, &text, 0);

	if (code == CURLUE_OK)
		text_format(text_out, size, "%s", text);
	curl_free(text);
	return code == CURLUE_OK ? 0 : -EINVAL;
}

/* "[::1]" -> "::1" */
static void unbracket(char *host)
{
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return;
	memmove(host, host + 1, len - 2);
	host[len - 2] = '\0';
}

static int check_scheme(const struct courier_policy *policy, const char *scheme, struct error *err)
{
	if (strcmp(scheme, "https") == 0)
		return 0;
	if (strcmp(scheme, "http") != 0)
		return error_set(err, -EACCES, "only https is allowed");
	if (policy->schemes != COURIER_HTTP_TOO)
		return error_set(err, -EACCES, "http is not allowed, only https");
	return 0;
}

static int judge_url(struct transfer *transfer, struct error *err)
{
	char scheme[16] = "", zone[16];
	int r = check_url(transfer->request.request.url, err);

	if (r < 0)
		return r;
	if (curl_url_set(transfer->url, CURLUPART_URL, transfer->request.request.url,
			 CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    take_part(transfer, CURLUPART_SCHEME, scheme, sizeof(scheme)) < 0 ||
	    take_part(transfer, CURLUPART_HOST, transfer->host, sizeof(transfer->host)) < 0 ||
	    take_part(transfer, CURLUPART_ZONEID, zone, sizeof(zone)) == 0)
		return error_set(err, -EINVAL, "the URL is not well-formed");
	unbracket(transfer->host);
	(void)curl_url_set(transfer->url, CURLUPART_FRAGMENT, NULL, 0);
	r = check_scheme(&transfer->policy, scheme, err);
	if (r == 0)
		r = egress_check_policy(&transfer->policy, err);
	if (r == 0)
		r = egress_check_host(&transfer->policy, transfer->host, err);
	return r;
}

static bool is_token(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789!#$%&'*+-.^_`|~";

	return *text && text[strspn(text, letters)] == '\0';
}

static bool is_ours(const char *name)
{
	static const char *const names[] = { "host",       "content-length", "transfer-encoding",
					     "connection", "upgrade",        "expect",
					     "te",         "trailer",        "keep-alive" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return strncasecmp(name, "proxy-", 6) == 0;
}

static int check_header(const struct courier_header *header, struct error *err)
{
	if (!is_token(header->name))
		return error_set(err, -EINVAL, "the name of a header is no token");
	if (is_ours(header->name))
		return error_set(err, -EINVAL, "the header '%s' is not for others to set",
				 header->name);
	for (const char *at = header->value; *at; at++)
		if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
			return error_set(err, -EINVAL, "the header '%s' has control characters",
					 header->name);
	return 0;
}

static void add_header(struct transfer *transfer, const struct courier_header *header)
{
	size_t len = strlen(header->value);
	CLEANUP(buf) struct buf line = { 0 };

	buf_init(&line, LINE_MAX_BYTES);
	buf_add_text(&line, header->name);
	if (strspn(header->value, " \t") == len) {
		buf_add_text(&line, ";"); /* so libcurl writes an empty one */
	} else {
		buf_add_text(&line, ": ");
		buf_add(&line, header->value, len);
	}
	transfer_add_line(transfer, buf_text(&line));
	explicit_bzero(line.data, line.len);
}

static int add_headers(struct transfer *transfer, struct error *err)
{
	const struct courier_request *request = &transfer->request.request;
	size_t n = request->n_headers + request->n_secrets;
	bool has_type = false;

	for (size_t i = 0; i < n; i++) { /* secrets follow the others */
		const struct courier_header *header = &request->headers[i];
		int r = check_header(header, err);

		if (r < 0)
			return r;
		has_type |= strcasecmp(header->name, "content-type") == 0;
		add_header(transfer, header);
	}
	if (!has_type)
		transfer_add_line(transfer, "Content-Type:"); /* none of libcurl's own */
	transfer_add_line(transfer, "Expect:");
	transfer_set(transfer, CURLOPT_HTTPHEADER, transfer->lines);
	return 0;
}

static int set_method(struct transfer *transfer, struct error *err)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	const struct courier_request *request = &transfer->request.request;
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		is_known |= strcmp(request->method, methods[i]) == 0;
	if (!is_known)
		return error_set(err, -EINVAL,
				 "the method is none of GET, HEAD, POST, PUT, "
				 "PATCH and DELETE");
	if (strcmp(request->method, "HEAD") == 0) {
		transfer_set_number(transfer, CURLOPT_NOBODY, 1);
		return 0;
	}
	if (request->body || request->method[0] == 'P') {
		if (curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)request->n_body) != CURLE_OK)
			abort();
		transfer_set(transfer, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	/* libcurl sends again what a reused connection swallowed; twice may be once too often. */
	if (strcmp(request->method, "POST") == 0 || strcmp(request->method, "PATCH") == 0)
		transfer_set_number(transfer, CURLOPT_FRESH_CONNECT, 1);
	transfer_set(transfer, CURLOPT_CUSTOMREQUEST, request->method);
	return 0;
}

/* Nothing of the environment, whatever it says. */
static int set_way(struct transfer *transfer, struct error *err)
{
	const char *proxy = transfer->request.proxy;

	transfer_set(transfer, CURLOPT_NOPROXY, "");
	if (proxy && !dial_is_exempt(transfer->request.no_proxy, transfer->host)) {
		transfer->way = EGRESS_PROXY;
		transfer_set(transfer, CURLOPT_PROXY, proxy);
		transfer_set_number(transfer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
		return egress_check_literal(&transfer->policy, transfer->host, err);
	}
	transfer_set(transfer, CURLOPT_PROXY, "");
	return 0;
}

void request_say_head(struct transfer *transfer)
{
	struct courier_header headers[COURIER_MAX_HEADERS];
	struct courier_head head = { .headers = headers };
	char names[COURIER_MAX_HEADERS][64];
	const char *wanted = transfer->request.request.wanted;
	struct curl_header *found;
	struct str word;
	long status = 0;

	if (transfer->has_said_head)
		return;
	transfer->has_said_head = true;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	head.status = (unsigned)status;
	while (wanted && head.n_headers < ARRAY_LEN(headers) && list_next(&wanted, &word)) {
		char *name = names[head.n_headers];

		str_copy(word, name, sizeof(names[0]));
		if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &found) !=
			    CURLHE_OK ||
		    strlen(found->value) > PARCEL_TEXT_MAX_BYTES)
			continue;
		for (char *at = name; *at; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 'a' - 'A' : *at);
		headers[head.n_headers++] = (struct courier_header) { name, found->value };
	}
	parcel_encode_head(&transfer->dispatch->out, transfer->id, &head);
}

static size_t handle_header(const char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;
	long status = 0;

	transfer->has_answered = true;
	transfer->n_header_bytes += size * n;
	if (transfer->n_header_bytes > HEADERS_MAX_BYTES) {
		(void)error_set(&transfer->refused, -E2BIG,
				"%s: its headers are longer than %zu KiB", transfer->host,
				HEADERS_MAX_BYTES / KIB);
		return 0;
	}
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	/* The empty line after a head that is not "100 Continue" or the like. */
	if (size * n <= 2 && (*bytes == '\r' || *bytes == '\n') && status >= 200)
		request_say_head(transfer);
	return size * n;
}

static size_t handle_body(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;
	struct dispatch *dispatch = transfer->dispatch;
	size_t len = size * n;

	if (transfer->window < len ||
	    dispatch->out.len - dispatch->n_sent > DISPATCH_OUT_HIGH_BYTES) {
		transfer->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	request_say_head(transfer);
	transfer->n_received += len;
	if (transfer->n_received > transfer->limits.max_bytes) {
		(void)error_set(&transfer->refused, -E2BIG, "%s answers with more than %llu bytes",
				transfer->host, (unsigned long long)transfer->limits.max_bytes);
		return 0;
	}
	transfer->window -= len;
	parcel_encode_chunk(&dispatch->out, transfer->id, bytes, len);
	return len;
}

int request_prepare(struct transfer *transfer, struct error *err)
{
	int r = judge_url(transfer, err);

	if (r == 0)
		r = set_method(transfer, err);
	if (r == 0)
		r = set_way(transfer, err);
	if (r == 0)
		r = add_headers(transfer, err);
	if (r < 0)
		return r;
	transfer_set(transfer, CURLOPT_CURLU, transfer->url);
	transfer_set(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
	transfer_set(transfer, CURLOPT_USERAGENT, "constable");
	/* One transfer to a connection: pauses of one would hold up the others. */
	transfer_set_number(transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	transfer_set(transfer, CURLOPT_HEADERFUNCTION, (const void *)handle_header);
	transfer_set(transfer, CURLOPT_HEADERDATA, transfer);
	transfer_set(transfer, CURLOPT_WRITEFUNCTION, (const void *)handle_body);
	transfer_set(transfer, CURLOPT_WRITEDATA, transfer);
	return 0;
}
