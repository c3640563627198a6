#include "agent/api_tls.h"

#include <errno.h>

#include "agent/agent.h"
#include "net/tls.h"

static const char *setting(const struct api *api, const char *name)
{
	return config_get(api->agent->config, name)->text;
}

static int make_context(struct api *api, const char *client_ca, struct error *err)
{
	CLEANUP(tls_identity) struct tls_identity identity = { 0 };
	X509_STORE *trusted = NULL;

	if (tls_identity_load(&identity, setting(api, "api_certificate"),
			      setting(api, "api_certificate_key"), err) < 0)
		return error_wrap(err, "api_certificate");
	if (*client_ca) {
		trusted = tls_trust_load(client_ca, err);
		if (!trusted)
			return error_wrap(err, "api_client_ca");
	}
	api->tls = tls_server_new(&identity, trusted, err);
	X509_STORE_free(trusted);
	if (!api->tls)
		return error_wrap(err, "api_certificate");
	api->is_certain = *client_ca;
	api->site.reach = *client_ca ? LOCAL_ANYWHERE : LOCAL_LOOPBACK;
	api->certificate = identity.certificate;
	identity.certificate = NULL;
	api->site.certificate = api->certificate;
	return 0;
}

int api_tls_start(struct api *api, struct error *err)
{
	bool has_certificate = *setting(api, "api_certificate");
	const char *client_ca = setting(api, "api_client_ca");

	if (has_certificate != (bool)*setting(api, "api_certificate_key"))
		return error_set(err, -EINVAL,
				 "api_certificate and api_certificate_key go together");
	if (!has_certificate && *client_ca)
		return error_set(err, -EINVAL,
				 "api_client_ca wants an api_certificate: certificates are shown "
				 "over TLS only");
	return has_certificate ? make_context(api, client_ca, err) : 0;
}

void api_tls_finish(struct api *api)
{
	SSL_CTX_free(api->tls);
	X509_free(api->certificate);
	api->tls = NULL;
	api->certificate = NULL;
}
