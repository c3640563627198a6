/*
 * The one who starts it all is the one who may approve changes of this machine: he has the
 * rights of its warden anyway. With a second person, 'constable approver' parts them.
 */
#include "remote/pin.h"
#include "remote/up_internal.h"

static int get_org(struct up *up, json_t **org_out, struct error *err)
{
	struct fetch_request request = { .method = "GET", .path = "/api/v1/org" };

	return fetch(up->fetcher, &request, org_out, err);
}

static void complain(struct up *up, const struct error *err)
{
	page_flow_format(&up->cli->err, STYLE_WARN, 0,
			 "Changes cannot be approved through this server yet: %s.", err->text);
	page_end(&up->cli->err);
}

int up_make_root(struct up *up, struct error *err)
{
	char *const words[] = { (char *)"constable", (char *)"org",     (char *)"root",
				(char *)"create",    (char *)"--alone", NULL };
	CLEANUP(json) json_t *org = NULL;
	int r = get_org(up, &org, err);

	if (r < 0 || json_get_text(org, "root_key", NULL))
		return r;
	/* What hinders it was said; all else works without. */
	r = up_run_command(up, words, "\n", err);
	return r < 0 ? r : 0;
}

void up_pin(struct up *up)
{
	CLEANUP(json) json_t *org = NULL;
	CLEANUP(json) json_t *host = NULL;
	struct error err = { 0 };

	if (get_org(up, &org, &err) < 0 || !json_get_text(org, "root_key", NULL))
		return;
	host = json_pack("{s:s, s:s, s:s}", "agent_id", up->agent, "org",
			 json_get_text(org, "id", ""), "root_key",
			 json_get_text(org, "root_key", ""));
	if (pin_host(up->cli->state, host, PIN_ONCE, &err) < 0)
		complain(up, &err);
}
