#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/certificate.h"
#include "identity/identity_internal.h"

#define URI_SCHEME "constable://"
#define URI_AGENT "/agent/"

static void context_cleanup(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

static void store_cleanup(X509_STORE **store)
{
	X509_STORE_free(*store);
}

/* X509_V_OK or why not; 'depth_out' says whose fault: 0 is the certificate, 1 the CA. */
static int chain_check(X509 *certificate, X509 *ca, enum certificate_purpose purpose,
		       uint64_t now_ns, int *depth_out)
{
	CLEANUP(store) X509_STORE *store = X509_STORE_new();
	CLEANUP(context) X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int why = X509_V_OK;

	if (!store || !context || !X509_STORE_add_cert(store, ca) ||
	    !X509_STORE_CTX_init(context, store, certificate, NULL))
		abort();
	param = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(param, (time_t)(now_ns / NS_PER_SEC));
	X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits of security */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	if (!X509_VERIFY_PARAM_set_purpose(param, purpose == CERTIFICATE_FOR_SERVER
							  ? X509_PURPOSE_SSL_SERVER
							  : X509_PURPOSE_SSL_CLIENT))
		abort();
	if (X509_verify_cert(context) != 1)
		why = X509_STORE_CTX_get_error(context);
	else if (sk_X509_num(X509_STORE_CTX_get0_chain(context)) != 2)
		why = X509_V_ERR_APPLICATION_VERIFICATION; /* the CA is no end certificate */
	*depth_out = X509_STORE_CTX_get_error_depth(context);
	ERR_clear_error();
	return why;
}

static enum certificate_verdict refuse(struct error *err, const char *why)
{
	error_set(err, -EACCES, "%s", why);
	return CERTIFICATE_REFUSED;
}

enum certificate_verdict certificate_verify(X509 *certificate, X509 *ca,
					    enum certificate_purpose purpose, uint64_t now_ns,
					    struct error *err)
{
	uint32_t wanted = purpose == CERTIFICATE_FOR_SERVER ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
	uint64_t not_before_ns = certificate_not_before_ns(certificate);
	int depth = 0;
	int why = chain_check(certificate, ca, purpose, now_ns, &depth);
	bool is_early = why == X509_V_ERR_CERT_NOT_YET_VALID && depth == 0;
	bool is_late = why == X509_V_ERR_CERT_HAS_EXPIRED && depth == 0;

	/* Whatever order OpenSSL checks in: when it was valid, all else must hold. */
	if (is_early || is_late)
		why = chain_check(certificate, ca, purpose, not_before_ns, &depth);
	if (why != X509_V_OK)
		return refuse(err, X509_verify_cert_error_string(why));
	/* OpenSSL takes a certificate without extended key usage for any purpose. */
	if (X509_get_extended_key_usage(certificate) != wanted)
		return refuse(err, "the certificate is not for this purpose alone");
	if (is_early || is_late)
		error_set(err, -EKEYEXPIRED, "the certificate %s",
			  is_early ? "is not valid yet" : "has expired");
	return is_early ? CERTIFICATE_NOT_YET : is_late ? CERTIFICATE_EXPIRED : CERTIFICATE_VALID;
}

/* The bytes of the only alternative name, which must be a URI. */
static bool only_uri(const X509 *certificate, char *text_out, size_t size)
{
	CLEANUP(general_names) GENERAL_NAMES *names = NULL;
	const GENERAL_NAME *name;
	int len;

	names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	if (!names || sk_GENERAL_NAME_num(names) != 1)
		return false;
	name = sk_GENERAL_NAME_value(names, 0);
	if (name->type != GEN_URI)
		return false;
	len = ASN1_STRING_length(name->d.uniformResourceIdentifier);
	if (len <= 0 || (size_t)len >= size)
		return false;
	memcpy(text_out, ASN1_STRING_get0_data(name->d.uniformResourceIdentifier), (size_t)len);
	text_out[len] = '\0';
	return strlen(text_out) == (size_t)len;
}

/* The subject is exactly one CN, and that is the agent. */
static bool names_agent(const X509 *certificate, const char *agent)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, 0);
	const ASN1_STRING *value = entry ? X509_NAME_ENTRY_get_data(entry) : NULL;

	return value && X509_NAME_entry_count(subject) == 1 &&
	       OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
	       (size_t)ASN1_STRING_length(value) == strlen(agent) &&
	       memcmp(ASN1_STRING_get0_data(value), agent, strlen(agent)) == 0;
}

static bool find_agent(const X509 *certificate, const char *org,
		       struct certificate_agent *agent_out)
{
	char uri[2 * CERTIFICATE_ID_BYTES + sizeof(URI_SCHEME URI_AGENT)];
	char prefix[sizeof(uri)];
	const char *agent;

	text_format(prefix, sizeof(prefix), URI_SCHEME "%s" URI_AGENT, org);
	if (!only_uri(certificate, uri, sizeof(uri)) || strncmp(uri, prefix, strlen(prefix)) != 0)
		return false;
	agent = uri + strlen(prefix);
	if (!certificate_is_id(agent) || !names_agent(certificate, agent))
		return false;
	text_format(agent_out->org, sizeof(agent_out->org), "%s", org);
	text_format(agent_out->agent, sizeof(agent_out->agent), "%s", agent);
	return true;
}

enum certificate_verdict certificate_identify(X509 *certificate, const struct certificate_org *orgs,
					      size_t n_orgs, uint64_t now_ns,
					      struct certificate_agent *agent_out,
					      struct error *err)
{
	enum certificate_verdict verdict = CERTIFICATE_REFUSED;
	struct error why = { 0 };

	for (size_t i = 0; i < n_orgs; i++) {
		/* By name and key identifier only: whether the signature holds is asked next. */
		if (X509_check_issued(orgs[i].ca, certificate) != X509_V_OK)
			continue;
		verdict = certificate_verify(certificate, orgs[i].ca, CERTIFICATE_FOR_CLIENT,
					     now_ns, &why);
		if (verdict == CERTIFICATE_REFUSED)
			continue;
		if (!find_agent(certificate, orgs[i].org, agent_out))
			return refuse(err, "the certificate does not name an agent of its org");
		if (verdict != CERTIFICATE_VALID)
			*err = why;
		return verdict;
	}
	return refuse(err, why.code ? why.text : "no org's CA issued the certificate");
}
