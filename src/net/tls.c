#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/clock.h"

#define MAX_CHAIN 8
#define MAX_TRUSTED 4096
#define TICKET_SECONDS 3600

/* TLS 1.2 suites: forward secrecy and authenticated encryption only. */
#define TLS_1_2_SUITES "ECDHE+AESGCM:ECDHE+CHACHA20"

const char *tls_reason(unsigned long code)
{
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerrordesc_np(ERR_GET_REASON(code))
						    : ERR_reason_error_string(code);

	return reason ? reason : "no reason given";
}

int tls_error(struct error *err, const char *format, ...)
{
	unsigned long code = ERR_get_error();
	char what[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	ERR_clear_error();
	return error_set(err, -EPROTO, "%s: %s", what, tls_reason(code));
}

/* Never asks a terminal for a passphrase. */
static int refuse_passphrase(char *text UNUSED, int size UNUSED, int writing UNUSED,
			     void *data UNUSED)
{
	return -1;
}

static BIO *open_text(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!bio)
		abort();
	return bio;
}

static bool at_end_of_pem(void)
{
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return ended;
}

static int read_certificates(BIO *bio, struct tls_identity *identity, struct error *err)
{
	X509 *next;

	identity->certificate = PEM_read_bio_X509(bio, NULL, refuse_passphrase, NULL);
	if (!identity->certificate)
		return tls_error(err, "read the certificate");
	identity->chain = sk_X509_new_null();
	while ((next = PEM_read_bio_X509(bio, NULL, refuse_passphrase, NULL))) {
		if (sk_X509_push(identity->chain, next) > MAX_CHAIN)
			return error_set(err, -E2BIG, "more than %u certificates in a chain",
					 MAX_CHAIN);
	}
	if (!at_end_of_pem())
		return error_set(err, -EBADMSG, "a certificate of the chain is broken");
	return 0;
}

int tls_identity_parse(struct tls_identity *identity_out, const char *certificate_pem,
		       const char *key_pem, struct error *err)
{
	CLEANUP(tls_identity) struct tls_identity identity = { 0 };
	BIO *bio = open_text(certificate_pem);
	int r = read_certificates(bio, &identity, err);

	BIO_free(bio);
	if (r < 0)
		return r;
	bio = open_text(key_pem);
	identity.key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL);
	BIO_free(bio);
	if (!identity.key)
		return tls_error(err, "read the key");
	if (X509_check_private_key(identity.certificate, identity.key) != 1)
		return tls_error(err, "the key is not the certificate's");
	*identity_out = identity;
	identity = (struct tls_identity) { 0 };
	return 0;
}

static int read_file(const char *path, struct buf *text, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return error_errno(err, "open %s", path);
	buf_init(text, TLS_FILE_MAX_BYTES);
	r = buf_read_fd(text, fd);
	if (r < 0 || text->dropped)
		return error_set(err, r < 0 ? r : -E2BIG, "%s: cannot be read, or is too long",
				 path);
	return 0;
}

int tls_identity_load(struct tls_identity *identity_out, const char *certificate_path,
		      const char *key_path, struct error *err)
{
	CLEANUP(buf) struct buf certificate = { 0 };
	CLEANUP(buf) struct buf key = { 0 };
	int r = read_file(certificate_path, &certificate, err);

	if (r == 0)
		r = read_file(key_path, &key, err);
	if (r < 0)
		return r;
	r = tls_identity_parse(identity_out, buf_text(&certificate), buf_text(&key), err);
	if (key.data)
		explicit_bzero(key.data, key.len);
	return r < 0 ? error_wrap(err, "%s with %s", certificate_path, key_path) : 0;
}

void tls_identity_finish(struct tls_identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
	sk_X509_pop_free(identity->chain, X509_free);
	*identity = (struct tls_identity) { 0 };
}

void tls_identity_cleanup(struct tls_identity *identity)
{
	tls_identity_finish(identity);
}

static int add_trusted(X509_STORE *store, BIO *bio, struct error *err)
{
	X509 *next;
	unsigned n = 0;

	while ((next = PEM_read_bio_X509(bio, NULL, refuse_passphrase, NULL))) {
		int added = X509_STORE_add_cert(store, next);

		X509_free(next);
		if (!added)
			return tls_error(err, "trust a certificate");
		if (++n > MAX_TRUSTED)
			return error_set(err, -E2BIG, "more than %u trusted certificates",
					 MAX_TRUSTED);
	}
	if (!at_end_of_pem())
		return error_set(err, -EBADMSG, "a trusted certificate is broken");
	return 0;
}

