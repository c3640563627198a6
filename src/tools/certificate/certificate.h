/* X.509 certificates of a file's bytes, PEM or DER, as JSON. */
#pragma once

#include "base/json.h"

#define CERTIFICATES_MAX_BYTES (256 * KIB)
#define CERTIFICATES_MAX_CHAIN 8 /* more in one file is a bundle of authorities */

/*
 * [{subject, issuer, serial, names, not_before, not_after, days_left, expired,
 * not_yet_valid, is_authority, self_signed, key, signature}] in the order of the
 * file. A new array, empty if there is none; NULL if it is a bundle.
 */
json_t *certificates_parse(const char *bytes, size_t len, uint64_t now_ns);
