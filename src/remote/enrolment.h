/*
 * Enrolment from the host's side: a key made here, a request for its certificate,
 * and the files that the agent starts from.
 *
 * In the agent's state folder: agent.key (0600, never leaves the host), agent.crt,
 * ca.crt (whom the agent trusts as its server), agent.json {agent_id, org, server,
 * websocket_url}. Everything is on disk before the token counts as used up for
 * this host; a second run after a crash continues with the same key.
 */
#pragma once

#include "base/json.h"

struct enrolment {
	const char *folder; /* of the agent's state */
	const char *url;    /* https://server:8000 */
	const char *pin;    /* sha256//..., or NULL */
	const char *ca_file;
	const char *token;       /* prov_..., nsk_..., or an API key where customer_id is given */
	const char *customer_id; /* or NULL */
	const char *root_key;    /* that the org must have, or NULL */
	const char *hostname;    /* as the agent will call itself, not empty */
	const char *version;
	const char *proxy, *no_proxy; /* as in net/fetch.h */
};

/* Whether there is a certificate already. */
bool enrolment_exists(const char *folder);

/*
 * 'result_out' is what the server answered, nothing of it secret: agent_id, org, root_key, ...
 * -EKEYREJECTED for another server, or another root of the org, than expected.
 */
int enrolment_run(const struct enrolment *enrolment, json_t **result_out,
		  struct error *err) MUST_CHECK;
