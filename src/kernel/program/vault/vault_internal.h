/* What the files of this folder share. */
#pragma once

#include "kernel/program/vault/answer.h"

/* One errand to Vault: what is open of it, and until when all of it has to be done. */
struct errand {
	const struct vault_wire *wire;
	const struct vault_settings *settings;
	uint64_t until_ns; /* monotonic */
};

int errand_begin(struct errand *errand, const struct vault_wire *wire,
		 const struct vault_settings *settings, struct error *err) MUST_CHECK;
void errand_cleanup(struct errand *errand);

/*
 * Asks for a path of the API, below /v1/; 'body' is JSON, or NULL for a GET. The answer is a new
 * reference; NULL without an error where Vault says that there is no such thing. -EACCES: it denies
 * it to the token; -EAGAIN: it is sealed or busy; else what the wire or its status says.
 */
json_t *errand_ask(const struct errand *errand, const char *path, const char *body,
		   struct error *err);

/* Looks what the token is worth, and renews it when half of its time is over; 'lease' tells. */
void lease_keep(struct vault_lease *lease, const struct errand *errand);

/* vault.json, what was read last, into 'known' and out of it. */
void known_open(struct vault *vault, const struct vault_settings *settings);
void known_save(const struct vault *vault);
/* What was read of that path, while it is good; or NULL. */
const json_t *known_find(const struct vault *vault, const char *source);
