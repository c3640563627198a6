#include "mcp_client/oauth/plan.h"

#include <errno.h>
#include <string.h>

#include "mcp_client/oauth/login.h"
#include "mcp_client/oauth/metadata.h"
#include "mcp_client/oauth/place.h"
#include "mcp_client/oauth/registration.h"
#include "mcp_client/oauth/scope.h"

static int next_resource(struct oauth_plan *plan, struct oauth_next *next, struct error *err)
{
	const char *named = plan->challenge ? plan->challenge->resource_metadata : "";

	if (!oauth_resource_place(plan->server_url, named, plan->n_tried, next->url))
		return error_set(err, -EPROTO, "it does not say where to log in (RFC 9728)");
	if (!oauth_url_is_good(next->url, plan->schemes))
		return error_set(err, -EPROTO, "it names no URL that may be asked");
	next->turn = OAUTH_GET;
	return 0;
}

static int next_issuer(struct oauth_plan *plan, struct oauth_next *next, struct error *err)
{
	const char *issuer = json_get_text(plan->resource, "issuer", "");

	if (!oauth_issuer_place(issuer, plan->n_tried, next->url))
		return error_set(err, -EPROTO,
				 "its authorization server has no metadata (RFC 8414)");
	next->turn = OAUTH_GET;
	return 0;
}

/* What was asked for before counts with the same issuer alone: another has scopes of its own. */
static void choose_scope(struct oauth_plan *plan)
{
	const char *issuer = json_get_text(plan->issuer, "issuer", "");
	bool is_same = strcmp(json_get_text(plan->old, "issuer", ""), issuer) == 0;

	oauth_scope_choose(plan->challenge, plan->resource, plan->issuer,
			   is_same ? json_get_text(plan->old, "scope", "") : "", plan->scope);
}

static int next_login(struct oauth_plan *plan, struct oauth_next *next, struct error *err)
{
	struct error why = { 0 };

	choose_scope(plan);
	if (!plan->client)
		plan->client = oauth_client_choose(plan->self, plan->issuer,
						   json_object_get(plan->old, "client"),
						   plan->now_s, &why);
	if (!plan->client && why.code)
		return error_set(err, why.code, "%s", why.text);
	if (!plan->client) {
		next->turn = OAUTH_REGISTER;
		text_copy(next->url, sizeof(next->url),
			  json_get_text(plan->issuer, "registration_endpoint", ""));
		next->body = oauth_registration(plan->self, plan->issuer, plan->scope);
		return 0;
	}
	next->turn = OAUTH_LOG_IN;
	next->login = oauth_login_new(plan->self, plan->resource, plan->issuer, plan->client,
				      plan->scope, err);
	return next->login ? 0 : err->code;
}

void oauth_plan_next(struct oauth_plan *plan, struct oauth_next *next_out, struct error *err)
{
	int r;

	*next_out = (struct oauth_next) { .turn = OAUTH_GIVE_UP };
	r = !plan->resource ? next_resource(plan, next_out, err)
	    : !plan->issuer ? next_issuer(plan, next_out, err)
			    : next_login(plan, next_out, err);
	if (r < 0)
		next_out->turn = OAUTH_GIVE_UP;
}

/* The issuer with which a client was registered beforehand, where several may be had. */
static const char *preferred(const struct oauth_plan *plan)
{
	return plan->self->issuer ? plan->self->issuer : json_get_text(plan->old, "issuer", NULL);
}

static int take_client(struct oauth_plan *plan, unsigned status, const json_t *document,
		       struct error *err)
{
	if ((status != 201 && status != 200) || !json_is_object(document))
		return error_set(err, -EPROTO, "the authorization server registers no client (%u)",
				 status);
	plan->client = oauth_registration_read(document, plan->self, plan->issuer, err);
	return plan->client ? 0 : err->code;
}

int oauth_plan_take(struct oauth_plan *plan, unsigned status, const json_t *document,
		    struct error *err)
{
	json_t **known = plan->resource ? &plan->issuer : &plan->resource;

	if (plan->issuer)
		return take_client(plan, status, document, err);
	plan->n_tried++;
	if (status != 200 || !json_is_object(document))
		return 0;
	*known = plan->resource
			 ? oauth_issuer_read(document, json_get_text(plan->resource, "issuer", ""),
					     plan->schemes, err)
			 : oauth_resource_read(document, plan->server_url, preferred(plan),
					       plan->schemes, err);
	plan->n_tried = 0;
	return *known ? 0 : err->code;
}

void oauth_plan_cleanup(struct oauth_plan *plan)
{
	json_decref(plan->resource);
	json_decref(plan->issuer);
	oauth_forget(plan->client);
}
