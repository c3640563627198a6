/*
 * A certificate for an agent: made from a request's public key, and written down.
 *
 * The batch that writes it down refuses a key that any other agent ever had, so a
 * request that was copied off the wire, or a host that was cloned, cannot enrol again.
 */
#pragma once

#include "server/api/exchange.h"

#define ISSUE_STEPS 2

/* The public key of a request, and what a proof says of it. */
struct issue_request {
	EVP_PKEY *key;
	char sha256[65]; /* of the member's text, as sent */
};

/*
 * Reads the member "csr" (PEM) or "csr_base64" (PEM or DER) of a body. -EINVAL where
 * neither is there, else as csr_parse(). issue_request_finish() afterwards.
 */
int issue_request_read(const json_t *body, struct issue_request *request_out,
		       struct error *err) MUST_CHECK;
void issue_request_finish(struct issue_request *request);
void issue_request_cleanup(struct issue_request *request);

/* Lives until the batch was submitted and the answer sent. */
struct issue {
	char *certificate; /* PEM */
	char serial[CERTIFICATE_SERIAL_BYTES];

	/* private */
	char fingerprint[CERTIFICATE_FINGERPRINT_BYTES];
	char spki[768];
	struct store_value written[8], owned[3];
};

int issue_make(const struct org *org, const char *agent, EVP_PKEY *key, struct issue *issue_out,
	       struct error *err) MUST_CHECK;
void issue_finish(struct issue *issue);

/*
 * For a batch of the org or of all. -ENOENT: the agent is gone or revoked, or the key is
 * another agent's.
 */
void issue_steps(struct issue *issue, const char *org, const char *agent,
		 struct store_step steps_out[ISSUE_STEPS]);

/* {"agent_id", "certificate", "ca_certificate", "websocket_url", "certificate_serial"} */
json_t *issue_answer(const struct api *api, const char *agent, const struct issue *issue);

#define ISSUE_SCHEMA                                                                      \
	SCHEMA_GIVES("\"agent_id\",\"certificate\",\"ca_certificate\",\"websocket_url\"," \
		     "\"certificate_serial\"",                                            \
		     "\"agent_id\":" SCHEMA_TEXT ",\"certificate\":" SCHEMA_TEXT          \
		     ",\"ca_certificate\":" SCHEMA_TEXT ",\"websocket_url\":" SCHEMA_TEXT \
		     ",\"certificate_serial\":" SCHEMA_TEXT ",\"org\":" SCHEMA_TEXT       \
		     ",\"root_key\":" SCHEMA_NULL_TEXT ",\"anchor_key\":" SCHEMA_TEXT)
