#include "net/local_site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/listen.h"

/* By the certificate: whoever vouches for it says whose the name is. */
static bool is_certified(const struct local_site *site, const char *host, const char *port)
{
	size_t len = strlen(host), n_port = strlen(port);
	char name[256];

	if (!site->certificate)
		return false;
	if (len > n_port && strcmp(host + len - n_port, port) == 0)
		len -= n_port;
	else if (strcmp(port, ":443") != 0)
		return false;
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return X509_check_host(site->certificate, name, len, 0, NULL) == 1 ||
	       X509_check_ip_asc(site->certificate, name, 0) == 1;
}

/* A name that somebody points at 127.0.0.1 is none of ours (DNS rebinding). */
static bool is_own_host(const struct local_site *site, const char *host)
{
	const char *port = strrchr(site->address, ':');
	char name[80];

	if (!host)
		return false;
	if (strcasecmp(host, site->address) == 0)
		return true;
	text_format(name, sizeof(name), "localhost%s", port);
	if (strcasecmp(host, name) == 0)
		return true;
	if (strcmp(port, ":80") == 0 && strcasecmp(host, "localhost") == 0)
		return true;
	return is_certified(site, host, port);
}

bool local_site_is_origin(const char *origin)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]" };
	const char *host = strstr(origin, "://");

	if (!host ||
	    (strncasecmp(origin, "http://", 7) != 0 && strncasecmp(origin, "https://", 8) != 0))
		return false;
	host += 3;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (strncasecmp(host, hosts[i], n) != 0)
			continue;
		host += n;
		return !*host || (*host == ':' && host[1] &&
				  strspn(host + 1, "0123456789") == strlen(host + 1));
	}
	return false;
}

bool local_site_is_meant(const struct local_site *site, const struct http_request *request)
{
	const char *origin = http_request_field(request, "origin");

	return is_own_host(site, http_request_field(request, "host")) &&
	       (!origin || (site->reach == LOCAL_LOOPBACK && local_site_is_origin(origin)));
}

bool local_site_is_opened(const struct local_site *site, const struct http_request *request)
{
	const char *given = http_request_field(request, "x-api-key");
	const char *header = http_request_field(request, "authorization");
	size_t len = strlen(site->token);

	if (!given && header && strncasecmp(header, "bearer ", 7) == 0)
		given = header + 7;
	return given && strlen(given) == len && CRYPTO_memcmp(given, site->token, len) == 0;
}

static bool is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT", or the address alone. */
static bool find_port(const char *text, size_t *len_out, const char **port_out)
{
	const char *end = strchr(text, ']');
	const char *colon = strrchr(end ? end : text, ':');

	/* An IPv6 address without brackets has no port. */
	if (!end && colon && strchr(text, ':') != colon)
		colon = NULL;
	*len_out = colon ? (size_t)(colon - text) : strlen(text);
	*port_out = colon ? colon + 1 : NULL;
	return !end || end[1] == '\0' || end[1] == ':';
}

static int split(const struct local_site *site, const char *text, char address[64],
		 uint16_t *port_out, struct error *err)
{
	const char *port_text = NULL, *from = text;
	size_t len = 0;
	bool good = find_port(text, &len, &port_text);
	unsigned long port = site->port;
	char *end = NULL;

	if (port_text)
		port = *port_text >= '0' && *port_text <= '9' ? strtoul(port_text, &end, 10)
							      : 65536;
	else if (!site->port)
		good = false;
	if (len > 1 && text[0] == '[') {
		from++;
		len -= 2;
	}
	if (!good || !len || len >= 64 || port > 65535 || (end && *end))
		return error_set(err, -EINVAL, "'%s' is not ADDRESS:PORT", text);
	memcpy(address, from, len);
	address[len] = '\0';
	*port_out = (uint16_t)port;
	if (site->reach == LOCAL_LOOPBACK && !is_loopback(address))
		return error_set(err, -EINVAL,
				 "'%s' is not loopback, and others may ask only where certificates "
				 "say who they are",
				 address);
	return 0;
}

int local_site_listen(struct local_site *site, const char *where, struct error *err)
{
	char address[64];
	uint16_t port = 0;
	int fd = split(site, where, address, &port, err);

	if (fd == 0)
		fd = listen_open(address, port, err);
	if (fd >= 0)
		text_format(site->address, sizeof(site->address),
			    strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, listen_port(fd));
	return fd;
}
