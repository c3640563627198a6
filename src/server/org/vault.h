/*
 * Secrets that must be known again, such as those that sign: sealed for the store.
 *
 * AES-256-GCM under a key of the server's own (STATE/ca/vault.key, 0600, made on first use;
 * servers of one database share it as they share the CAs). Who has the database alone has no
 * secret. A seal is bound to its place: org and 'use', so it opens nowhere else.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#define VAULT_MAX_BYTES (64 * KIB) /* of one secret */

struct vault;

/* NULL with 'err': the file cannot be read, made, or is no such key. */
struct vault *vault_open(const char *path, struct error *err);
void vault_free(struct vault *vault);

/* Heap text of Base64, never NULL. 'use' says for what: "integration/ID". */
char *vault_seal(const struct vault *vault, const char *org, const char *use, const void *secret,
		 size_t len);
/* Appends the secret; -EBADMSG where it is no seal of this key for this place. For
 * CLEANUP(secret_buf). */
int vault_unseal(const struct vault *vault, const char *org, const char *use, const char *sealed,
		 struct buf *secret_out, struct error *err) MUST_CHECK;
