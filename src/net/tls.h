/*
 * TLS contexts as both ends of this system need them: TLS 1.2 at least, whatever
 * the system's configuration says; HTTP/1.1 by ALPN; buffers that idle connections
 * give back.
 *
 * A context is OpenSSL's own (reference counted; SSL_CTX_free). Whom it trusts and
 * who it is can be replaced while connections are open: the next handshake sees it.
 */
#pragma once

#include <openssl/ssl.h>

#include "base/error.h"

#define TLS_FILE_MAX_BYTES MIB

/* What an error of OpenSSL says, also that a call of the system failed. Never NULL. */
const char *tls_reason(unsigned long code);

/* Who we are. Owns its members; all empty: nobody, which only a client can be. */
struct tls_identity {
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* further certificates to send, or NULL */
};

/* From PEM: the certificate (its chain after it), and the key without a passphrase. */
int tls_identity_parse(struct tls_identity *identity_out, const char *certificate_pem,
		       const char *key_pem, struct error *err) MUST_CHECK;
int tls_identity_load(struct tls_identity *identity_out, const char *certificate_path,
		      const char *key_path, struct error *err) MUST_CHECK;
void tls_identity_finish(struct tls_identity *identity);
void tls_identity_cleanup(struct tls_identity *identity);

/*
 * A set of trusted CAs from PEM, one or many; "" is the empty set that trusts
 * nobody. X509_STORE_free(). X509_STORE_add_cert() adds to one in use. Where the
 * text has revocation lists as well, there must be one of each CA, and in time:
 * whose issuer's is missing or has ended is trusted no more.
 */
X509_STORE *tls_trust_parse(const char *pem, struct error *err);
/* The same of a file, which must hold a certificate. */
X509_STORE *tls_trust_load(const char *path, struct error *err);

/*
 * A server's context. Clients are asked for a certificate, and may have none; one
 * that 'trusted' does not vouch for as a client ends the handshake. Revocation is
 * the caller's: he looks up each request's certificate, so it holds at once, also
 * for resumed sessions. 'trusted' NULL: nobody is asked. The context takes
 * references of its own. NULL with 'err'.
 */
SSL_CTX *tls_server_new(const struct tls_identity *identity, X509_STORE *trusted,
			struct error *err);

/*
 * As SSL_get_verify_result() tells afterwards, a client certificate that ended at
 * most this long ago passes (so that it can still be renewed). Default: none.
 */
void tls_server_set_grace(SSL_CTX *tls, uint64_t grace_ns);

/*
 * A client's context; 'identity' may be NULL. 'trusted' NULL: the CAs of the
 * system, which costs 840 KiB for good: not for a process that stays.
 * The server's name is checked per connection, by who makes it (net/dial.h).
 */
SSL_CTX *tls_client_new(const struct tls_identity *identity, X509_STORE *trusted,
			struct error *err);

/* Replaces both; connections that are open keep what they had. */
int tls_set_identity(SSL_CTX *tls, const struct tls_identity *identity,
		     struct error *err) MUST_CHECK;
void tls_set_trusted(SSL_CTX *tls, X509_STORE *trusted);

/* OpenSSL's oldest queued error as -EPROTO and a sentence; empties its queue. */
int tls_error(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
