#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/nats.h"

#define PORT 4222

/* Without echo: of what we say we want to hear nothing. */
char *nats_format_connect(const struct nats_config *config)
{
	json_t *said = json_pack("{s:b, s:b, s:b, s:b, s:s, s:s, s:s, s:i}", "verbose", 0,
				 "pedantic", 0, "echo", 0, "headers", 0, "lang", "c", "name",
				 config->name, "version", config->version, "protocol", 1);
	char *text, *line;
	size_t size;

	if (config->user)
		json_put(said, "user", json_string(config->user));
	if (config->password)
		json_put(said, "pass", json_string(config->password));
	if (config->token)
		json_put(said, "auth_token", json_string(config->token));
	if (config->tls)
		json_put(said, "tls_required", json_true());
	text = json_canonical(said);
	json_decref(said);
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
	const char *rest = text + (is_plain ? 7 : 6), *host = strrchr(rest, '@');
	char as_http[URL_MAX_BYTES];
	const char *port;

	if (!is_plain && strncmp(text, "tls://", 6) != 0)
		return error_set(err, -EINVAL, "expected nats://host or tls://host");
	if (strlen(rest) + sizeof("https://") > sizeof(as_http))
		return error_set(err, -EINVAL, "the URL is too long");
	text_format(as_http, sizeof(as_http), "%s://%s", is_plain ? "http" : "https", rest);
	if (url_parse(as_http, strlen(as_http), url_out, err) < 0)
		return err->code;
	explicit_bzero(as_http, sizeof(as_http));
	port = strrchr(host ? host + 1 : rest, ':');
	if (!port || strchr(port, ']'))
		url_out->port = PORT;
	return 0;
}
