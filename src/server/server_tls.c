#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/ca.h"
#include "identity/file.h"
#include "identity/key.h"
#include "net/url.h"
#include "server/server.h"

#define MAX_HOSTS 32
#define HOST_BYTES 256
#define GRACE_NS ((uint64_t)CA_RENEW_GRACE_DAYS * 86400 * NS_PER_SEC)

/* The names and addresses that hosts may know us by. */
struct hosts {
	char text[MAX_HOSTS][HOST_BYTES];
	const char *list[MAX_HOSTS + 1];
	unsigned n;
};

static void add_host(struct hosts *hosts, const char *text)
{
	if (hosts->n == MAX_HOSTS || !*text || strlen(text) >= HOST_BYTES ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") !=
		    strlen(text))
		return;
	for (unsigned i = 0; i < hosts->n; i++)
		if (strcmp(hosts->text[i], text) == 0)
			return;
	text_format(hosts->text[hosts->n], HOST_BYTES, "%s", text);
	hosts->list[hosts->n] = hosts->text[hosts->n];
	hosts->n++;
}

static void add_addresses(struct hosts *hosts)
{
	struct ifaddrs *all;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return; /* names will do */
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		const struct sockaddr *address = at->ifa_addr;
		const struct sockaddr_in6 *six = (const void *)address;
		const struct sockaddr_in *four = (const void *)address;

		if (!address || at->ifa_flags & IFF_LOOPBACK)
			continue;
		if (address->sa_family == AF_INET)
			add_host(hosts, inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text)));
		else if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
			add_host(hosts, inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text)));
	}
	freeifaddrs(all);
}

static void find_hosts(const struct server *server, struct hosts *hosts)
{
	CLEANUP(url) struct url url = { 0 };
	struct error err = { 0 };
	struct utsname name;

	if (url_parse(server->identity.url, strlen(server->identity.url), &url, &err) == 0)
		add_host(hosts, url.host);
	if (uname(&name) == 0)
		add_host(hosts, name.nodename);
	add_host(hosts, "localhost");
	add_host(hosts, "127.0.0.1");
	add_host(hosts, "::1");
	add_addresses(hosts);
}

static bool names_all(X509 *certificate, const struct hosts *hosts)
{
	for (unsigned i = 0; i < hosts->n; i++)
		if (X509_check_ip_asc(certificate, hosts->text[i], 0) != 1 &&
		    X509_check_host(certificate, hosts->text[i], 0, 0, NULL) != 1)
			return false;
	return true;
}

static bool is_good(X509 *certificate, EVP_PKEY *key, const struct ca *ca,
		    const struct hosts *hosts)
{
	struct error err = { 0 };
	uint64_t now_ns = clock_wall_ns();

	return certificate_verify(certificate, ca->certificate, CERTIFICATE_FOR_SERVER, now_ns,
				  &err) == CERTIFICATE_VALID &&
	       now_ns < certificate_renew_at_ns(certificate) &&
	       key_equal(key, X509_get0_pubkey(certificate)) && names_all(certificate, hosts);
}

static int open_certificate(const struct server *server, const struct ca *ca,
			    struct tls_identity *identity, struct error *err)
{
	char path[SERVER_PATH_BYTES];
	struct hosts hosts = { 0 };
	struct error why = { 0 };

	find_hosts(server, &hosts);
	text_format(path, sizeof(path), "%s/tls.key", server->place.state);
	identity->key = key_load_or_make(path, KEY_EC_P256, err);
	if (!identity->key)
		return err->code;
	text_format(path, sizeof(path), "%s/tls.crt", server->place.state);
	identity->certificate = certificate_load(path, &why);
	if (identity->certificate && is_good(identity->certificate, identity->key, ca, &hosts))
		return 0;
	X509_free(identity->certificate);
	identity->certificate =
		ca_issue_server(ca, identity->key, hosts.list, clock_wall_ns(), err);
	if (!identity->certificate)
		return err->code;
	log_info("a certificate for '%s' and %u other names is made", hosts.text[0], hosts.n - 1);
	return certificate_save(path, identity->certificate, err);
}

