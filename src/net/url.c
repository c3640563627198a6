#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USER_MAX_BYTES 1024

static const struct {
	const char *prefix;
	uint16_t port;
} schemes[] = {
	[URL_HTTP] = { "http://", 80 },
	[URL_HTTPS] = { "https://", 443 },
	[URL_WS] = { "ws://", 80 },
	[URL_WSS] = { "wss://", 443 },
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *url_decode(struct str encoded)
{
	CLEANUP(text) char *text = malloc(encoded.len + 1);
	size_t n = 0;

	if (!text)
		abort();
	for (size_t i = 0; i < encoded.len; i++) {
		char c = encoded.data[i];

		if (c == '%') {
			int high = i + 2 < encoded.len ? hex_value(encoded.data[i + 1]) : -1;
			int low = i + 2 < encoded.len ? hex_value(encoded.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return NULL;
		text[n++] = c;
	}
	text[n] = '\0';
	return TAKE(text);
}

static bool has_dot_segment(const char *path)
{
	for (const char *at = path; (at = strchr(at, '/')); at++) {
		size_t len = strcspn(at + 1, "/");

		if ((len == 1 && at[1] == '.') || (len == 2 && at[1] == '.' && at[2] == '.'))
			return true;
	}
	return false;
}

static bool has_escaped_slash(struct str path)
{
	for (size_t i = 0; i + 2 < path.len; i++)
		if (path.data[i] == '%' && path.data[i + 1] == '2' &&
		    (path.data[i + 2] == 'f' || path.data[i + 2] == 'F'))
			return true;
	return false;
}

char *url_decode_path(struct str path, struct error *err)
{
	CLEANUP(text) char *text = url_decode(path);
	const char *why = NULL;

	if (!text)
		why = "has a bad escape";
	else if (text[0] != '/')
		why = "does not begin with a slash";
	else if (has_escaped_slash(path))
		why = "has an escaped slash";
	else if (has_dot_segment(text))
		why = "has a segment of dots";
	for (const char *at = text; !why && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\')
			why = "has a control character or a backslash";
	if (why) {
		error_set(err, -EBADMSG, "the path %s", why);
		return NULL;
	}
	return TAKE(text);
}

/* What inet_aton() takes for an address ("0x7f.1", "127.1") is no name. */
static bool looks_like_ipv4(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
		return true;
	return *last && strspn(last, "0123456789") == strlen(last);
}

static bool is_name(const char *host)
{
	if (!*host || *host == '.' || *host == '-' || strlen(host) > 253 || strstr(host, ".."))
		return false;
	for (const char *at = host; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-_.", *at))
			return false;
	return true;
}

static int take_host(struct str text, enum url_host kind, struct url *url, struct error *err)
{
	struct in6_addr address;

	if (text.len >= sizeof(url->host))
		return error_set(err, -EINVAL, "the host is too long");
	for (size_t i = 0; i < text.len; i++)
		url->host[i] = (char)tolower((unsigned char)text.data[i]);
	url->host[text.len] = '\0';
	url->host_kind = kind;
	if (kind == URL_NAME && looks_like_ipv4(url->host))
		url->host_kind = URL_IPV4;
	if (url->host_kind == URL_NAME   ? !is_name(url->host)
	    : url->host_kind == URL_IPV4 ? inet_pton(AF_INET, url->host, &address) != 1
					 : inet_pton(AF_INET6, url->host, &address) != 1)
		return error_set(err, -EINVAL, "'%s' is no host", url->host);
	return 0;
}

static int take_port(struct str text, struct url *url, struct error *err)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || port > 65535)
			return error_set(err, -EINVAL, "the port is no number");
		port = port * 10 + (unsigned)(text.data[i] - '0');
	}
	if (port < 1 || port > 65535)
		return error_set(err, -EINVAL, "the port is not between 1 and 65535");
	url->port = (uint16_t)port;
	return 0;
}

static int take_user(struct str text, struct url *url, struct error *err)
{
	const char *colon = memchr(text.data, ':', text.len);
	size_t n_user = colon ? (size_t)(colon - text.data) : text.len;

	if (text.len > USER_MAX_BYTES)
		return error_set(err, -EINVAL, "user and password are too long");
	url->user = url_decode((struct str) { text.data, n_user });
	if (colon)
		url->password = url_decode((struct str) { colon + 1, text.len - n_user - 1 });
	if (!url->user || (colon && !url->password))
		return error_set(err, -EINVAL, "user or password has a bad escape");
	return 0;
}

static int take_authority(struct str text, struct url *url, struct error *err)
{
	const char *end = text.data + text.len, *at = memchr(text.data, '@', text.len), *host_end;
	enum url_host kind = URL_NAME;
	int r = 0;

	if (at) {
		r = take_user((struct str) { text.data, (size_t)(at - text.data) }, url, err);
		text = (struct str) { at + 1, (size_t)(end - at - 1) };
	}
	if (r < 0)
		return r;
	if (text.len && text.data[0] == '[') {
		kind = URL_IPV6;
		text = (struct str) { text.data + 1, text.len - 1 };
		host_end = memchr(text.data, ']', text.len);
		if (!host_end)
			return error_set(err, -EINVAL, "the address has no closing bracket");
		at = host_end + 1;
	} else {
		host_end = memchr(text.data, ':', text.len);
		host_end = host_end ? host_end : end;
		at = host_end;
	}
	if (at < end && *at != ':')
		return error_set(err, -EINVAL, "something follows the host");
	r = take_host((struct str) { text.data, (size_t)(host_end - text.data) }, kind, url, err);
	if (r == 0 && at < end)
		r = take_port((struct str) { at + 1, (size_t)(end - at - 1) }, url, err);
	return r;
}

static int take_scheme(struct str *text, struct url *url, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (text->len > len && strncasecmp(text->data, schemes[i].prefix, len) == 0) {
			url->scheme = (enum url_scheme)i;
			url->port = schemes[i].port;
			*text = (struct str) { text->data + len, text->len - len };
			return 0;
		}
	}
	return error_set(err, -EINVAL, "expected http://, https://, ws:// or wss:// and a host");
}

static void take_target(struct str rest, struct url *url)
{
	const char *fragment = memchr(rest.data, '#', rest.len);
	size_t len = fragment ? (size_t)(fragment - rest.data) : rest.len;
	char *at = malloc(len + 2);

	if (!at)
		abort();
	url->target = at;
	if (!len || rest.data[0] != '/')
		*at++ = '/';
	memcpy(at, rest.data, len);
	at[len] = '\0';
}

int url_parse(const char *text, size_t len, struct url *url_out, struct error *err)
{
	CLEANUP(url) struct url url = { 0 };
	struct str rest = { text, len };
	size_t n_authority = 0;
	int r;

	if (len > URL_MAX_BYTES)
		return error_set(err, -EINVAL, "the URL is longer than %u bytes", URL_MAX_BYTES);
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '\\')
			return error_set(err, -EINVAL,
					 "the URL has a character that must be escaped");
	r = take_scheme(&rest, &url, err);
	if (r < 0)
		return r;
	while (n_authority < rest.len && !strchr("/?#", rest.data[n_authority]))
		n_authority++;
	r = take_authority((struct str) { rest.data, n_authority }, &url, err);
	if (r < 0)
		return r;
	take_target((struct str) { rest.data + n_authority, rest.len - n_authority }, &url);
	*url_out = url;
	url = (struct url) { 0 };
	return 0;
}

void url_finish(struct url *url)
{
	if (url->password)
		explicit_bzero(url->password, strlen(url->password));
	free(url->target);
	free(url->user);
	free(url->password);
	*url = (struct url) { 0 };
}

void url_cleanup(struct url *url)
{
	url_finish(url);
}

bool url_is_secure(const struct url *url)
{
	return url->scheme == URL_HTTPS || url->scheme == URL_WSS;
}

void url_format_host(const struct url *url, char *text, size_t size)
{
	bool brackets = url->host_kind == URL_IPV6;
	char port[16] = "";

	if (url->port != schemes[url->scheme].port)
		text_format(port, sizeof(port), ":%u", url->port);
	text_format(text, size, "%s%s%s%s", brackets ? "[" : "", url->host, brackets ? "]" : "",
		    port);
}
