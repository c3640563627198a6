/* The errands of oauth.h: one request after the other, each through the courier. */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/file.h"
#include "mcp_client/oauth/login.h"
#include "mcp_client/oauth/oauth.h"
#include "mcp_client/oauth/place.h"
#include "mcp_client/oauth/plan.h"
#include "mcp_client/oauth/token.h"

#define MAX_REQUESTS 8 /* of one errand: two places, three places, a client */

struct oauth_errand {
	struct oauth_reach reach;
	struct event *soon;
	struct courier_call *call;
	struct buf answer;
	unsigned status, n_requests;
	oauth_done *done;
	void *data;

	/* Of one that prepares; the plan borrows from the rest. */
	struct oauth_plan plan;
	struct oauth_self self;
	struct oauth_challenge challenge;
	char *texts[7];
	json_t *old;

	/* Of one that asks for a token. */
	json_t *login, *grant;
	char *query;
};

static void wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* The texts of jansson are its own, but nobody else has them when it is about to free them. */
static void wipe(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	if (!json || json->refcount > 1)
		return;
	if (json_is_string(json))
		explicit_bzero((char *)(uintptr_t)json_string_value(json),
			       json_string_length(json));
	json_object_foreach(json, key, value) wipe(value);
	json_array_foreach(json, i, value) wipe(value);
}

void oauth_forget(json_t *secret)
{
	wipe(secret);
	json_decref(secret);
}

void oauth_cancel(struct oauth_errand *errand)
{
	if (!errand)
		return;
	if (errand->call)
		courier_cancel(errand->call);
	event_free(errand->soon);
	secret_buf_cleanup(&errand->answer);
	oauth_plan_cleanup(&errand->plan);
	for (size_t i = 0; i < ARRAY_LEN(errand->texts); i++)
		wipe_text(errand->texts[i]);
	wipe_text(errand->query);
	oauth_forget(errand->old);
	oauth_forget(errand->login);
	oauth_forget(errand->grant);
	free(errand);
}

/* Takes 'said'. */
static void finish(struct oauth_errand *errand, json_t *said, const struct error *err)
{
	oauth_done *done = errand->done;
	void *data = errand->data;

	oauth_cancel(errand);
	done(said, err, data);
}

static void handle_head(const struct courier_head *head, void *data)
{
	((struct oauth_errand *)data)->status = head->status;
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	buf_add(&((struct oauth_errand *)data)->answer, bytes, len);
}

static void handle_end(const struct error *err, void *data);

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

/* The private networks that a URL may lead into; or NULL. */
static const char *networks_for(const struct oauth_errand *errand, const char *url)
{
	const char *own = errand->grant ? json_get_text(errand->grant, "resource", "")
					: errand->plan.server_url;
	const char *issuer = errand->reach.issuer;

	return oauth_url_is_beside(url, own) || (issuer && oauth_url_is_beside(url, issuer))
		       ? errand->reach.networks
		       : NULL;
}

/* 'body' NULL: a GET. */
static void ask(struct oauth_errand *errand, const char *url, const char *type,
		const struct buf *body, const char *authorization)
{
	const struct courier_header plain[] = { { "Accept", "application/json" },
						{ "Content-Type", type } };
	const struct courier_header secret = { "Authorization", authorization };

	secret_buf_cleanup(&errand->answer);
	buf_init(&errand->answer, OAUTH_MAX_BYTES);
	errand->status = 0;
	errand->call = courier_request(
		errand->reach.courier,
		&(struct courier_request) {
			.method = body ? "POST" : "GET",
			.url = url,
			.headers = plain,
			.n_headers = body ? 2 : 1,
			.secrets = &secret,
			.n_secrets = *authorization ? 1 : 0,
			.body = body ? body->data : NULL,
			.n_body = body ? body->len : 0,
			.ca_pem = errand->reach.ca_pem,
			.policy = { .schemes = errand->reach.schemes,
				    .networks = networks_for(errand, url) },
			.limits = { .total_ns = OAUTH_STEP_NS, .max_bytes = OAUTH_MAX_BYTES },
		},
		&handlers, errand);
}

/* --- a login ----------------------------------------------------------------------------- */

static void go_on(struct oauth_errand *errand)
{
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(text) char *canonical = NULL;
	struct oauth_next next;
	struct error err = { 0 };

	oauth_plan_next(&errand->plan, &next, &err);
	body = next.body;
	if (next.turn == OAUTH_LOG_IN) {
		finish(errand, next.login, NULL);
		return;
	}
	if (next.turn != OAUTH_GIVE_UP && errand->n_requests++ == MAX_REQUESTS)
		error_set(&err, -EPROTO, "it takes too many questions to find out");
	if (err.code) {
		finish(errand, NULL, &err);
		return;
	}
	buf_init(&text, OAUTH_MAX_BYTES);
	canonical = body ? json_canonical(body) : NULL;
	buf_add_text(&text, canonical ? canonical : "");
	ask(errand, next.url, "application/json", body ? &text : NULL, "");
}

