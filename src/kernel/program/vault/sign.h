/* Signing by a transit key, which stays in Vault: what is signed goes there. */
#pragma once

#include "kernel/program/trust.h"
#include "kernel/program/vault/settings.h"

/* The newest version of a transit key: what 'key_id' of a release must name. */
struct vault_signer {
	struct vault_source source;
	int64_t version;
	bool is_ecdsa;
	EVP_PKEY *key; /* its public half */
};

int vault_find_signer(const struct vault_wire *wire, const struct vault_settings *settings,
		      struct vault_signer *signer_out, struct error *err) MUST_CHECK;
void vault_signer_cleanup(struct vault_signer *signer);

/* The raw signature of the bytes, which was verified. */
int vault_sign(const struct vault_wire *wire, const struct vault_settings *settings,
	       const struct vault_signer *signer, struct str bytes, struct buf *signature_out,
	       struct error *err) MUST_CHECK;
