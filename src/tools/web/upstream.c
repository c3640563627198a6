#include "tools/web/upstream.h"

#include <stdlib.h>
#include <string.h>

static bool scan_port(const char *at, uint16_t *port_out)
{
	uint64_t port;

	if (!scan_u64(&at, &port) || !port || port > UINT16_MAX || (*at && !strchr("/;? \t", *at)))
		return false;
	*port_out = (uint16_t)port;
	return true;
}

static struct upstream parse_unix(const char *path)
{
	struct upstream upstream = { .kind = UPSTREAM_UNIX };
	size_t len = strcspn(path, ":|; \t");

	if (path[0] != '/' || len >= sizeof(upstream.host))
		return (struct upstream) { 0 };
	str_copy((struct str) { path, len }, upstream.host, sizeof(upstream.host));
	return upstream;
}

struct upstream upstream_parse(const char *text, uint16_t otherwise_port)
{
	struct upstream upstream = { .kind = UPSTREAM_TCP, .port = otherwise_port };
	const char *scheme = strstr(text, "://"), *end;
	bool is_bracketed;

	if (strchr(text, '$'))
		return (struct upstream) { 0 };
	if (scheme && strncmp(text, "https", 5) == 0)
		upstream.port = 443;
	if (scheme && strncmp(text, "http:", 5) == 0)
		upstream.port = 80;
	text = scheme ? scheme + 3 : text;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5);
	is_bracketed = text[0] == '[';
	text += is_bracketed;
	end = text + strcspn(text, is_bracketed ? "]" : ":/;? \t");
	if ((size_t)(end - text) >= sizeof(upstream.host) || end == text)
		return (struct upstream) { 0 };
	str_copy((struct str) { text, (size_t)(end - text) }, upstream.host, sizeof(upstream.host));
	end += is_bracketed && *end == ']';
	if (*end == ':' && !scan_port(end + 1, &upstream.port))
		return (struct upstream) { 0 };
	return upstream.port ? upstream : (struct upstream) { 0 };
}

static bool is_local(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}

bool upstream_has_listener(const struct upstream *upstream, const struct listeners *listeners)
{
	if (upstream->kind != UPSTREAM_TCP || !is_local(upstream->host) || listeners->truncated)
		return true;
	for (size_t i = 0; i < listeners->n; i++)
		if (listeners->list[i].port == upstream->port)
			return true;
	return false;
}
