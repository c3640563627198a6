/*
 * A site for the programs of this host, opened by a token; with a certificate of its own it may
 * be one for others. A page in a browser cannot use it: what names another host is not for it,
 * whoever led it there.
 */
#pragma once

#include "net/http_server.h"

enum local_reach {
	LOCAL_LOOPBACK,
	LOCAL_ANYWHERE,
};

struct local_site {
	char address[80];  /* "127.0.0.1:8080", with the port it really has */
	const char *token; /* borrowed, as the next */
	X509 *certificate; /* requests may name the site as it does; NULL: there is no TLS */
	enum local_reach reach;
	uint16_t port; /* where the address says none; 0: it must */
};

/*
 * A listening socket at "127.0.0.1:8080", "[::1]:8080", or without the port. -EINVAL for what is
 * no loopback address where only that is allowed, else what the kernel says.
 */
int local_site_listen(struct local_site *site, const char *where, struct error *err) MUST_CHECK;

/* Whether the request names this site, and comes from no page: but of this host, where only its own
 * programs reach the site. */
bool local_site_is_meant(const struct local_site *site, const struct http_request *request);
/* Whether it has the token: Authorization: Bearer, or X-API-Key. */
bool local_site_is_opened(const struct local_site *site, const struct http_request *request);
/* Whether an Origin is a page of this host: http or https, localhost or a loopback address. */
bool local_site_is_origin(const char *origin);
