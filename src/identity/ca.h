/*
 * Our certificate authorities: one for servers, one per org for its agents.
 *
 * A CA is self-signed, ECDSA P-256, issues end certificates only (pathlen 0) and
 * for one purpose only, which its own extended key usage says. Its files are
 * FOLDER/NAME.key (0600) and FOLDER/NAME.crt. All extensions of what it issues
 * are ours; of a request only the public key is used. Serials are 128 random
 * bits; certificates start an hour early, for hosts whose clock is behind.
 */
#pragma once

#include "base/buf.h"
#include "identity/certificate.h"

#define CA_DAYS 3650
#define CA_SERVER_DAYS 398
#define CA_AGENT_DAYS 30
#define CA_RENEW_GRACE_DAYS 90 /* an expired agent certificate may be renewed so long */

struct ca {
	EVP_PKEY *key;
	X509 *certificate;
	enum certificate_purpose purpose; /* of what it issues */
};

/* A new CA in memory; 'subject' (1 to 64 bytes) becomes its CN. */
int ca_make(struct ca *ca, enum certificate_purpose purpose, const char *subject, uint64_t now_ns,
	    struct error *err) MUST_CHECK;

/* Key first, so that a crash between both leaves what ca_open() completes. */
int ca_save(const struct ca *ca, const char *folder, const char *name,
	    struct error *err) MUST_CHECK;

/*
 * -ENOENT where neither file is; -EBADMSG where they do not belong together or are no CA
 * for that purpose.
 */
int ca_load(struct ca *ca, enum certificate_purpose purpose, const char *folder, const char *name,
	    struct error *err) MUST_CHECK;

struct ca_place {
	enum certificate_purpose purpose;
	const char *folder; /* exists */
	const char *name;   /* "server", "org-ID" */
	const char *subject;
};

/*
 * Loads it, or makes and saves it where there is none. Where a crash left only the key, it
 * gets its certificate; a certificate without its key is an error.
 */
int ca_open(struct ca *ca, const struct ca_place *place, uint64_t now_ns,
	    struct error *err) MUST_CHECK;

/*
 * Key and certificate as one text in PEM, for who keeps CAs elsewhere: a secret. It may be of a
 * hostile place: -EBADMSG where it is no CA for that purpose; 'name' says in errors whose.
 */
void ca_write(const struct ca *ca, struct buf *out);
int ca_read(struct ca *ca, enum certificate_purpose purpose, const char *text, const char *name,
	    struct error *err) MUST_CHECK;

void ca_finish(struct ca *ca);
void ca_cleanup(struct ca *ca);

/*
 * A server certificate: 'hosts' are DNS names, "*.NAME", and IPv4 or IPv6
 * addresses as text, NULL at the end, 1 to CERTIFICATE_MAX_HOSTS; the first
 * becomes the CN where it fits. NULL with 'err'.
 */
X509 *ca_issue_server(const struct ca *ca, EVP_PKEY *key, const char *const *hosts, uint64_t now_ns,
		      struct error *err);

/* An agent certificate for that public key: CN = agent, URI = constable://ORG/agent/AGENT. */
X509 *ca_issue_agent(const struct ca *ca, EVP_PKEY *key, const struct certificate_agent *agent,
		     uint64_t now_ns, struct error *err);