static int add_revoked(X509_STORE *store, BIO *bio, struct error *err)
{
	X509_CRL *next;
	unsigned n = 0;

	while ((next = PEM_read_bio_X509_CRL(bio, NULL, refuse_passphrase, NULL))) {
		int added = X509_STORE_add_crl(store, next);

		X509_CRL_free(next);
		if (!added)
			return tls_error(err, "take a revocation list");
		if (++n > MAX_TRUSTED)
			return error_set(err, -E2BIG, "more than %u revocation lists", MAX_TRUSTED);
	}
	if (!at_end_of_pem())
		return error_set(err, -EBADMSG, "a revocation list is broken");
	/* Also of the CAs between: one that was revoked vouches for nobody. */
	if (n &&
	    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1)
		abort();
	return 0;
}

X509_STORE *tls_trust_parse(const char *pem, struct error *err)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio = open_text(pem);
	int r;

	if (!store)
		abort();
	r = add_trusted(store, bio, err);
	BIO_free(bio);
	bio = open_text(pem);
	if (r == 0)
		r = add_revoked(store, bio, err);
	BIO_free(bio);
	if (r == 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}

X509_STORE *tls_trust_load(const char *path, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	X509_STORE *trusted;

	if (read_file(path, &text, err) < 0)
		return NULL;
	trusted = tls_trust_parse(buf_text(&text), err);
	if (trusted && sk_X509_OBJECT_num(X509_STORE_get0_objects(trusted)))
		return trusted;
	if (trusted)
		error_set(err, -EINVAL, "it holds no certificate");
	X509_STORE_free(trusted);
	error_wrap(err, "%s", path);
	return NULL;
}

int tls_set_identity(SSL_CTX *tls, const struct tls_identity *identity, struct error *err)
{
	ERR_clear_error();
	if (SSL_CTX_use_cert_and_key(tls, identity->certificate, identity->key, identity->chain,
				     1) != 1)
		return tls_error(err, "use the certificate");
	return 0;
}

void tls_set_trusted(SSL_CTX *tls, X509_STORE *trusted)
{
	SSL_CTX_set1_cert_store(tls, trusted);
}

static SSL_CTX *context_new(const SSL_METHOD *method)
{
	SSL_CTX *tls;

	/* Without openssl.cnf: what it would set for all is set here. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	tls = SSL_CTX_new(method);
	if (!tls)
		abort();
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(tls, TLS_1_2_SUITES);
	/* Everything above has its own end mark, so a missing close_notify cuts nothing short. */
	SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Sessions live in tickets; the context remembers none. */
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(tls, TICKET_SECONDS);
	return tls;
}

static int select_protocol(SSL *ssl UNUSED, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned in_len, void *data UNUSED)
{
	static const unsigned char served[] = "\x08http/1.1";
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, out_len, served, sizeof(served) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int verify_client(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	uintptr_t grace_s = (uintptr_t)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	time_t since = (time_t)(clock_wall_ns() / NS_PER_SEC) - (time_t)grace_s;

	if (ok || X509_STORE_CTX_get_error(store) != X509_V_ERR_CERT_HAS_EXPIRED ||
	    X509_STORE_CTX_get_error_depth(store) != 0 || !grace_s)
		return ok;
	/* The error stays in the context, and so SSL_get_verify_result() tells. */
	return X509_cmp_time(X509_get0_notAfter(certificate), &since) > 0;
}

SSL_CTX *tls_server_new(const struct tls_identity *identity, X509_STORE *trusted, struct error *err)
{
	SSL_CTX *tls = context_new(TLS_server_method());

	if (tls_set_identity(tls, identity, err) < 0) {
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(tls, select_protocol, NULL);
	SSL_CTX_set_num_tickets(tls, 1);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"constable", 9);
	if (trusted) {
		tls_set_trusted(tls, trusted);
		SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, verify_client);
	}
	return tls;
}

void tls_server_set_grace(SSL_CTX *tls, uint64_t grace_ns)
{
	SSL_CTX_set_app_data(tls, (void *)(uintptr_t)(grace_ns / NS_PER_SEC));
}

SSL_CTX *tls_client_new(const struct tls_identity *identity, X509_STORE *trusted, struct error *err)
{
	SSL_CTX *tls = context_new(TLS_client_method());
	int r = identity ? tls_set_identity(tls, identity, err) : 0;

	if (r == 0 && trusted)
		tls_set_trusted(tls, trusted);
	else if (r == 0 && SSL_CTX_set_default_verify_paths(tls) != 1)
		r = tls_error(err, "load the CAs of the system");
	if (r < 0) {
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\x08http/1.1", 9);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	return tls;
}
