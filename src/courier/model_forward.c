#include "courier/model_forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTE_NS (180 * NS_PER_SEC) /* of a long prompt on a small machine */
#define TOTAL_NS (900 * NS_PER_SEC)
#define URL_BYTES 1024

struct forwarded {
	struct model_forward *forward;
	int64_t id; /* 0: free */
	struct courier_call *call;
	const char *model; /* of the endpoints */
	unsigned status;
};

struct model_forward {
	struct courier *courier;
	const struct model_endpoints *endpoints;
	void (*send)(void *data, const json_t *header, const char *body, size_t n_body);
	void (*ended)(void *data, const char *model, bool is_ok); /* or NULL */
	void *data;
	struct forwarded open[MODEL_FORWARD_MAX_OPEN];
};

/* What each provider's API is: the only path that may be asked for, and how the key is said. */
static const struct api {
	const char *provider, *path;
	const char *key_header, *key_format;
} apis[] = {
	{ "anthropic", "/v1/messages", "x-api-key", "%s" },
	{ "openai", "/v1/chat/completions", "authorization", "Bearer %s" },
	{ "ollama", "/v1/chat/completions", "authorization", "Bearer %s" },
	{ "vllm", "/v1/chat/completions", "authorization", "Bearer %s" },
	{ "llamacpp", "/v1/chat/completions", "authorization", "Bearer %s" },
	{ "tensorzero", "/openai/v1/chat/completions", "authorization", "Bearer %s" },
};

static const struct api *find_api(const char *provider)
{
	for (size_t i = 0; i < ARRAY_LEN(apis); i++)
		if (strcmp(apis[i].provider, provider) == 0)
			return &apis[i];
	return NULL;
}

static void send_header(const struct model_forward *forward, json_t *header)
{
	forward->send(forward->data, header, NULL, 0);
	json_decref(header);
}

/* Retry-After in seconds, or retry-after-ms; a date is taken for "not said". */
static double retry_after_s(const struct courier_head *head)
{
	double seconds = 0;

	for (size_t i = 0; i < head->n_headers; i++) {
		const struct courier_header *header = &head->headers[i];
		char *end;
		double value = strtod(header->value, &end);

		if (end == header->value || *end || value < 0 || value > 1e6)
			continue;
		if (strcmp(header->name, "retry-after-ms") == 0)
			return value / 1000;
		seconds = value;
	}
	return seconds;
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct forwarded *forwarded = data;
	double wait_s = retry_after_s(head);
	json_t *header = json_pack("{s:s, s:I, s:i}", "type", "model_head", "id",
				   (json_int_t)forwarded->id, "status", (int)head->status);

	forwarded->status = head->status;
	if (wait_s > 0)
		json_put(header, "retry_after_s", json_real(wait_s));
	send_header(forwarded->forward, header);
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	const struct forwarded *forwarded = data;
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:I}", "type", "model_chunk", "id", (json_int_t)forwarded->id);

	forwarded->forward->send(forwarded->forward->data, header, bytes, len);
}

