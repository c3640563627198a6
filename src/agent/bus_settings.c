#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/bus.h"
#include "base/utf8.h"
#include "identity/file.h"
#include "net/tls.h"

static const char *setting(const struct bus *bus, const char *name)
{
	return config_get(bus->agent->config, name)->text;
}

static int read_credentials(struct bus *bus, const char *path, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	int r;

	if (bus->url.user)
		return error_set(err, -EINVAL,
				 "nats_credentials_file and credentials in nats_url: only one of "
				 "them");
	buf_init(&text, NATS_CREDENTIALS_MAX_BYTES);
	r = file_load_private(path, &text, err);
	if (r == 0)
		r = nats_credentials_parse(buf_text(&text), text.len, &bus->credentials, err);
	return r < 0 ? error_wrap(err, "nats_credentials_file") : 0;
}

/* Of the URL: a user with a password, else what a line of the file could be. */
static int take_url_credentials(struct bus *bus, struct error *err)
{
	struct url *url = &bus->url;
	int r = 0;

	if (!url->user)
		return 0;
	if (!url->password)
		r = nats_credentials_parse(url->user, strlen(url->user), &bus->credentials, err);
	else if (!utf8_is_valid(url->user, strlen(url->user)) ||
		 !utf8_is_valid(url->password, strlen(url->password)))
		r = error_set(err, -EINVAL, "user and password are not UTF-8 text");
	if (r < 0)
		return error_wrap(err, "nats_url");
	if (url->password) {
		bus->credentials.user = TAKE(url->user);
		bus->credentials.password = TAKE(url->password);
	}
	return 0;
}

static int make_tls(struct bus *bus, struct error *err)
{
	CLEANUP(tls_identity) struct tls_identity identity = { 0 };
	const char *certificate = setting(bus, "nats_certificate");
	const char *key = setting(bus, "nats_certificate_key");
	X509_STORE *trusted;

	if (!*certificate != !*key)
		return error_set(err, -EINVAL,
				 "nats_certificate and nats_certificate_key go together");
	if (*certificate && tls_identity_load(&identity, certificate, key, err) < 0)
		return error_wrap(err, "nats_certificate");
	trusted = tls_trust_load(setting(bus, "nats_ca"), err);
	if (!trusted)
		return error_wrap(err, "nats_ca");
	bus->tls = tls_client_new(*certificate ? &identity : NULL, trusted, err);
	X509_STORE_free(trusted);
	return bus->tls ? 0 : err->code;
}

/* By the address, not by how a name begins. Where "localhost" leads is looked at when it is known:
 * nats_config.is_local. */
static bool is_this_host(const struct url *url)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, url->host, &four) == 1)
		return ntohl(four.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	if (inet_pton(AF_INET6, url->host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcmp(url->host, "localhost") == 0;
}

/* Whatever the server says: with a CA it is TLS, without one nothing secret is said. */
static int secure(struct bus *bus, struct error *err)
{
	bus->is_local = is_this_host(&bus->url);
	bus->is_tls_first = strcmp(setting(bus, "nats_tls"), "first") == 0;
	if (*setting(bus, "nats_ca"))
		return make_tls(bus, err);
	if (url_is_secure(&bus->url) || bus->is_tls_first)
		return error_set(err, -EINVAL, "nats_ca: say which CA vouches for '%s'",
				 bus->url.host);
	if (nats_credentials_are_there(&bus->credentials) && !bus->is_local)
		return error_set(err, -EINVAL,
				 "nats_url: credentials would go over the network in the clear; "
				 "set nats_ca");
	return 0;
}

static int set_subjects(struct bus *bus, struct error *err)
{
	const char *ids[] = { bus->agent->state.agent, bus->agent->hostname };
	size_t n = 0;

	if (!nats_is_subject(setting(bus, "telemetry_subject")) ||
	    strlen(setting(bus, "telemetry_subject")) >= BUS_SUBJECT_BYTES)
		return error_set(err, -EINVAL, "telemetry_subject is no subject of NATS");
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (nats_is_subject(ids[i]))
			text_format(bus->subjects[n++], BUS_SUBJECT_BYTES,
				    "orchestrator.rollback.%s", ids[i]);
	if (n == 2 && strcmp(bus->subjects[0], bus->subjects[1]) == 0)
		bus->subjects[1][0] = '\0';
	/* In the clear whoever is between could ask for a rollback. */
	if (!bus->tls && !bus->is_local)
		bus->subjects[0][0] = bus->subjects[1][0] = '\0';
	return n ? 0 : error_set(err, -EINVAL, "this agent's id is no subject of NATS");
}

int bus_prepare(struct bus *bus, struct agent *agent, struct error *err)
{
	const char *where, *credentials;

	*bus = (struct bus) { .agent = agent };
	where = setting(bus, "nats_url");
	credentials = setting(bus, "nats_credentials_file");
	if (!*where)
		return 0;
	if (nats_parse_url(where, &bus->url, err) < 0)
		return error_wrap(err, "nats_url");
	if (*credentials && read_credentials(bus, credentials, err) < 0)
		return err->code;
	if (take_url_credentials(bus, err) < 0)
		return err->code;
	if (secure(bus, err) < 0)
		return err->code;
	return set_subjects(bus, err);
}
