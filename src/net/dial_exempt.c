/* The rules of no_proxy, as curl and most others read them. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/scan.h"
#include "net/dial.h"

static bool parse_address(const char *text, unsigned char bytes[16], unsigned *n_bits_out)
{
	*n_bits_out = 32;
	if (inet_pton(AF_INET, text, bytes) == 1)
		return true;
	*n_bits_out = 128;
	return inet_pton(AF_INET6, text, bytes) == 1;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned n_bits)
{
	unsigned rest = n_bits % 8;

	if (memcmp(a, b, n_bits / 8) != 0)
		return false;
	return !rest || (a[n_bits / 8] ^ b[n_bits / 8]) >> (8 - rest) == 0;
}

static bool is_in_network(const char *rule, const char *host)
{
	unsigned char address[16], network[16];
	unsigned n_address_bits, n_network_bits;
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(rule, '/'), *at;
	uint64_t n_bits;

	str_copy((struct str) { rule, slash ? (size_t)(slash - rule) : strlen(rule) }, text,
		 sizeof(text));
	if (!parse_address(host, address, &n_address_bits) ||
	    !parse_address(text, network, &n_network_bits) || n_address_bits != n_network_bits)
		return false;
	n_bits = n_network_bits;
	at = slash ? slash + 1 : NULL;
	if (at && (!scan_u64(&at, &n_bits) || *at || n_bits > n_network_bits))
		return false;
	return same_bits(address, network, (unsigned)n_bits);
}

static bool is_below(const char *rule, const char *host)
{
	size_t n_rule, n_host = strlen(host);

	rule += *rule == '.';
	n_rule = strlen(rule);
	if (!n_rule || n_host < n_rule || strcasecmp(host + n_host - n_rule, rule) != 0)
		return false;
	return n_host == n_rule || host[n_host - n_rule - 1] == '.';
}

bool dial_is_exempt(const char *no_proxy, const char *host)
{
	while (no_proxy && *no_proxy) {
		size_t len;
		char rule[256];

		no_proxy += strspn(no_proxy, ", \t");
		len = strcspn(no_proxy, ", \t");
		if (len && len < sizeof(rule)) {
			str_copy((struct str) { no_proxy, len }, rule, sizeof(rule));
			if (strcmp(rule, "*") == 0 || is_below(rule, host) ||
			    is_in_network(rule, host))
				return true;
		}
		no_proxy += len;
	}
	return false;
}
