#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/bus.h"
#include "identity/file.h"
#include "net/tls.h"

#define CREDENTIALS_MAX_BYTES 4096

static const char *setting(const struct bus *bus, const char *name)
{
	return config_get(bus->agent->config, name)->text;
}

/* One line: "USER:PASSWORD", or a token. */
static int read_credentials(struct bus *bus, const char *path, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	char *line, *colon;

	buf_init(&text, CREDENTIALS_MAX_BYTES);
	if (file_load_private(path, &text, err) < 0)
		return error_wrap(err, "nats_credentials_file");
	line = text.data;
	line[strcspn(line, "\r\n")] = '\0';
	if (!*line || bus->url.user)
		return error_set(err, -EINVAL,
				 "nats_credentials_file: one line, USER:PASSWORD or a token, and "
				 "none of them in nats_url");
	colon = strchr(line, ':');
	if (!colon) {
		bus->token = strdup(line);
		return 0;
	}
	bus->url.user = strndup(line, (size_t)(colon - line));
	bus->url.password = strdup(colon + 1);
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

static bool is_loopback(const struct url *url)
{
	return strncmp(url->host, "127.", 4) == 0 || strcmp(url->host, "::1") == 0 ||
	       strcmp(url->host, "localhost") == 0;
}

/* Whatever the server says: with a CA it is TLS, without one nothing secret is said. */
static int secure(struct bus *bus, struct error *err)
{
	bool has_secret = bus->token || bus->url.user;

	if (*setting(bus, "nats_ca"))
		return make_tls(bus, err);
	if (url_is_secure(&bus->url))
		return error_set(err, -EINVAL, "nats_ca: say which CA vouches for '%s'",
				 bus->url.host);
	if (has_secret && !is_loopback(&bus->url))
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
			text_format(bus->signals[n++], BUS_SUBJECT_BYTES,
				    "orchestrator.rollback.%s", ids[i]);
	if (n == 2 && strcmp(bus->signals[0], bus->signals[1]) == 0)
		bus->signals[1][0] = '\0';
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
	if (secure(bus, err) < 0)
		return err->code;
	return set_subjects(bus, err);
}
