/*
 * X.509 certificates: reading them, and deciding whose they are.
 *
 * OpenSSL's X509 as it is. A certificate of ours is for one purpose only:
 * serverAuth under the server CA, clientAuth under the client CA of one org.
 * The CA that signed decides the org; the certificate says the agent, and both
 * stand in its one URI name, constable://ORG/agent/AGENT, compared byte by byte.
 */
#pragma once

#include <openssl/types.h>

#include "base/error.h"

#define CERTIFICATE_MAX_BYTES (16 * KIB)
#define CERTIFICATE_FINGERPRINT_BYTES 65
#define CERTIFICATE_SERIAL_BYTES 41 /* RFC 5280: at most 20 octets */
#define CERTIFICATE_MAX_HOSTS 64
#define CERTIFICATE_ID_BYTES 65 /* of an org or agent id, with its NUL */

/* For CLEANUP(certificate). */
void certificate_cleanup(X509 **certificate);

/*
 * One foreign certificate, PEM or DER; what follows it is refused. The caller
 * frees it with X509_free(). NULL with 'err' (-E2BIG, -EBADMSG).
 */
X509 *certificate_parse(const char *bytes, size_t len, struct error *err);

/* PEM, heap text; never NULL. */
char *certificate_format(const X509 *certificate);

/* A public file, see file.h. */
X509 *certificate_load(const char *path, struct error *err);
int certificate_save(const char *path, const X509 *certificate, struct error *err) MUST_CHECK;

/* SHA-256 of the DER bytes as lower-case hex; returns 'text'. */
const char *certificate_fingerprint(const X509 *certificate,
				    char text[CERTIFICATE_FINGERPRINT_BYTES]);

/* Lower-case hex without leading zeros, "" where it is longer than RFC 5280 allows; returns 'text'.
 */
const char *certificate_serial(const X509 *certificate, char text[CERTIFICATE_SERIAL_BYTES]);

/* Since the epoch; 0 where the certificate holds no such time. */
uint64_t certificate_not_before_ns(const X509 *certificate);
uint64_t certificate_not_after_ns(const X509 *certificate);

/* When to renew: two thirds between both. */
uint64_t certificate_renew_at_ns(const X509 *certificate);

/* What an id of an org or agent may be: 1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit. */
bool certificate_is_id(const char *text);

enum certificate_purpose {
	CERTIFICATE_FOR_SERVER,
	CERTIFICATE_FOR_CLIENT,
};

enum certificate_verdict {
	CERTIFICATE_VALID,
	CERTIFICATE_EXPIRED, /* all else holds */
	CERTIFICATE_NOT_YET, /* all else holds */
	CERTIFICATE_REFUSED,
};

/*
 * Whether 'certificate' was issued by exactly this CA for this purpose and is
 * valid at 'now_ns'; 'err' says why where it is not. Names are not looked at.
 */
enum certificate_verdict certificate_verify(X509 *certificate, X509 *ca,
					    enum certificate_purpose purpose, uint64_t now_ns,
					    struct error *err);

/* The client CA of an org; both members are borrowed. */
struct certificate_org {
	const char *org;
	X509 *ca;
};

struct certificate_agent {
	char org[CERTIFICATE_ID_BYTES];
	char agent[CERTIFICATE_ID_BYTES];
};

/*
 * Whose client certificate this is. Both members of 'agent_out' are written for
 * every verdict but CERTIFICATE_REFUSED, so that a caller may renew what
 * expired within its grace. Revocation is the caller's question.
 */
enum certificate_verdict certificate_identify(X509 *certificate, const struct certificate_org *orgs,
					      size_t n_orgs, uint64_t now_ns,
					      struct certificate_agent *agent_out,
					      struct error *err);
