#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/nats.h"

#define PORT 4222

/* A key signs what the server asks; with a JWT that says whose it is. */
static int add_key(json_t *said, const struct nats_credentials *credentials, const char *nonce,
		   struct error *err)
{
	CLEANUP(text) char *signature = nats_credentials_sign(credentials, nonce);

	if (!signature)
		return error_set(err, -EACCES, "the server asks for no signature of a key");
	if (credentials->jwt)
		json_put(said, "jwt", json_string(credentials->jwt));
	else
		json_put(said, "nkey", json_string(credentials->public_key));
	json_put(said, "sig", json_string(signature));
	return 0;
}

static int add_credentials(json_t *said, const struct nats_credentials *credentials,
			   const char *nonce, struct error *err)
{
	if (credentials->user) {
		json_put(said, "user", json_string(credentials->user));
		json_put(said, "pass", json_string(credentials->password));
	}
	if (credentials->token)
		json_put(said, "auth_token", json_string(credentials->token));
	return credentials->key ? add_key(said, credentials, nonce, err) : 0;
}

/* Without echo: of what we say we want to hear nothing. */
char *nats_format_connect(const struct nats_config *config, const char *nonce, struct error *err)
{
	CLEANUP(json)
	json_t *said = json_pack("{s:b, s:b, s:b, s:b, s:s, s:s, s:s, s:i}", "verbose", 0,
				 "pedantic", 0, "echo", 0, "headers", 0, "lang", "c", "name",
				 config->name, "version", config->version, "protocol", 1);
	char *text, *line;
	size_t size;

	if (config->credentials && add_credentials(said, config->credentials, nonce, err) < 0)
		return NULL;
	if (config->tls)
		json_put(said, "tls_required", json_true());
	text = json_canonical(said);
	size = strlen(text) + sizeof("CONNECT \r\n");
	line = malloc(size);
	if (!line)
		abort();
	text_format(line, size, "CONNECT %s\r\n", text);
	explicit_bzero(text, strlen(text));
	free(text);
	return line;
}

int nats_parse_url(const char *text, struct url *url_out, struct error *err)
{
	bool is_plain = strncmp(text, "nats://", 7) == 0;
	char as_http[URL_MAX_BYTES];
	const char *rest, *behind, *host, *port;
	int r;

	if (!is_plain && strncmp(text, "tls://", 6) != 0)
		return error_set(err, -EINVAL, "expected nats://host or tls://host");
	rest = text + (is_plain ? 7 : 6);
	if (strlen(rest) + sizeof("https://") > sizeof(as_http))
		return error_set(err, -EINVAL, "the URL is too long");
	behind = rest + strcspn(rest, "/?#");
	if (*behind && strcmp(behind, "/") != 0)
		return error_set(err, -EINVAL, "expected a host, and nothing behind it");
	text_format(as_http, sizeof(as_http), "%s://%s", is_plain ? "http" : "https", rest);
	r = url_parse(as_http, strlen(as_http), url_out, err);
	explicit_bzero(as_http, sizeof(as_http));
	if (r < 0)
		return r;
	host = strrchr(rest, '@');
	port = strrchr(host ? host + 1 : rest, ':');
	if (!port || strchr(port, ']'))
		url_out->port = PORT;
	return 0;
}
