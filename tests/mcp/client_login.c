#include "client_login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void client_login_open(struct client_login *login, struct event_base *base, struct courier *courier,
		       const char *url)
{
	login->url = url;
	login->reach = (struct oauth_reach) { .base = base,
					      .courier = courier,
					      .schemes = COURIER_HTTP_TOO,
					      .networks = "127.0.0.0/8 ::1" };
	if (!login->self.redirect_uri)
		login->self.redirect_uri = "http://localhost:3000/callback";
	if (!login->self.name)
		login->self.name = "constable";
}

void client_login_close(struct client_login *login)
{
	oauth_cancel(login->errand);
	if (login->visit)
		courier_cancel(login->visit);
	json_decref(login->login);
	json_decref(login->grant);
	free(login->query);
}

static void give_up(struct client_login *login, const char *why)
{
	struct error err = { 0 };

	error_set(&err, -EACCES, "%s", why);
	mcp_client_give_token(login->client, NULL, &err);
}

static void handle_grant(json_t *grant, const struct error *err, void *data)
{
	struct client_login *login = data;

	login->errand = NULL;
	if (err) {
		mcp_client_give_token(login->client, NULL, err);
		return;
	}
	json_decref(login->grant);
	login->grant = grant;
	mcp_client_give_token(login->client, json_get_text(grant, "access_token", NULL), NULL);
}

/* Where the issuer sends to: its query, if that is our address. */
static void handle_head(const struct courier_head *head, void *data)
{
	struct client_login *login = data;
	size_t n = strlen(login->self.redirect_uri);

	for (size_t i = 0; i < head->n_headers; i++) {
		const char *location = head->headers[i].value;

		if (strncmp(location, login->self.redirect_uri, n) == 0 && location[n] == '?')
			login->query = strdup(location + n + 1);
	}
}

static void handle_end(const struct error *err, void *data)
{
	struct client_login *login = data;
	char *query = TAKE(login->query);

	login->visit = NULL;
	if (err || !query)
		give_up(login, err ? err->text : "the issuer does not send back");
	else
		login->errand =
			oauth_redeem(&login->reach, login->login, query, handle_grant, login);
	free(query);
}

static void handle_login(json_t *said, const struct error *err, void *data)
{
	static const struct courier_handlers handlers = { .head = handle_head, .end = handle_end };
	struct client_login *login = data;

	login->errand = NULL;
	if (err) {
		mcp_client_give_token(login->client, NULL, err);
		return;
	}
	json_decref(login->login);
	login->login = said;
	login->visit = courier_request(login->reach.courier,
				       &(struct courier_request) {
					       .method = "GET",
					       .url = json_get_text(said, "url", ""),
					       .wanted = "location",
					       .policy = { .schemes = login->reach.schemes,
							   .networks = login->reach.networks },
				       },
				       &handlers, login);
}

void client_login_want(const struct oauth_challenge *challenge, void *data)
{
	struct client_login *login = data;

	if (!challenge)
		mcp_client_give_token(login->client, NULL, NULL);
	else
		login->errand = oauth_prepare(&login->reach, &login->self, login->url, challenge,
					      login->grant, handle_login, login);
}
