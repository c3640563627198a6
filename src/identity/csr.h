/*
 * Certificate signing requests (PKCS#10, RFC 2986).
 *
 * A request is a proof that its sender holds a key, and no more: names and
 * extensions in it are its sender's wishes, so parsing gives the public key only.
 */
#pragma once

#include <openssl/types.h>

#include "base/error.h"

#define CSR_MAX_BYTES (16 * KIB)

/*
 * PEM text of a request by 'key' with CN 'name' (1 to 64 bytes) and 'hosts' as subject
 * alternative names (see certificate.h; NULL for none). Heap text, or NULL with 'err'.
 */
char *csr_make(EVP_PKEY *key, const char *name, const char *const *hosts, struct error *err);

/*
 * The public key of a foreign request, PEM or DER, whose signature was checked
 * and whose key key_check_foreign() takes. PEM may have text before its first
 * line and blanks after its last, as openssl writes it. The caller frees it. NULL with 'err':
 * -E2BIG beyond CSR_MAX_BYTES, -EBADMSG for what is no request, -EKEYREJECTED for a weak key,
 * -EBADE for a signature that does not hold.
 */
EVP_PKEY *csr_parse(const char *bytes, size_t len, struct error *err);
