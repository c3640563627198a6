/*
 * URLs of the four schemes this system dials and serves, and the percent encoding
 * (RFC 3986). Stricter than a browser: no blanks, no control characters, no
 * backslash, no user in the host's place, ports from 1.
 */
#pragma once

#include "base/error.h"
#include "base/scan.h"

#define URL_MAX_BYTES 4096
#define URL_HOST_BYTES 256

enum url_scheme {
	URL_HTTP,
	URL_HTTPS,
	URL_WS,
	URL_WSS,
};

enum url_host {
	URL_NAME, /* letters, digits, '-', '_', '.' */
	URL_IPV4,
	URL_IPV6,
};

struct url {
	enum url_scheme scheme;
	enum url_host host_kind;
	char host[URL_HOST_BYTES]; /* lower case; an IPv6 address without brackets */
	uint16_t port;             /* the scheme's own unless the URL says another */
	char *target;              /* path and query as sent, at least "/"; no fragment */
	char *user, *password;     /* decoded; NULL where the URL has none */
};

/* 'url_out' is written on success only; url_finish() wipes the password. */
int url_parse(const char *text, size_t len, struct url *url_out, struct error *err) MUST_CHECK;
void url_finish(struct url *url);
void url_cleanup(struct url *url);

/* Of http or https with TLS below? */
bool url_is_secure(const struct url *url);

/* The value of a Host header: brackets where needed, the port where it is not the scheme's. */
void url_format_host(const struct url *url, char *text, size_t size);

/*
 * Decodes %XX in place of a copy: heap text. NULL for a bad escape or a NUL.
 * '+' stands for a blank only in forms (net/http.h).
 */
char *url_decode(struct str encoded);

/*
 * The path of a request target, decoded once: absolute, without NUL, control
 * characters, backslash, and without segments "." and ".." also when they are
 * spelt with escapes. An escaped slash is refused, as it would move segments.
 * Heap text, or NULL with 'err'.
 */
char *url_decode_path(struct str path, struct error *err);
