/*
 * certificate/renew: another certificate for the same key, asked for at two thirds of
 * the life of the one before. The key stays, so a crash between two files cannot part
 * certificate and key.
 */
#include <openssl/evp.h>

#include "agent/link_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "identity/csr.h"

#define AGAIN_NS (3600 * NS_PER_SEC)

static void try_later(struct link *link, const char *why)
{
	link->renew_at_ns = clock_wall_ns() + AGAIN_NS;
	log_warn("the certificate could not be renewed, the next attempt is in an hour: %s", why);
}

void renewal_start(struct link *link)
{
	const struct state *state = &link->agent->state;
	struct error err = { 0 };
	CLEANUP(text) char *csr = csr_make(state->key, state->agent, NULL, &err);
	json_t *id;

	if (!csr) {
		try_later(link, err.text);
		return;
	}
	link->renewal_id = ++link->next_id;
	id = json_integer(link->renewal_id);
	if (link_send(link, jsonrpc_format_request(id, "certificate/renew",
						   json_pack("{s:s}", "csr", csr))) < 0)
		link->renewal_id = 0;
	json_decref(id);
}

void renewal_take(struct link *link, const struct jsonrpc_message *message)
{
	const char *pem = json_get_text(message->result, "certificate", "");
	struct error err = { 0 };

	link->renewal_id = 0;
	if (message->kind == JSONRPC_ERROR) {
		try_later(link, message->error);
		return;
	}
	if (state_renew(&link->agent->state, pem, &err) < 0) {
		try_later(link, err.text);
		return;
	}
	log_info("the certificate was renewed");
	link_refresh(link);
}
