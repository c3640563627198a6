/* X.509 certificates of a file's bytes, PEM or DER, as JSON. */
#pragma once

#include "base/json.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define CERTIFICATE_RESULT                                                        \
	"subject: string, issuer: string, serial: string|null, names: [string], " \
	"not_before: string|null, not_after: string|null, days_left?: integer, "  \
	"expired: boolean, not_yet_valid: boolean, is_authority: boolean, "       \
	"self_signed: boolean, key: string|null, signature: string"

#define CERTIFICATES_MAX_BYTES (256 * KIB)
#define CERTIFICATES_MAX_CHAIN 8 /* more in one file is a bundle of authorities */

/*
 * [{subject, issuer, serial, names, not_before, not_after, days_left, expired,
 * not_yet_valid, is_authority, self_signed, key, signature}] in the order of the
 * file. A new array, empty if there is none; NULL if it is a bundle.
 */
json_t *certificates_parse(const char *bytes, size_t len, uint64_t now_ns);
