/*
 * What the agent is and whom it trusts: the files that enrolment left in its folder.
 *
 * agent.key (0600), agent.crt, ca.crt, agent.json {agent_id, server, websocket_url}. Only
 * agent.crt changes while it runs, when it is renewed. api_token (0600) opens the
 * local API and is made where it is missing.
 */
#pragma once

#include <openssl/types.h>

#include "identity/certificate.h"
#include "identity/token.h"

#define STATE_PATH_BYTES 4096
#define STATE_URL_BYTES 2048

struct state {
	char folder[STATE_PATH_BYTES - 64];
	char agent[CERTIFICATE_ID_BYTES];
	char server[STATE_URL_BYTES];    /* https://... */
	char websocket[STATE_URL_BYTES]; /* wss://... */
	EVP_PKEY *key;
	X509 *certificate;
	char *ca_pem;
	struct token api_token;
};

/* -ENOENT, with what to do, for a host that is not enrolled. */
int state_load(struct state *state, const char *folder, struct error *err) MUST_CHECK;
void state_finish(struct state *state);
void state_cleanup(struct state *state);

/* A renewed certificate from the server: checked, saved, then used. PEM. */
int state_renew(struct state *state, const char *pem, struct error *err) MUST_CHECK;
