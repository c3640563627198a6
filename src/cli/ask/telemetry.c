#include "cli/ask/telemetry.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "courier/courier.h"
#include "identity/file.h"
#include "investigation/otlp.h"

#define PATH "/v1/traces"
#define URL_BYTES 2048
#define HEADERS_MAX 8
#define HEADERS_MAX_BYTES (8 * KIB)
#define TIMEOUT_NS (5 * NS_PER_SEC)
#define TRIES 2
#define MAX_WAIT_S 2

/* One trace on its way. */
struct posting {
	struct event_base *base;
	struct courier *courier;
	struct courier_request request;
	struct event *again; /* after a while */
	struct error *err;
	unsigned n_tries, status;
	double wait_s;
	int result; /* 1 while it is open */
};

static bool is_busy(unsigned status)
{
	return status == 429 || (status >= 502 && status <= 504);
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct posting *posting = data;

	posting->status = head->status;
	posting->wait_s = 1;
	if (head->n_headers)
		posting->wait_s = strtod(head->headers[0].value, NULL);
}

static void finish(struct posting *posting, int result)
{
	posting->result = result;
	(void)event_base_loopbreak(posting->base);
}

static void handle_end(const struct error *err, void *data)
{
	struct posting *posting = data;
	struct timeval wait = { .tv_sec = posting->wait_s >= 1 ? (time_t)posting->wait_s : 1 };

	if (err) {
		finish(posting, error_set(posting->err, err->code, "the collector: %s", err->text));
		return;
	}
	if (posting->status / 100 == 2) {
		finish(posting, 0);
		return;
	}
	if (is_busy(posting->status) && posting->n_tries < TRIES && posting->wait_s <= MAX_WAIT_S) {
		(void)event_add(posting->again, &wait);
		return;
	}
	finish(posting,
	       error_set(posting->err, -EIO, "the collector does not take the trace: status %u",
			 posting->status));
}

static void send_once(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	static const struct courier_handlers handlers = { .head = handle_head, .end = handle_end };
	struct posting *posting = data;

	posting->n_tries++;
	(void)courier_request(posting->courier, &posting->request, &handlers, posting);
}

static int post(const struct cli *cli, struct courier_request request, struct error *err)
{
	const struct courier_config config = { .executables = cli->executables };
	struct posting posting = { .request = request, .err = err, .result = 1 };

	posting.base = event_base_new();
	if (!posting.base)
		return error_set(err, -ENOMEM, "no event loop");
	(void)signal(SIGPIPE, SIG_IGN);
	posting.courier = courier_new(posting.base, &config, err);
	posting.again = evtimer_new(posting.base, send_once, &posting);
	if (posting.courier && posting.again) {
		send_once(-1, 0, &posting);
		while (posting.result == 1 && event_base_dispatch(posting.base) == 0)
			;
	}
	if (posting.again)
		event_free(posting.again);
	courier_free(posting.courier);
	event_base_free(posting.base);
	return posting.result == 1 ? err->code : posting.result;
}

/* "http://host:4318" and ".../" mean the path that the protocol names. */
static int make_url(const char *endpoint, char url[URL_BYTES], struct error *err)
{
	size_t len = strlen(endpoint);

	if (strncmp(endpoint, "http://", 7) != 0 && strncmp(endpoint, "https://", 8) != 0)
		return error_set(err, -EINVAL,
				 "otlp_endpoint: expected a URL such as http://localhost:4318");
	while (len && endpoint[len - 1] == '/')
		len--;
	if (len + sizeof(PATH) > URL_BYTES)
		return error_set(err, -EINVAL, "otlp_endpoint is too long");
	(void)snprintf(url, URL_BYTES, "%.*s%s", (int)len, endpoint,
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

/* "Name: value" in lines, cut apart where they are. */
static int cut_headers(char *text, struct courier_header headers[HEADERS_MAX], size_t *n_out,
		       struct error *err)
{
	char *line;

	*n_out = 0;
	while ((line = strsep(&text, "\n"))) {
		char *colon = strchr(line, ':');

		if (!*trim(line) || *trim(line) == '#')
			continue;
		if (!colon || *n_out == HEADERS_MAX)
			return error_set(
				err, -EINVAL,
				"otlp_headers_file: expected at most %d lines 'Name: value'",
				HEADERS_MAX);
		*colon = '\0';
		headers[(*n_out)++] = (struct courier_header) { trim(line), trim(colon + 1) };
	}
	return 0;
}

int telemetry_send(const struct cli *cli, const json_t *finished, struct error *err)
{
	static const struct courier_header type = { "Content-Type", "application/json" };
	const char *endpoint = config_get(cli->config, "otlp_endpoint")->text;
	const char *file = config_get(cli->config, "otlp_headers_file")->text;
	CLEANUP(secret_buf) struct buf text = { 0 };
	struct courier_header secrets[HEADERS_MAX];
	CLEANUP(json) json_t *trace = NULL;
	CLEANUP(text) char *body = NULL;
	struct courier_request request = { .method = "POST", .headers = &type, .n_headers = 1 };
	char url[URL_BYTES];
	int r;

	if (!*endpoint)
		return 0;
	buf_init(&text, HEADERS_MAX_BYTES);
	buf_add(&text, "", 0);
	r = make_url(endpoint, url, err);
	if (r == 0 && *file)
		r = file_load_private(file, &text, err);
	if (r == 0)
		r = cut_headers(text.data, secrets, &request.n_secrets, err);
	if (r < 0)
		return r;
	trace = otlp_trace(finished, OTLP_WITHOUT_CONTENT, err);
	if (!trace)
		return err->code;
	body = json_canonical(trace);
	request.url = url;
	request.secrets = secrets;
	request.body = body;
	request.n_body = strlen(body);
	request.wanted = "retry-after";
	request.policy = (struct courier_policy) { .schemes = COURIER_HTTP_TOO,
						   .networks = COURIER_PRIVATE_NETWORKS };
	request.limits = (struct courier_limits) { .total_ns = TIMEOUT_NS };
	return post(cli, request, err);
}
