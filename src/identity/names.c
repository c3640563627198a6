#include "identity/identity_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/certificate.h"

#define DNS_NAME_MAX_BYTES 253
#define DNS_LABEL_MAX_BYTES 63

bool certificate_is_id(const char *text)
{
	size_t len = strnlen(text, CERTIFICATE_ID_BYTES);

	if (len == 0 || len == CERTIFICATE_ID_BYTES || strchr("._-", text[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isascii(text[i]) ||
		    (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i])))
			return false;
	return true;
}

/* RFC 1123 labels, and '_', which names of containers have. */
static bool is_dns_name(const char *text)
{
	size_t label = 0;

	if (text[0] == '*' && text[1] == '.')
		text += 2;
	if (strlen(text) > DNS_NAME_MAX_BYTES)
		return false;
	for (; *text; text++) {
		bool is_dot = *text == '.';

		if (is_dot ? label == 0
			   : !isascii(*text) || (!isalnum((unsigned char)*text) && *text != '-' &&
						 *text != '_'))
			return false;
		label = is_dot ? 0 : label + 1;
		if (label > DNS_LABEL_MAX_BYTES)
			return false;
	}
	return label > 0;
}

static GENERAL_NAME *host_name(const char *host)
{
	unsigned char address[16];
	ASN1_STRING *value = NULL;
	int type = GEN_IPADD, len = 4;
	GENERAL_NAME *name;

	if (inet_pton(AF_INET6, host, address) == 1)
		len = 16;
	else if (inet_pton(AF_INET, host, address) != 1)
		type = GEN_DNS;
	if (type == GEN_DNS && !is_dns_name(host))
		return NULL;
	value = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	name = GENERAL_NAME_new();
	if (!value || !name ||
	    !ASN1_STRING_set(value, type == GEN_DNS ? (const void *)host : address,
			     type == GEN_DNS ? -1 : len))
		abort();
	GENERAL_NAME_set0_value(name, type, value);
	return name;
}

void general_names_cleanup(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

GENERAL_NAMES *host_names_make(const char *const *hosts, struct error *err)
{
	CLEANUP(general_names) GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; hosts && hosts[i]; i++) {
		GENERAL_NAME *name = i < CERTIFICATE_MAX_HOSTS ? host_name(hosts[i]) : NULL;

		if (!name) {
			error_set(err, -EINVAL,
				  i < CERTIFICATE_MAX_HOSTS
					  ? "'%s' is neither an address nor a host name"
					  : "'%s' is one host name too many",
				  hosts[i]);
			return NULL;
		}
		if (!sk_GENERAL_NAME_push(names, name))
			abort();
	}
	return TAKE(names);
}

void common_name_cleanup(X509_NAME **name)
{
	X509_NAME_free(*name);
}

X509_NAME *common_name_make(const char *text, struct error *err)
{
	CLEANUP(common_name) X509_NAME *name = X509_NAME_new();

	if (!name)
		abort();
	if (!X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					(const unsigned char *)text, -1, -1, 0)) {
		identity_error(err, -EINVAL, "'%.80s' cannot be the name in a certificate", text);
		return NULL;
	}
	return TAKE(name);
}