static int open_own(struct server *server, struct tls_identity *identity, struct error *err)
{
	CLEANUP(ca) struct ca ca = { 0 };
	const struct ca_place place = {
		.purpose = CERTIFICATE_FOR_SERVER,
		.folder = server->place.ca,
		.name = "server",
		.subject = "constable server CA",
	};
	int r = ca_open(&ca, &place, clock_wall_ns(), err);

	if (r < 0)
		return error_wrap(err, "the server's CA");
	free(server->identity.ca_pem);
	server->identity.ca_pem = certificate_format(ca.certificate);
	return open_certificate(server, &ca, identity, err);
}

/* Agents trust one CA: the one that is named, else the last of the chain that we send. */
static int open_given(struct server *server, struct tls_identity *identity, struct error *err)
{
	const char *ca = config_get(server->config, "tls_ca")->text;
	CLEANUP(certificate) X509 *loaded = NULL;
	X509 *last;
	int r = tls_identity_load(identity, config_get(server->config, "tls_certificate")->text,
				  config_get(server->config, "tls_key")->text, err);

	if (r < 0)
		return r;
	last = identity->certificate;
	if (sk_X509_num(identity->chain) > 0)
		last = sk_X509_value(identity->chain, sk_X509_num(identity->chain) - 1);
	if (*ca) {
		loaded = certificate_load(ca, err);
		if (!loaded)
			return err->code;
		last = loaded;
	}
	free(server->identity.ca_pem);
	server->identity.ca_pem = certificate_format(last);
	return 0;
}

static int open_identity(struct server *server, struct tls_identity *identity, struct error *err)
{
	int r = *config_get(server->config, "tls_certificate")->text
			? open_given(server, identity, err)
			: open_own(server, identity, err);

	if (r == 0)
		(void)key_pin(identity->key, server->identity.pin);
	return r;
}

static int choose_url(struct server *server, uint16_t port, struct error *err)
{
	const char *given = config_get(server->config, "public_url")->text;
	bool plain = config_get_choice(server->config, "tls") == 1;
	CLEANUP(url) struct url url = { 0 };
	struct utsname name = { 0 };
	size_t len = strlen(given);

	(void)uname(&name);
	while (len > 0 && given[len - 1] == '/')
		len--;
	if (len > 0)
		text_format(server->identity.url, SERVER_URL_BYTES, "%.*s", (int)len, given);
	else
		text_format(server->identity.url, SERVER_URL_BYTES, "%s://%s:%u",
			    plain ? "http" : "https", plain ? "127.0.0.1" : name.nodename, port);
	len = strlen(server->identity.url);
	/* It goes into scripts: what a shell could take for its own is no URL of ours. */
	if (url_parse(server->identity.url, len, &url, err) < 0 || url.user || url.password ||
	    strpbrk(server->identity.url, "'\"`$\\;&|<>(){}*?!# "))
		return error_set(err, -EINVAL, "public_url: '%s' is no URL that can be served",
				 server->identity.url);
	return 0;
}

int server_identity_open(struct server *server, uint16_t port, struct error *err)
{
	CLEANUP(tls_identity) struct tls_identity identity = { 0 };
	int r = choose_url(server, port, err);

	if (r == 0)
		r = open_identity(server, &identity, err);
	if (r < 0 || config_get_choice(server->config, "tls") == 1)
		return r;
	server->identity.tls = tls_server_new(&identity, server->api.orgs->trusted, err);
	if (!server->identity.tls)
		return err->code;
	tls_server_set_grace(server->identity.tls, GRACE_NS);
	return 0;
}

int server_identity_renew(struct server *server, struct error *err)
{
	CLEANUP(tls_identity) struct tls_identity identity = { 0 };
	int r = open_identity(server, &identity, err);

	server->api_config.ca_pem = server->identity.ca_pem;
	if (r < 0 || !server->identity.tls)
		return r;
	return tls_set_identity(server->identity.tls, &identity, err);
}

void server_identity_close(struct server_identity *identity)
{
	SSL_CTX_free(identity->tls);
	free(identity->ca_pem);
	*identity = (struct server_identity) { 0 };
}
