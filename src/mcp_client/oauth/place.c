#include "mcp_client/oauth/place.h"

#include <string.h>

#include "net/url.h"

#define RESOURCE "/.well-known/oauth-protected-resource"
#define ISSUER "/.well-known/oauth-authorization-server"
#define OPENID "/.well-known/openid-configuration"

static bool is_loopback(const struct url *url)
{
	return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "::1") == 0 ||
	       (url->host_kind == URL_IPV4 && strncmp(url->host, "127.", 4) == 0);
}

bool oauth_url_is_good(const char *text, enum courier_schemes schemes)
{
	CLEANUP(url) struct url url = { 0 };
	struct error err = { 0 };
	size_t len = strlen(text);

	if (len >= OAUTH_URL_BYTES || strchr(text, '#'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("\"<>\\^`{|}", text[i]))
			return false;
	if (url_parse(text, len, &url, &err) < 0 || url.user || url.password)
		return false;
	return url.scheme == URL_HTTPS ||
	       (url.scheme == URL_HTTP && schemes == COURIER_HTTP_TOO && is_loopback(&url));
}

bool oauth_url_is_beside(const char *text, const char *other_text)
{
	CLEANUP(url) struct url url = { 0 };
	CLEANUP(url) struct url other = { 0 };
	struct error err = { 0 };

	return url_parse(text, strlen(text), &url, &err) == 0 &&
	       url_parse(other_text, strlen(other_text), &other, &err) == 0 &&
	       strcmp(url.host, other.host) == 0;
}

/* "https://host:port", and the path behind it without a slash at its end, and without a query. */
struct parts {
	int n_origin, n_path;
	const char *path;
};

static bool split(const char *text, struct parts *parts_out)
{
	const char *host = strstr(text, "://");
	size_t n_path;

	if (!host)
		return false;
	host += 3;
	host += strcspn(host, "/?#");
	n_path = strcspn(host, "?#");
	while (n_path && host[n_path - 1] == '/')
		n_path--;
	*parts_out = (struct parts) { (int)(host - text), (int)n_path, host };
	return strlen(text) < OAUTH_URL_BYTES - sizeof(ISSUER);
}

static bool put(const char *text, const struct parts *parts, const char *before, const char *after,
		char url_out[OAUTH_URL_BYTES])
{
	text_format(url_out, OAUTH_URL_BYTES, "%.*s%s%.*s%s", parts->n_origin, text, before,
		    parts->n_path, parts->path, after);
	return true;
}

bool oauth_resource_place(const char *server_url, const char *named, unsigned n,
			  char url_out[OAUTH_URL_BYTES])
{
	struct parts parts;

	if (*named && n == 0)
		text_copy(url_out, OAUTH_URL_BYTES, named);
	if (*named)
		return n == 0;
	if (!split(server_url, &parts) || n > 1 || (n == 1 && !parts.n_path))
		return false;
	if (n == 1)
		parts.n_path = 0;
	return put(server_url, &parts, RESOURCE, "", url_out);
}

bool oauth_issuer_place(const char *issuer, unsigned n, char url_out[OAUTH_URL_BYTES])
{
	struct parts parts;

	if (!split(issuer, &parts) || n > 2)
		return false;
	if (n == 2)
		return parts.n_path && put(issuer, &parts, "", OPENID, url_out);
	return put(issuer, &parts, n == 0 ? ISSUER : OPENID, "", url_out);
}

/* The path of a URL, without its query. */
static size_t path_bytes(const struct url *url)
{
	size_t n = strcspn(url->target, "?");

	while (n && url->target[n - 1] == '/')
		n--;
	return n;
}

bool oauth_resource_fits(const char *resource, const char *server_url)
{
	CLEANUP(url) struct url one = { 0 };
	CLEANUP(url) struct url server = { 0 };
	struct error err = { 0 };
	size_t n;

	if (strchr(resource, '#') || strchr(resource, '?') ||
	    url_parse(resource, strlen(resource), &one, &err) < 0 ||
	    url_parse(server_url, strlen(server_url), &server, &err) < 0)
		return false;
	if (one.scheme != server.scheme || one.port != server.port || one.user ||
	    strcmp(one.host, server.host) != 0)
		return false;
	n = path_bytes(&one);
	return n <= path_bytes(&server) && memcmp(one.target, server.target, n) == 0 &&
	       (!server.target[n] || strchr("/?", server.target[n]));
}
