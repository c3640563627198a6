#include "net/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/fetch_internal.h"

#define CONNECT_MS 10000L
#define DEADLINE_NS (30 * NS_PER_SEC)

struct transfer {
	struct fetcher *fetcher;
	struct fetch_request request;
	CURL *easy;
	char *sent;                 /* the request's body */
	struct curl_slist *headers; /* of its own, or NULL */
	struct buf received;
	struct fetch_stream stream;
	char failure[CURL_ERROR_SIZE];
	struct transfer *next;
};

struct fetcher {
	CURLM *multi;
	char *url, *pin, *ca_file, *certificate, *certificate_key, *proxy, *no_proxy;
	struct curl_slist *headers;
	struct transfer *transfers;
	unsigned n_open;
	bool is_plain;
};

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

static void add_headers(struct fetcher *fetcher, const char *key)
{
	CLEANUP(buf) struct buf line = { 0 };

	fetch_add_header(&fetcher->headers, "Accept: application/json");
	fetch_add_header(&fetcher->headers, "Content-Type: application/json");
	fetch_add_header(&fetcher->headers, "Expect:");
	if (!key)
		return;
	buf_init(&line, 4 * KIB);
	buf_add_format(&line, "Authorization: Bearer %s", key);
	fetch_add_header(&fetcher->headers, buf_text(&line));
	explicit_bzero(line.data, line.len);
}

struct fetcher *fetcher_new(const struct fetch_config *config, struct error *err)
{
	struct fetcher *fetcher;
	bool is_plain;
	size_t len = strlen(config->url);

