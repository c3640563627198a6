#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/ca_internal.h"
#include "identity/identity_internal.h"
#include "identity/key.h"

#define NS_PER_DAY (86400 * NS_PER_SEC)
#define EARLY_NS (3600 * NS_PER_SEC)
#define CN_MAX_BYTES 64 /* RFC 5280: ub-common-name */

static void set_serial(X509 *certificate)
{
	unsigned char bytes[16];
	BIGNUM *number;

	random_fill(bytes, sizeof(bytes));
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)))
		abort();
	BN_free(number);
}

static void set_time(ASN1_TIME *to, uint64_t when_ns)
{
	if (!ASN1_TIME_adj(to, (time_t)(when_ns / NS_PER_SEC), 0, 0))
		abort();
}

/* From an hour ago, to where the CA itself ends at the latest. */
static int set_validity(X509 *certificate, const struct ca *ca, const struct issue *issue,
			struct error *err)
{
	uint64_t to_ns = issue->now_ns + issue->days * NS_PER_DAY;
	uint64_t from_ns = issue->now_ns > EARLY_NS ? issue->now_ns - EARLY_NS : 0;
	uint64_t end_ns = ca->certificate ? certificate_not_after_ns(ca->certificate) : to_ns;

	if (end_ns <= issue->now_ns)
		return error_set(err, -EKEYEXPIRED, "the CA itself has expired");
	set_time(X509_getm_notBefore(certificate), from_ns);
	set_time(X509_getm_notAfter(certificate), to_ns < end_ns ? to_ns : end_ns);
	return 0;
}

static void add_extension(X509 *certificate, X509V3_CTX *context, int nid, const char *text)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, text);

	if (!extension || !X509_add_ext(certificate, extension, -1))
		abort();
	X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *certificate, X509 *issuer, const struct issue *issue)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	for (const struct issue_extension *at = issue->extensions; at->nid; at++)
		add_extension(certificate, &context, at->nid, at->text);
	add_extension(certificate, &context, NID_subject_key_identifier, "hash");
	add_extension(certificate, &context, NID_authority_key_identifier, "keyid:always");
	if (issue->names && X509_add1_ext_i2d(certificate, NID_subject_alt_name, issue->names, 0,
					      X509V3_ADD_DEFAULT) != 1)
		abort();
}

X509 *ca_issue(const struct ca *ca, const struct issue *issue, struct error *err)
{
	CLEANUP(certificate) X509 *certificate = X509_new();
	CLEANUP(common_name) X509_NAME *subject = common_name_make(issue->subject, err);
	X509 *issuer = ca->certificate ? ca->certificate : certificate;

	if (!subject)
		return NULL;
	if (!certificate || !X509_set_version(certificate, X509_VERSION_3) ||
	    !X509_set_subject_name(certificate, subject) ||
	    !X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ||
	    !X509_set_pubkey(certificate, issue->key))
		abort();
	set_serial(certificate);
	if (set_validity(certificate, ca, issue, err) < 0)
		return NULL;
	add_extensions(certificate, issuer, issue);
	if (!X509_sign(certificate, ca->key, EVP_sha256()))
		abort();
	return TAKE(certificate);
}

static X509 *issue_end(const struct ca *ca, struct issue *issue, struct error *err)
{
	const struct issue_extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage,
		  ca->purpose == CERTIFICATE_FOR_SERVER ? "serverAuth" : "clientAuth" },
		{ 0, NULL },
	};

	issue->extensions = extensions;
	return key_check_foreign(issue->key, err) < 0 ? NULL : ca_issue(ca, issue, err);
}

X509 *ca_issue_server(const struct ca *ca, EVP_PKEY *key, const char *const *hosts, uint64_t now_ns,
		      struct error *err)
{
	CLEANUP(general_names) GENERAL_NAMES *names = host_names_make(hosts, err);
	struct issue issue = { .key = key, .days = CA_SERVER_DAYS, .now_ns = now_ns };

	if (!names)
		return NULL;
	if (ca->purpose != CERTIFICATE_FOR_SERVER || sk_GENERAL_NAME_num(names) == 0) {
		error_set(err, -EINVAL, "a server certificate needs the server CA and a host name");
		return NULL;
	}
	issue.names = names;
	issue.subject = strlen(hosts[0]) <= CN_MAX_BYTES ? hosts[0] : "Constable server";
	return issue_end(ca, &issue, err);
}

static GENERAL_NAMES *agent_uri(const struct certificate_agent *agent)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	char uri[2 * CERTIFICATE_ID_BYTES + 32];

	text_format(uri, sizeof(uri), "constable://%s/agent/%s", agent->org, agent->agent);
	if (!names || !name || !value || !ASN1_STRING_set(value, uri, -1) ||
	    !sk_GENERAL_NAME_push(names, name))
		abort();
	GENERAL_NAME_set0_value(name, GEN_URI, value);
	return names;
}

X509 *ca_issue_agent(const struct ca *ca, EVP_PKEY *key, const struct certificate_agent *agent,
		     uint64_t now_ns, struct error *err)
{
	CLEANUP(general_names) GENERAL_NAMES *names = NULL;
	struct issue issue = { .key = key, .days = CA_AGENT_DAYS, .now_ns = now_ns };

	if (ca->purpose != CERTIFICATE_FOR_CLIENT || !certificate_is_id(agent->org) ||
	    !certificate_is_id(agent->agent)) {
		error_set(err, -EINVAL,
			  "an agent certificate needs a client CA, and ids of 1 to 64 plain "
			  "characters");
		return NULL;
	}
	names = agent_uri(agent);
	issue.names = names;
	issue.subject = agent->agent;
	return issue_end(ca, &issue, err);
}
