/* What only the holder of an org's CA key could forge, and is refused all the same. */
#include "identity/certificate.h"

#include <errno.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/test.h"
#include "identity/ca_internal.h"
#include "identity/key.h"

#define NOW_NS (UINT64_C(1763830000) * NS_PER_SEC)

struct scene {
	struct ca acme;
	EVP_PKEY *key;
	struct certificate_agent found;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	ca_finish(&scene->acme);
	EVP_PKEY_free(scene->key);
}

static void scene_make(struct scene *scene)
{
	struct error err = { 0 };

	*scene = (struct scene) { .key = key_make(KEY_EC_P256) };
	CHECK_OK(ca_make(&scene->acme, CERTIFICATE_FOR_CLIENT, "CA", NOW_NS, &err), err);
}

static enum certificate_verdict identify(struct scene *scene, X509 *certificate)
{
	const struct certificate_org org = { "acme", scene->acme.certificate };

	return certificate_identify(certificate, &org, 1, NOW_NS, &scene->found, &scene->err);
}

static void check_refused(struct scene *scene, X509 *certificate)
{
	CHECK_INT(identify(scene, certificate), CERTIFICATE_REFUSED);
	CHECK_INT(scene->err.code, -EACCES);
	CHECK_TEXT(scene->found.agent, "");
}

struct forgery {
	const char *subject, *usage, *constraints;
	int type; /* of the name */
	const char *name;
	int n_name;
	int n_names;
};

static X509 *forge(struct scene *scene, const struct ca *ca, const struct forgery *forgery)
{
	const struct issue_extension extensions[] = {
		{ NID_basic_constraints, forgery->constraints },
		{ NID_key_usage, "critical,digitalSignature" },
		{ forgery->usage ? NID_ext_key_usage : 0, forgery->usage },
		{ 0, NULL },
	};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	struct issue issue = {
		.subject = forgery->subject,
		.key = scene->key,
		.extensions = extensions,
		.names = names,
		.days = 30,
		.now_ns = NOW_NS,
	};
	X509 *certificate;

	for (int i = 0; i < forgery->n_names; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *value = ASN1_IA5STRING_new();

		CHECK(ASN1_STRING_set(value, forgery->name, forgery->n_name));
		GENERAL_NAME_set0_value(name, forgery->type, value);
		CHECK(sk_GENERAL_NAME_push(names, name));
	}
	certificate = ca_issue(ca, &issue, &scene->err);
	GENERAL_NAMES_free(names);
	CHECK(certificate);
	return certificate;
}

#define URI "constable://acme/agent/vm-1"

TEST(a_name_that_is_not_exactly_the_agents_is_refused)
{
	const struct forgery good = {
		"vm-1", "clientAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 1
	};
	const struct {
		const char *uri, *subject;
		int len;
	} bad[] = {
		{ URI "\0", "vm-1", sizeof(URI) },
		{ URI "\0.evil", "vm-1", sizeof(URI) + 5 },
		{ URI "/", "vm-1", -1 },
		{ URI "2", "vm-1", -1 },
		{ URI, "vm-2", -1 },
		{ URI, "vm", -1 },
		{ "x" URI, "vm-1", -1 },
		{ "Constable://acme/agent/vm-1", "vm-1", -1 },
		{ "constable://acme2/agent/vm-1", "vm-1", -1 },
		{ "constable://acme/agent/", "vm-1", -1 },
		{ "constable://acme/agent/vm 1", "vm 1", -1 },
		{ "constable://acme/agent/vm-1/agent/vm-2", "vm-1/agent/vm-2", -1 },
		{ "constable://acme/agents/vm-1", "vm-1", -1 },
		{ "constable://acme/agent/../vm-1", "vm-1", -1 },
		{ "", "vm-1", 0 },
	};
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;

	scene_make(&scene);
	certificate = forge(&scene, &scene.acme, &good);
	CHECK_INT(identify(&scene, certificate), CERTIFICATE_VALID);
	scene.found = (struct certificate_agent) { 0 };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(certificate) X509 *forged = NULL;
		struct forgery forgery = good;

		forgery.name = bad[i].uri;
		forgery.n_name = bad[i].len;
		forgery.subject = bad[i].subject;
		forged = forge(&scene, &scene.acme, &forgery);
		check_refused(&scene, forged);
	}
}

TEST(a_subject_of_more_than_the_agent_is_refused)
{
	const struct forgery good = {
		"vm-1", "clientAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 1
	};
	static const int more[] = { NID_commonName, NID_organizationName };
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		CLEANUP(certificate) X509 *forged = forge(&scene, &scene.acme, &good);
		X509_NAME *subject = X509_NAME_dup(X509_get_subject_name(forged));

		CHECK(X509_NAME_add_entry_by_NID(subject, more[i], MBSTRING_UTF8,
						 (const unsigned char *)"vm-2", -1, -1, 0));
		CHECK(X509_set_subject_name(forged, subject));
		CHECK(X509_sign(forged, scene.acme.key, EVP_sha256()));
		X509_NAME_free(subject);
		check_refused(&scene, forged);
	}
}

TEST(other_kinds_and_numbers_of_names_are_refused)
{
	const struct forgery forgeries[] = {
		{ "vm-1", "clientAuth", "critical,CA:FALSE", GEN_DNS, URI, -1, 1 },
		{ "vm-1", "clientAuth", "critical,CA:FALSE", GEN_EMAIL, URI, -1, 1 },
		{ "vm-1", "clientAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 2 },
		{ "vm-1", "clientAuth,serverAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 1 },
		{ "vm-1", "serverAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 1 },
		{ "vm-1", "anyExtendedKeyUsage", "critical,CA:FALSE", GEN_URI, URI, -1, 1 },
		{ "vm-1", NULL, "critical,CA:FALSE", GEN_URI, URI, -1, 1 },
	};
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(forgeries); i++) {
		CLEANUP(certificate) X509 *forged = forge(&scene, &scene.acme, &forgeries[i]);

		check_refused(&scene, forged);
	}
}

TEST(a_client_ca_cannot_make_a_server_that_anybody_believes)
{
	const struct forgery forgery = { "srv.example.org",
					 "serverAuth",
					 "critical,CA:FALSE",
					 GEN_DNS,
					 "srv.example.org",
					 -1,
					 1 };
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *forged = NULL;

	scene_make(&scene);
	forged = forge(&scene, &scene.acme, &forgery);
	CHECK_INT(certificate_verify(forged, scene.acme.certificate, CERTIFICATE_FOR_SERVER, NOW_NS,
				     &scene.err),
		  CERTIFICATE_REFUSED);
}

TEST(a_certificate_does_not_vouch_for_itself)
{
	const struct forgery good = {
		"vm-1", "clientAuth", "critical,CA:FALSE", GEN_URI, URI, -1, 1
	};
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *forged = NULL;

	scene_make(&scene);
	forged = forge(&scene, &(struct ca) { .key = scene.key }, &good);
	CHECK_INT(certificate_verify(forged, forged, CERTIFICATE_FOR_CLIENT, NOW_NS, &scene.err),
		  CERTIFICATE_REFUSED);
	check_refused(&scene, forged);
}