static void take_metadata(struct oauth_errand *errand, const json_t *document)
{
	struct error err = { 0 };

	if (oauth_plan_take(&errand->plan, errand->status, document, &err) < 0)
		finish(errand, NULL, &err);
	else
		go_on(errand);
}

/* --- tokens ------------------------------------------------------------------------------ */

static void ask_token(struct oauth_errand *errand)
{
	CLEANUP(secret_buf) struct buf form = { 0 };
	CLEANUP(secret_buf) struct buf authorization = { 0 };
	CLEANUP(secret_buf) struct buf code = { 0 };
	struct error err = { 0 };

	buf_init(&form, OAUTH_MAX_BYTES);
	buf_init(&authorization, OAUTH_MAX_BYTES);
	buf_init(&code, OAUTH_CODE_MAX_BYTES + 1);
	if (errand->login && oauth_login_read(errand->login, errand->query, &code, &err) < 0) {
		finish(errand, NULL, &err);
		return;
	}
	if (errand->login)
		oauth_code_request(errand->login, buf_text(&code), &form, &authorization);
	else
		oauth_refresh_request(errand->grant, &form, &authorization);
	ask(errand, json_get_text(errand->grant, "token_endpoint", ""),
	    "application/x-www-form-urlencoded", &form, buf_text(&authorization));
}

static void take_token(struct oauth_errand *errand, const json_t *document)
{
	struct error err = { 0 };
	json_t *grant = oauth_token_read(errand->grant, errand->status, document,
					 (int64_t)(clock_wall_ns() / NS_PER_SEC), &err);

	finish(errand, grant, grant ? NULL : &err);
}

/* --- either ------------------------------------------------------------------------------ */

static void handle_end(const struct error *err, void *data)
{
	struct oauth_errand *errand = data;
	json_t *document;
	struct error none = { 0 };

	errand->call = NULL;
	if (err) {
		struct error why = *err;

		if (why.code == -EACCES)
			why.code = -EPERM; /* what is forbidden here, no issuer has refused */
		finish(errand, NULL, &why);
		return;
	}
	document =
		json_parse(buf_text(&errand->answer), errand->answer.len, OAUTH_MAX_BYTES, &none);
	if (errand->grant)
		take_token(errand, document);
	else
		take_metadata(errand, document);
	oauth_forget(document);
}

static void handle_soon(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct oauth_errand *errand = data;

	if (errand->grant)
		ask_token(errand);
	else
		go_on(errand);
}

static struct oauth_errand *errand_new(const struct oauth_reach *reach, oauth_done *done,
				       void *data)
{
	static const struct timeval now = { 0 };
	struct oauth_errand *errand = calloc(1, sizeof(*errand));

	if (!errand)
		abort();
	errand->reach = *reach;
	errand->done = done;
	errand->data = data;
	errand->soon = event_new(reach->base, -1, 0, handle_soon, errand);
	if (!errand->soon || event_add(errand->soon, &now) < 0)
		abort();
	return errand;
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

struct oauth_errand *oauth_prepare(const struct oauth_reach *reach, const struct oauth_self *self,
				   const char *url, const struct oauth_challenge *challenge,
				   const json_t *old, oauth_done *done, void *data)
{
	struct oauth_errand *errand = errand_new(reach, done, data);
	const char *const texts[] = {
		self->redirect_uri,
		self->name,
		self->document,
		self->client_id,
		self->client_secret,
		self->issuer,
		url,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		errand->texts[i] = copy(texts[i]);
	errand->self = (struct oauth_self) { errand->texts[0], errand->texts[1], errand->texts[2],
					     errand->texts[3], errand->texts[4], errand->texts[5] };
	if (challenge)
		errand->challenge = *challenge;
	errand->old = old ? json_deep_copy(old) : NULL;
	errand->plan = (struct oauth_plan) {
		.self = &errand->self,
		.server_url = errand->texts[6],
		.challenge = challenge ? &errand->challenge : NULL,
		.old = errand->old,
		.schemes = reach->schemes,
		.now_s = (int64_t)(clock_wall_ns() / NS_PER_SEC),
	};
	return errand;
}

struct oauth_errand *oauth_redeem(const struct oauth_reach *reach, const json_t *login,
				  const char *query, oauth_done *done, void *data)
{
	struct oauth_errand *errand = errand_new(reach, done, data);

	errand->login = json_deep_copy(login);
	errand->grant = json_deep_copy(json_object_get(login, "grant"));
	errand->query = copy(query);
	if (!errand->grant)
		errand->grant = json_object();
	return errand;
}

struct oauth_errand *oauth_refresh(const struct oauth_reach *reach, const json_t *grant,
				   oauth_done *done, void *data)
{
	struct oauth_errand *errand = errand_new(reach, done, data);

	errand->grant = json_deep_copy(grant);
	return errand;
}
