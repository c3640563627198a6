#include "identity/ca.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/ca_internal.h"
#include "identity/identity_internal.h"
#include "identity/key.h"

#define PATH_BYTES 4096

static int path_make(char path[PATH_BYTES], const char *folder, const char *name,
		     const char *suffix, struct error *err)
{
	int len = snprintf(path, PATH_BYTES, "%s/%s%s", folder, name, suffix);

	return len >= PATH_BYTES
		       ? error_set(err, -ENAMETOOLONG, "the path of the CA's files is too long")
		       : 0;
}

static const char *usage_of(enum certificate_purpose purpose)
{
	return purpose == CERTIFICATE_FOR_SERVER ? "serverAuth" : "clientAuth";
}

/* Names of what the CA issues are ours, but a CA of one purpose is held to it by every verifier. */
static X509 *make_certificate(EVP_PKEY *key, enum certificate_purpose purpose, const char *subject,
			      uint64_t now_ns, struct error *err)
{
	const struct issue_extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_ext_key_usage, usage_of(purpose) },
		{ 0, NULL },
	};
	const struct issue issue = {
		.subject = subject,
		.key = key,
		.extensions = extensions,
		.days = CA_DAYS,
		.now_ns = now_ns,
	};

	return ca_issue(&(struct ca) { .key = key, .purpose = purpose }, &issue, err);
}

int ca_make(struct ca *ca, enum certificate_purpose purpose, const char *subject, uint64_t now_ns,
	    struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	X509 *certificate = make_certificate(key, purpose, subject, now_ns, err);

	if (!certificate)
		return err->code;
	*ca = (struct ca) { .key = TAKE(key), .certificate = certificate, .purpose = purpose };
	return 0;
}

int ca_save(const struct ca *ca, const char *folder, const char *name, struct error *err)
{
	char path[PATH_BYTES];
	int r = path_make(path, folder, name, ".key", err);

	if (r == 0)
		r = key_save(path, ca->key, err);
	if (r == 0)
		r = path_make(path, folder, name, ".crt", err);
	return r < 0 ? r : certificate_save(path, ca->certificate, err);
}

static int check(const struct ca *ca, const char *name, struct error *err)
{
	uint32_t wanted = ca->purpose == CERTIFICATE_FOR_SERVER ? XKU_SSL_SERVER : XKU_SSL_CLIENT;

	if (!key_equal(X509_get0_pubkey(ca->certificate), ca->key))
		return error_set(err, -EBADMSG, "'%s': certificate and key do not belong together",
				 name);
	if (X509_check_ca(ca->certificate) != 1 ||
	    X509_get_extended_key_usage(ca->certificate) != wanted)
		return error_set(err, -EBADMSG, "'%s' is no CA for %s", name,
				 usage_of(ca->purpose));
	return 0;
}

void ca_write(const struct ca *ca, struct buf *out)
{
	char *certificate = certificate_format(ca->certificate);

	key_write(ca->key, out);
	buf_add_text(out, certificate);
	free(certificate);
}

int ca_read(struct ca *ca, enum certificate_purpose purpose, const char *text, const char *name,
	    struct error *err)
{
	CLEANUP(ca) struct ca read = { .purpose = purpose };
	const char *certificate = strstr(text, "-----BEGIN CERTIFICATE");

	if (!certificate)
		return error_set(err, -EBADMSG, "'%s' has no certificate", name);
	read.key = key_read(text, KEY_EC_P256, name, err);
	if (read.key)
		read.certificate = certificate_parse(certificate, strlen(certificate), err);
	if (!read.certificate || check(&read, name, err) < 0)
		return err->code;
	*ca = (struct ca) { TAKE(read.key), TAKE(read.certificate), purpose };
	return 0;
}

/* Loads what there is; -ENOENT where one is missing, with the other loaded. */
static int load_parts(struct ca *ca, const char *folder, const char *name, struct error *err)
{
	struct error why = { 0 };
	char path[PATH_BYTES];

	if (path_make(path, folder, name, ".key", err) < 0)
		return err->code;
	ca->key = key_load(path, KEY_EC_P256, &why);
	if (!ca->key && why.code != -ENOENT) {
		*err = why;
		return err->code;
	}
	(void)path_make(path, folder, name, ".crt", err); /* fits as the other did */
	ca->certificate = certificate_load(path, ca->key ? err : &why);
	if (ca->certificate && !ca->key)
		return error_set(err, -EBADMSG, "'%s' is there, but its key is not", path);
	if (!ca->key)
		*err = why;
	return ca->certificate ? check(ca, path, err) : err->code;
}

int ca_load(struct ca *ca, enum certificate_purpose purpose, const char *folder, const char *name,
	    struct error *err)
{
	CLEANUP(ca) struct ca loaded = { .purpose = purpose };
	int r = load_parts(&loaded, folder, name, err);

	if (r == -ENOENT && loaded.key)
		return error_set(err, -EBADMSG, "'%s/%s.key' has no certificate beside it", folder,
				 name);
	if (r < 0)
		return r;
	*ca = (struct ca) { TAKE(loaded.key), TAKE(loaded.certificate), purpose };
	return 0;
}

int ca_open(struct ca *ca, const struct ca_place *place, uint64_t now_ns, struct error *err)
{
	CLEANUP(ca) struct ca opened = { .purpose = place->purpose };
	struct error why = { 0 };
	int r = load_parts(&opened, place->folder, place->name, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	if (r < 0) {
		if (!opened.key)
			opened.key = key_make(KEY_EC_P256);
		opened.certificate =
			make_certificate(opened.key, place->purpose, place->subject, now_ns, err);
		if (!opened.certificate)
			return err->code;
		r = ca_save(&opened, place->folder, place->name, err);
		if (r < 0)
			return r;
	}
	*ca = (struct ca) { TAKE(opened.key), TAKE(opened.certificate), place->purpose };
	return 0;
}

void ca_finish(struct ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->certificate);
	*ca = (struct ca) { 0 };
}

void ca_cleanup(struct ca *ca)
{
	ca_finish(ca);
}
