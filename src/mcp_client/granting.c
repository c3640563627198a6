/*
 * Tokens of the client: those that others get for it, and its own by the client credentials grant
 * (RFC 6749 section 4.4), with the resource that it is for (RFC 8707). Where the latter is had is
 * configured and never what the MCP server says: that would be handing it the client's secret.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "identity/file.h"
#include "mcp_client/oauth/login.h"
#include "mcp_client/oauth/token.h"
#include "mcp_client/question_internal.h"

#define GRANT_NS (15 * NS_PER_SEC)
#define ANSWER_MAX_BYTES (64 * KIB)
#define FORM_MAX_BYTES (32 * KIB)

void mcp_client_forget_token(struct mcp_client *client)
{
	if (client->token)
		explicit_bzero(client->token, strlen(client->token));
	free(TAKE(client->token));
}

void mcp_client_forget_grant(struct mcp_client *client)
{
	if (client->grant.call)
		courier_cancel(TAKE(client->grant.call));
	secret_buf_cleanup(&client->grant.answer);
	mcp_client_forget_token(client);
}

static int read_token(struct mcp_client *client, struct error *err)
{
	const struct buf *answer = &client->grant.answer;
	CLEANUP(json)
	json_t *said = json_parse(buf_text(answer), answer->len, ANSWER_MAX_BYTES, err);
	const char *token = json_get_text(said, "access_token", "");

	if (client->grant.status != 200)
		return error_set(err, -EACCES, "no token is given for its credentials (%u)",
				 client->grant.status);
	if (!said || !oauth_is_token(token) ||
	    strcasecmp(json_get_text(said, "token_type", ""), "bearer") != 0)
		return error_set(err, -EBADMSG, "what gives tokens answers with none");
	client->token = strdup(token);
	if (!client->token)
		abort();
	return 0;
}

static void handle_head(const struct courier_head *head, void *data)
{
	((struct mcp_client *)data)->grant.status = head->status;
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	buf_add(&((struct mcp_client *)data)->grant.answer, bytes, len);
}

static void handle_end(const struct error *err, void *data)
{
	struct mcp_client *client = data;
	struct error why = { 0 };

	client->grant.call = NULL;
	if (err)
		why = *err;
	else
		(void)(read_token(client, &why) == 0);
	secret_buf_cleanup(&client->grant.answer);
	mcp_client_go_on(client, why.code ? &why : NULL);
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

void mcp_client_get_token(struct mcp_client *client)
{
	static const struct courier_header plain[] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
	};
	const struct mcp_grant *grant = &client->config.grant;
	CLEANUP(secret_buf) struct buf form = { 0 };

	if (client->config.want_token) {
		client->grant.is_wanted = true;
		client->config.want_token(client->grant.is_challenged ? &client->grant.challenge
								      : NULL,
					  client->config.token_data);
		return;
	}
	mcp_client_forget_token(client);
	buf_init(&client->grant.answer, ANSWER_MAX_BYTES);
	client->grant.status = 0;
	buf_init(&form, FORM_MAX_BYTES);
	oauth_form_add(&form, "grant_type", "client_credentials");
	oauth_form_add(&form, "client_id", grant->id);
	oauth_form_add(&form, "client_secret", grant->secret);
	oauth_form_add(&form, "resource", client->url);
	if (*grant->scope)
		oauth_form_add(&form, "scope", grant->scope);
	client->grant.call = courier_request(
		client->config.courier,
		&(struct courier_request) {
			.method = "POST",
			.url = grant->url,
			.headers = plain,
			.n_headers = ARRAY_LEN(plain),
			.body = form.data,
			.n_body = form.len,
			.ca_pem = client->config.ca_pem,
			.policy = { .schemes = client->config.schemes,
				    .networks = client->config.networks },
			.limits = { .total_ns = GRANT_NS, .max_bytes = ANSWER_MAX_BYTES },
		},
		&handlers, client);
}

void mcp_client_give_token(struct mcp_client *client, const char *token, const struct error *err)
{
	if (!client->grant.is_wanted || client->ended)
		return;
	client->grant.is_wanted = false;
	mcp_client_forget_token(client);
	if (token && !oauth_is_token(token))
		token = NULL;
	client->token = token ? strdup(token) : NULL;
	if (token && !client->token)
		abort();
	mcp_client_go_on(client, err);
}

void mcp_request_take_challenge(struct mcp_request *request, const struct courier_head *head)
{
	bool is_found = false;

	request->challenge = (struct oauth_challenge) { 0 };
	for (size_t i = 0; i < head->n_headers && !is_found; i++)
		if (strcmp(head->headers[i].name, "www-authenticate") == 0)
			is_found =
				oauth_challenge_parse(head->headers[i].value, &request->challenge);
}

/* Whose turns are counted: those of the beginning for all of it together. */
static bool *turn_of(const struct mcp_request *request)
{
	struct mcp_client *client = request->client;
	struct mcp_request *own = (struct mcp_request *)(uintptr_t)request;
	bool is_scope = strcmp(request->challenge.error, "insufficient_scope") == 0;

	if (request->status == 401)
		return request->is_internal ? &client->grant.has_new_token : &own->has_new_token;
	if (request->status == 403 && is_scope && client->config.want_token)
		return request->is_internal ? &client->grant.has_more_scope : &own->has_more_scope;
	return NULL;
}

bool mcp_request_may_renew(const struct mcp_request *request)
{
	const struct mcp_client_config *config = &request->client->config;
	const bool *turn = turn_of(request);

	/* What the grant of 'config' gives is the same each time. */
	return turn && !*turn && !request->n_resumes &&
	       (config->want_token || (config->grant.url && !request->is_internal));
}

void mcp_request_renew(struct mcp_request *request)
{
	struct mcp_client *client = request->client;
	bool is_internal = request->is_internal;

	*turn_of(request) = true;
	request->is_sent = false;
	client->grant.challenge = request->challenge;
	client->grant.is_challenged = true;
	mcp_request_drop_questions(request);
	if (is_internal)
		mcp_request_free(request); /* what it found out is asked anew */
	else if (client->state == MCP_CLIENT_BEGINNING)
		return; /* another request is at it */
	client->state = MCP_CLIENT_BEGINNING;
	mcp_client_get_token(client);
}
