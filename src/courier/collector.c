#include "courier/collector.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/file.h"
#include "net/url.h"

#define PATH "/v1/traces"

static const struct courier_header type = { "Content-Type", "application/json" };

/* "http://host:4318" and ".../" mean the path that the protocol names. */
static int make_url(const char *endpoint, char url[COLLECTOR_URL_BYTES], struct error *err)
{
	size_t len = strlen(endpoint);

	if (strncmp(endpoint, "http://", 7) != 0 && strncmp(endpoint, "https://", 8) != 0)
		return error_set(err, -EINVAL,
				 "otlp_endpoint: expected a URL such as http://localhost:4318");
	while (len && endpoint[len - 1] == '/')
		len--;
	if (len + sizeof(PATH) > COLLECTOR_URL_BYTES)
		return error_set(err, -EINVAL, "otlp_endpoint is too long");
	(void)snprintf(url, COLLECTOR_URL_BYTES, "%.*s%s", (int)len, endpoint,
		       len > strlen(PATH) && strncmp(endpoint + len - strlen(PATH), PATH,
						     strlen(PATH)) == 0
			       ? ""
			       : PATH);
	return 0;
}

static char *trim(char *text)
{
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text + strspn(text, " \t");
}

/* Two texts of one line, apart where they are: "Name: value" or "name=value". */
static int add_header(struct collector *collector, char *line, char mark)
{
	char *middle = strchr(line, mark);

	if (!middle || collector->n_headers == COLLECTOR_MAX_HEADERS)
		return -EINVAL;
	*middle = '\0';
	collector->headers[collector->n_headers++] =
		(struct courier_header) { trim(line), trim(middle + 1) };
	return 0;
}

static int cut_file(struct collector *collector, char *text, struct error *err)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!*trim(line) || *trim(line) == '#')
			continue;
		if (add_header(collector, line, ':') < 0)
			return error_set(
				err, -EINVAL,
				"otlp_headers_file: expected at most %d lines 'Name: value'",
				COLLECTOR_MAX_HEADERS);
	}
	return 0;
}

/* Decoded, it is never longer. */
static int decode_in_place(char *text)
{
	char *decoded = url_decode((struct str) { text, strlen(text) });
	size_t len = decoded ? strlen(decoded) : 0;

	if (!decoded)
		return -EINVAL;
	memcpy(text, decoded, len + 1);
	explicit_bzero(decoded, len);
	free(decoded);
	return 0;
}

static int cut_list(struct collector *collector, char *text, struct error *err)
{
	char *item;

	while ((item = strsep(&text, ","))) {
		char *middle = strchr(item, '=');

		if (!*trim(item))
			continue;
		if (!middle || decode_in_place(middle + 1) < 0 ||
		    add_header(collector, item, '=') < 0)
			return error_set(err, -EINVAL,
					 "OTEL_EXPORTER_OTLP_HEADERS: expected at most %d of "
					 "'name=value' with commas between, values percent-encoded",
					 COLLECTOR_MAX_HEADERS);
	}
	return 0;
}

int collector_init(struct collector *collector, const struct collector_settings *settings,
		   struct error *err)
{
	struct buf *file = &collector->texts[0], *list = &collector->texts[1];
	int r;

	*collector =
		(struct collector) { .timeout_ns = settings->timeout_ns ? settings->timeout_ns
									: COLLECTOR_TIMEOUT_NS };
	for (size_t i = 0; i < ARRAY_LEN(collector->texts); i++) {
		buf_init(&collector->texts[i], COLLECTOR_HEADERS_MAX_BYTES);
		buf_add(&collector->texts[i], "", 0);
	}
	r = make_url(settings->endpoint, collector->url, err);
	if (r == 0 && settings->headers_file && *settings->headers_file)
		r = file_load_private(settings->headers_file, file, err);
	if (r == 0)
		r = cut_file(collector, file->data, err);
	if (r == 0 && settings->headers) {
		if (strlen(settings->headers) >= COLLECTOR_HEADERS_MAX_BYTES)
			return error_set(err, -EINVAL, "OTEL_EXPORTER_OTLP_HEADERS is too long");
		buf_add_text(list, settings->headers);
		r = cut_list(collector, list->data, err);
	}
	return r;
}

void collector_finish(struct collector *collector)
{
	for (size_t i = 0; i < ARRAY_LEN(collector->texts); i++)
		secret_buf_cleanup(&collector->texts[i]);
	collector->n_headers = 0;
}

void collector_cleanup(struct collector *collector)
{
	collector_finish(collector);
}

struct courier_request collector_request(const struct collector *collector, const char *body)
{
	return (struct courier_request) {
		.method = "POST",
		.url = collector->url,
		.headers = &type,
		.n_headers = 1,
		.secrets = collector->headers,
		.n_secrets = collector->n_headers,
		.body = body,
		.n_body = strlen(body),
		.wanted = "retry-after",
		.policy = { .schemes = COURIER_HTTP_TOO, .networks = COURIER_PRIVATE_NETWORKS },
		.limits = { .total_ns = collector->timeout_ns },
	};
}

bool collector_is_busy(unsigned status)
{
	return status == 429 || (status >= 502 && status <= 504);
}
