/*
 * The key that a person signs approvals with: Ed25519, made on this machine, 0600 beside the
 * credentials, and never anywhere else. The server is told its public half; what that is worth
 * the org's root key decides (remote/root.h).
 */
#pragma once

#include <openssl/types.h>

#include "identity/approvers.h"
#include "remote/server.h"

/* The key, made where there is none; NULL with 'err'. The caller frees it. */
EVP_PKEY *signer_key(struct error *err);

/* Tells the server the public half; 'name_out' is what the org calls its owner. */
int signer_tell(struct server *server, EVP_PKEY *key, char name_out[APPROVER_NAME_BYTES],
		struct error *err) MUST_CHECK;

/*
 * As the org's list of approvers calls the owner of this key; -EACCES where it has none like
 * it. 'list_out' (or NULL) is the server's answer, a new reference, in either case.
 */
int signer_find_name(struct server *server, EVP_PKEY *key, char name_out[APPROVER_NAME_BYTES],
		     json_t **list_out, struct error *err) MUST_CHECK;

/* Shows 'question' on a terminal and reads a y; false without a terminal. */
bool signer_asks_yes(const char *question);