	if (fetch_check_url(config->url, &is_plain, err) < 0)
		return NULL;
	fetcher = calloc(1, sizeof(*fetcher));
	if (!fetcher || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	fetcher->multi = curl_multi_init();
	if (!fetcher->multi)
		abort();
	fetcher->is_plain = is_plain;
	while (len && config->url[len - 1] == '/')
		len--;
	fetcher->url = strndup(config->url, len);
	fetcher->pin = copy(config->pin);
	fetcher->ca_file = copy(config->ca_file);
	fetcher->certificate = copy(config->certificate);
	fetcher->certificate_key = copy(config->certificate_key);
	fetcher->proxy = copy(config->proxy);
	fetcher->no_proxy = copy(config->no_proxy);
	add_headers(fetcher, config->key);
	return fetcher;
}

static void transfer_free(struct transfer *transfer)
{
	struct transfer **at = &transfer->fetcher->transfers;

	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
	transfer->fetcher->n_open--;
	(void)curl_multi_remove_handle(transfer->fetcher->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	buf_finish(&transfer->received);
	curl_slist_free_all(transfer->headers);
	free(transfer->sent);
	free(transfer);
}

void fetcher_free(struct fetcher *fetcher)
{
	if (!fetcher)
		return;
	while (fetcher->transfers)
		transfer_free(fetcher->transfers);
	(void)curl_multi_cleanup(fetcher->multi);
	curl_slist_free_all(fetcher->headers);
	free(fetcher->url);
	free(fetcher->pin);
	free(fetcher->ca_file);
	free(fetcher->certificate);
	free(fetcher->certificate_key);
	/* It may hold a password. */
	if (fetcher->proxy)
		explicit_bzero(fetcher->proxy, strlen(fetcher->proxy));
	free(fetcher->proxy);
	free(fetcher->no_proxy);
	free(fetcher);
}

void fetcher_cleanup(struct fetcher **fetcher)
{
	fetcher_free(TAKE(*fetcher));
}

unsigned fetcher_n_open(const struct fetcher *fetcher)
{
	return fetcher->n_open;
}

static size_t handle_bytes(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;

	if (fetch_stream_takes(&transfer->stream, transfer->easy))
		return fetch_stream_take(&transfer->stream, bytes, size * n);
	buf_add(&transfer->received, bytes, size * n);
	return transfer->received.dropped ? 0 : size * n;
}

/* An option that libcurl refuses is one it was built without: nothing works then. */
static void set(CURL *easy, CURLoption option, const void *value)
{
	if (curl_easy_setopt(easy, option, value) != CURLE_OK)
		abort();
}

static void set_number(CURL *easy, CURLoption option, long value)
{
	if (curl_easy_setopt(easy, option, value) != CURLE_OK)
		abort();
}

static void set_trust(const struct fetcher *fetcher, CURL *easy)
{
	set(easy, CURLOPT_PROTOCOLS_STR, fetcher->is_plain ? "http" : "https");
	set_number(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (fetcher->ca_file)
		set(easy, CURLOPT_CAINFO, fetcher->ca_file);
	if (fetcher->pin) {
		set(easy, CURLOPT_PINNEDPUBLICKEY, fetcher->pin);
		set_number(easy, CURLOPT_SSL_VERIFYPEER, 0);
		set_number(easy, CURLOPT_SSL_VERIFYHOST, 0);
	}
	if (fetcher->certificate) {
		set(easy, CURLOPT_SSLCERT, fetcher->certificate);
		set(easy, CURLOPT_SSLKEY, fetcher->certificate_key);
	}
}

static void set_way(const struct fetcher *fetcher, CURL *easy)
{
	if (fetcher->proxy)
		set(easy, CURLOPT_PROXY, fetcher->proxy);
	if (fetcher->no_proxy)
		set(easy, CURLOPT_NOPROXY, fetcher->no_proxy);
	set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
}

static void set_request(struct transfer *transfer)
{
	const struct fetch_request *request = &transfer->request;
	CLEANUP(buf) struct buf url = { 0 };
	CURL *easy = transfer->easy;

	buf_init(&url, 16 * KIB);
	buf_add_format(&url, "%s%s", transfer->fetcher->url, request->path);
	set(easy, CURLOPT_URL, buf_text(&url));
	set(easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (transfer->sent) {
		set_number(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(transfer->sent));
		set(easy, CURLOPT_POSTFIELDS, transfer->sent);
	} else if (strcmp(request->method, "POST") == 0) {
		set_number(easy, CURLOPT_POSTFIELDSIZE, 0);
		set(easy, CURLOPT_POSTFIELDS, "");
	}
	if (request->bytes)
		fetch_stream_begin(&transfer->stream, request, easy);
	if (request->bytes && !request->deadline_ns)
		return;
	set_number(easy, CURLOPT_TIMEOUT_MS,
		   (long)((request->deadline_ns ? request->deadline_ns : DEADLINE_NS) / NS_PER_MS));
}

int fetcher_start(struct fetcher *fetcher, const struct fetch_request *request, struct error *err)
{
	struct transfer *transfer;

	if (fetcher->n_open >= FETCH_MAX_OPEN)
		return error_set(err, -EBUSY, "%u requests are under way", fetcher->n_open);
	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		abort();
	*transfer = (struct transfer) {
		.fetcher = fetcher,
		.request = *request,
		.easy = curl_easy_init(),
		.sent = request->body ? json_canonical(request->body) : NULL,
		.next = fetcher->transfers,
	};
	if (!transfer->easy)
		abort();
	buf_init(&transfer->received, FETCH_BODY_MAX_BYTES);
	if (request->last_event_id)
		transfer->headers = fetch_stream_headers(fetcher->headers, request->last_event_id);
	set_request(transfer);
	set_trust(fetcher, transfer->easy);
	set_way(fetcher, transfer->easy);
	set_number(transfer->easy, CURLOPT_NOSIGNAL, 1);
	set(transfer->easy, CURLOPT_HTTPHEADER,
	    transfer->headers ? transfer->headers : fetcher->headers);
	set(transfer->easy, CURLOPT_WRITEFUNCTION, (const void *)handle_bytes);
	set(transfer->easy, CURLOPT_WRITEDATA, transfer);
	set(transfer->easy, CURLOPT_ERRORBUFFER, transfer->failure);
	set(transfer->easy, CURLOPT_PRIVATE, transfer);
	fetcher->transfers = transfer;
	fetcher->n_open++;
	if (curl_multi_add_handle(fetcher->multi, transfer->easy) != CURLM_OK)
		abort();
	return 0;
}

static int judge_failure(const struct transfer *transfer, CURLcode failure, struct error *err)
{
	const char *why = *transfer->failure ? transfer->failure : curl_easy_strerror(failure);
	long proxy_status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status >= 300)
		return fetch_blame_proxy((unsigned)proxy_status, err);
	if (transfer->stream.stopped.code) {
		*err = transfer->stream.stopped;
		return err->code;
	}
	if (transfer->received.dropped)
		return error_set(err, -E2BIG, "%s answers with more than %zu MiB",
				 transfer->fetcher->url, FETCH_BODY_MAX_BYTES / MIB);
	return error_set(err, fetch_failure_code(failure), "%s: %s", transfer->fetcher->url, why);
}

static int judge_status(const struct transfer *transfer, unsigned status, const json_t *body,
			struct error *err)
{
	const char *sentence = json_get_text(body, "error", NULL);

	if (status >= 200 && status < 300)
		return 0;
	if (sentence)
		return error_set(err, fetch_status_code(status), "%s", sentence);
	return error_set(err, fetch_status_code(status), "%s answered %u to %s %s",
			 transfer->fetcher->url, status, transfer->request.method,
			 transfer->request.path);
}

static void finish(struct transfer *transfer, CURLcode failure)
{
	CLEANUP(json) json_t *body = NULL;
	struct fetch_request request = transfer->request;
	struct error err = { 0 };
	long status = 0;
	int r;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (failure != CURLE_OK) {
		r = judge_failure(transfer, failure, &err);
	} else {
		struct error ignored = { 0 }; /* an answer need not be JSON */

		body = json_parse(buf_text(&transfer->received), transfer->received.len,
				  FETCH_BODY_MAX_BYTES, &ignored);
		r = judge_status(transfer, (unsigned)status, body, &err);
	}
	transfer_free(transfer);
	request.done(&request, (unsigned)status, body, r < 0 ? &err : NULL, request.data);
}

/* Calls back for what has ended; whether anything had. */
static bool finish_ended(struct fetcher *fetcher)
{
	bool was_any = false;
	CURLMsg *message;
	int n_left;

	while ((message = curl_multi_info_read(fetcher->multi, &n_left))) {
		struct transfer *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish(transfer, message->data.result);
		was_any = true;
	}
	return was_any;
}

int fetcher_wait(struct fetcher *fetcher, int fd, uint64_t timeout_ns)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	struct pollfd at_once = { .fd = fd, .events = POLLIN };
	int n_running;

	(void)curl_multi_perform(fetcher->multi, &n_running);
	if (!finish_ended(fetcher)) {
		(void)curl_multi_poll(fetcher->multi, fd >= 0 ? &extra : NULL, fd >= 0,
				      (int)(timeout_ns / NS_PER_MS), NULL);
		(void)curl_multi_perform(fetcher->multi, &n_running);
		(void)finish_ended(fetcher);
	}
	return fd >= 0 && poll(&at_once, 1, 0) > 0;
}

struct outcome {
	bool is_done;
	json_t *body;
	struct error err;
};

static void handle_done(const struct fetch_request *request UNUSED, unsigned status UNUSED,
			json_t *body, const struct error *err, void *data)
{
	struct outcome *outcome = data;

	outcome->is_done = true;
	outcome->body = json_incref(body);
	if (err)
		outcome->err = *err;
}

int fetch(struct fetcher *fetcher, const struct fetch_request *request, json_t **body_out,
	  struct error *err)
{
	struct fetch_request one = *request;
	struct outcome outcome = { 0 };
	int r;

	one.done = handle_done;
	one.data = &outcome;
	r = fetcher_start(fetcher, &one, err);
	if (r < 0)
		return r;
	while (!outcome.is_done)
		(void)fetcher_wait(fetcher, -1, NS_PER_SEC);
	*body_out = outcome.body;
	if (outcome.err.code)
		*err = outcome.err;
	return outcome.err.code;
}
