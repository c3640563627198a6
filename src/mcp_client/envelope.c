#include "mcp_client/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "identity/file.h"

#define VALUES_MAX_BYTES (64 * KIB)
#define VALUE_MAX_BYTES (12 * KIB)
#define OVERHEAD_BYTES (64 * KIB) /* of a stream: pings, progress, comments */
#define BEARER_MAX_BYTES (16 * KIB)
#define WANTED "content-type, mcp-session-id, www-authenticate"

void mcp_envelope_put(struct mcp_envelope *envelope, const char *name, const char *value)
{
	if (envelope->n < MCP_MAX_HEADERS)
		envelope->items[envelope->n++] = (struct courier_header) { name, value };
}

static const char *encode(struct mcp_envelope *envelope, struct str value)
{
	struct buf text = { 0 };

	envelope->is_too_long |= value.len > VALUE_MAX_BYTES;
	buf_init(&text, VALUES_MAX_BYTES);
	buf_add_text(&text, "");
	if (value.len <= VALUE_MAX_BYTES)
		mcp_header_add(value, &text);
	if (!text.data)
		abort();
	envelope->values[envelope->n_values++] = text.data;
	return text.data;
}

static void put_param(const char *name, struct str value, void *data)
{
	struct mcp_envelope *envelope = data;
	char *full = envelope->names[envelope->n_params];

	if (envelope->n_params == MCP_MAX_PARAM_HEADERS)
		return;
	envelope->n_params++;
	text_format(full, MCP_PARAM_NAME_BYTES, MCP_PARAM "%s", name);
	mcp_envelope_put(envelope, full, encode(envelope, value));
}

void mcp_envelope_cleanup(struct mcp_envelope *envelope)
{
	for (size_t i = 0; i < envelope->n_values; i++)
		free(envelope->values[i]);
}

/* What every message of this client says. */
void mcp_envelope_address(struct mcp_envelope *envelope, const struct mcp_client *client,
			  const char *method)
{
	mcp_envelope_put(envelope, "Content-Type", "application/json");
	mcp_envelope_put(envelope, "Accept", "application/json, text/event-stream");
	if (*client->version)
		mcp_envelope_put(envelope, "MCP-Protocol-Version", client->version);
	if (*client->session)
		mcp_envelope_put(envelope, "Mcp-Session-Id", client->session);
	if (client->is_modern && method)
		mcp_envelope_put(envelope, "Mcp-Method", method);
}

void mcp_envelope_mirror(struct mcp_envelope *envelope, const struct mcp_request *request)
{
	const json_t *params = request->order.params;
	const json_t *name = json_object_get(params, "name");

	if (!name)
		name = json_object_get(params, "uri");
	if (json_is_string(name))
		mcp_envelope_put(envelope, "Mcp-Name",
				 encode(envelope, (struct str) { json_string_value(name),
								 json_string_length(name) }));
	if (request->schema)
		mcp_header_each(request->schema, json_object_get(params, "arguments"), put_param,
				envelope);
}

struct courier_call *mcp_envelope_send(struct mcp_client *client, const char *method,
				       const struct mcp_envelope *envelope, const char *body,
				       const struct mcp_ear *ear, void *data)
{
	struct courier_header secrets[MCP_MAX_SECRETS + 1];
	CLEANUP(secret_buf) struct buf bearer = { 0 };
	size_t n = 0;

	for (; n < client->config.n_secrets; n++)
		secrets[n] = client->secrets[n];
	buf_init(&bearer, BEARER_MAX_BYTES);
	buf_add_format(&bearer, "Bearer %s", client->token ? client->token : "");
	if (client->token)
		secrets[n++] = (struct courier_header) { "Authorization", buf_text(&bearer) };
	return courier_request(
		client->config.courier,
		&(struct courier_request) {
			.method = method,
			.url = client->url,
			.headers = envelope->items,
			.n_headers = envelope->n,
			.secrets = secrets,
			.n_secrets = n,
			.body = body,
			.n_body = body ? strlen(body) : 0,
			.wanted = WANTED,
			.ca_pem = client->config.ca_pem,
			.policy = { .schemes = client->config.schemes,
				    .hosts = client->host,
				    .networks = client->config.networks },
			.limits = { .first_byte_ns = ear->patience_ns,
				    .idle_ns = ear->patience_ns,
				    .total_ns = ear->patience_ns,
				    .max_bytes = client->config.max_bytes + OVERHEAD_BYTES },
		},
		&ear->handlers, data);
}

const char *mcp_head_value(const struct courier_head *head, const char *name)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (strcmp(head->headers[i].name, name) == 0)
			return head->headers[i].value;
	return NULL;
}