static void handle_end(const struct error *err, void *data)
{
	struct forwarded *forwarded = data;
	const struct model_forward *forward = forwarded->forward;
	json_t *header =
		json_pack("{s:s, s:I}", "type", "model_end", "id", (json_int_t)forwarded->id);

	if (err)
		json_put(header, "error", json_text(err->text, strlen(err->text)));
	if (forward->ended)
		forward->ended(forward->data, forwarded->model,
			       !err && forwarded->status >= 200 && forwarded->status < 300);
	*forwarded = (struct forwarded) { 0 };
	send_header(forward, header);
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

/* The host of a URL, for the policy: nothing else can be reached, whatever a redirect says. */
static void host_of(const char *url, char *host, size_t size)
{
	const char *begin = strstr(url, "://");
	struct str text = { begin ? begin + 3 : url, 0 };

	text.len = strcspn(text.data, *text.data == '[' ? "]" : ":/?#");
	text.len += *text.data == '[' && text.data[text.len] == ']';
	str_copy(text, host, size);
}

static void send_request(struct forwarded *forwarded, const struct model_endpoint *endpoint,
			 const struct api *api, const struct frame *frame)
{
	static const struct courier_header plain[] = {
		{ "content-type", "application/json" },
		{ "accept", "text/event-stream" },
		{ "anthropic-version", "2026-10-21" },
	};
	bool is_anthropic = strcmp(api->provider, "anthropic") == 0;
	char url[URL_BYTES], host[256], key[MODEL_KEY_MAX_BYTES + 16] = "";
	struct courier_header secret = { api->key_header, key };
	size_t n_url = strlen(endpoint->url);

	while (n_url && endpoint->url[n_url - 1] == '/')
		n_url--;
	text_format(url, sizeof(url), "%.*s%s", (int)n_url, endpoint->url, api->path);
	host_of(url, host, sizeof(host));
	text_format(key, sizeof(key), is_anthropic ? "%s" : "Bearer %s",
		    endpoint->key ? endpoint->key : "");
	forwarded->call = courier_request(
		forwarded->forward->courier,
		&(struct courier_request) {
			.method = "POST",
			.url = url,
			.headers = plain,
			.n_headers = is_anthropic ? 3 : 2,
			.secrets = endpoint->key ? &secret : NULL,
			.n_secrets = endpoint->key ? 1 : 0,
			.body = frame->body,
			.n_body = frame->n_body,
			.wanted = "retry-after, retry-after-ms",
			.policy = { .schemes = strncmp(url, "http://", 7) == 0 ? COURIER_HTTP_TOO
									       : COURIER_HTTPS_ONLY,
				    .hosts = host,
				    .networks = COURIER_PRIVATE_NETWORKS },
			.limits = { .first_byte_ns = FIRST_BYTE_NS,
				    .idle_ns = FIRST_BYTE_NS,
				    .total_ns = TOTAL_NS,
				    .max_bytes = MODEL_FORWARD_MAX_BYTES },
		},
		&handlers, forwarded);
	explicit_bzero(key, sizeof(key));
}

static void refuse(const struct model_forward *forward, int64_t id, const char *why)
{
	send_header(forward, json_pack("{s:s, s:I, s:s}", "type", "model_end", "id", (json_int_t)id,
				       "error", why));
}

static struct forwarded *find(struct model_forward *forward, int64_t id)
{
	for (size_t i = 0; i < MODEL_FORWARD_MAX_OPEN; i++)
		if (forward->open[i].id == id)
			return &forward->open[i];
	return NULL;
}

static void forward_order(struct model_forward *forward, const struct frame *frame, int64_t id)
{
	const struct model_endpoint *endpoint =
		model_endpoints_find(forward->endpoints, json_get_text(frame->header, "model", ""));
	const struct api *api = endpoint ? find_api(endpoint->provider) : NULL;
	struct forwarded *forwarded = find(forward, 0);

	if (id <= 0 || find(forward, id))
		return;
	if (!api)
		refuse(forward, id, "no such model is configured");
	else if (strcmp(json_get_text(frame->header, "path", ""), api->path) != 0)
		refuse(forward, id, "not the path of that provider");
	else if (!forwarded)
		refuse(forward, id, "too many requests at once");
	else {
		*forwarded = (struct forwarded) { .forward = forward,
						  .id = id,
						  .model = endpoint->name };
		send_request(forwarded, endpoint, api, frame);
	}
}

bool model_forward_hear(struct model_forward *forward, const struct frame *frame)
{
	const char *type = json_get_text(frame->header, "type", "");
	int64_t id = json_get_int(frame->header, "id", 0);
	struct forwarded *forwarded;

	if (strcmp(type, "model") == 0) {
		forward_order(forward, frame, id);
		return true;
	}
	if (strcmp(type, "model_cancel") != 0)
		return false;
	forwarded = id > 0 ? find(forward, id) : NULL;
	if (forwarded) {
		courier_cancel(forwarded->call);
		*forwarded = (struct forwarded) { 0 };
	}
	return true;
}

struct model_forward *
model_forward_new(struct courier *courier, const struct model_endpoints *endpoints,
		  void (*send)(void *data, const json_t *header, const char *body, size_t n_body),
		  void *data)
{
	struct model_forward *forward = calloc(1, sizeof(*forward));

	if (!forward)
		abort();
	*forward = (struct model_forward) {
		.courier = courier,
		.endpoints = endpoints,
		.send = send,
		.data = data,
	};
	return forward;
}

void model_forward_watch(struct model_forward *forward,
			 void (*ended)(void *data, const char *model, bool is_ok))
{
	forward->ended = ended;
}

void model_forward_free(struct model_forward *forward)
{
	for (size_t i = 0; forward && i < MODEL_FORWARD_MAX_OPEN; i++)
		if (forward->open[i].id)
			courier_cancel(forward->open[i].call);
	free(forward);
}

void model_forward_cleanup(struct model_forward **forward)
{
	model_forward_free(*forward);
}
