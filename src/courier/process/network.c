#include "courier/process/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define WORD_BYTES 64

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Nobody's to name: a way into clouds' credentials, or not one host. */
static const char never[] =
	"0.0.0.0/8 169.254.0.0/16 224.0.0.0/4 255.255.255.255 100.100.100.200 168.63.129.16 "
	"192.0.0.192 ::/128 fe80::/10 ff00::/8 fd00:ec2::/32 fd20:ce::/32 fd00:42::42";

/* IANA's registries of special-purpose addresses, without what is above. */
static const char reserved[] =
	"10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
	"192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 "
	"::/96 64:ff9b:1::/48 100::/64 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fec0::/10";

static void map(const void *ipv4, struct address *address_out)
{
	memcpy(address_out->bytes, mapped, sizeof(mapped));
	memcpy(address_out->bytes + sizeof(mapped), ipv4, 4);
}

static bool is_mapped(const struct address *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

bool address_of(const struct sockaddr *from, struct address *address_out)
{
	if (from->sa_family == AF_INET)
		map(&((const struct sockaddr_in *)(const void *)from)->sin_addr, address_out);
	else if (from->sa_family == AF_INET6)
		memcpy(address_out->bytes,
		       &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
		       sizeof(address_out->bytes));
	else
		return false;
	return true;
}

bool address_parse(const char *text, struct address *address_out)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		map(&ipv4, address_out);
		return true;
	}
	return inet_pton(AF_INET6, text, address_out->bytes) == 1;
}

bool list_next(const char **at, struct str *word_out)
{
	static const char between[] = " \t,";

	*at += strspn(*at, between);
	*word_out = (struct str) { *at, strcspn(*at, between) };
	*at += word_out->len;
	return word_out->len > 0;
}

struct network {
	struct address address;
	unsigned n_bits;
};

static bool parse_network(struct str word, struct network *network_out)
{
	char text[WORD_BYTES];
	char *slash;
	const char *at;
	uint64_t n_bits;
	unsigned most;

	if (word.len >= sizeof(text))
		return false;
	str_copy(word, text, sizeof(text));
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!address_parse(text, &network_out->address))
		return false;
	most = strchr(text, ':') ? 128 : 32;
	n_bits = most;
	at = slash ? slash + 1 : "";
	if (slash && (!scan_u64(&at, &n_bits) || *at || n_bits > most))
		return false;
	network_out->n_bits = (unsigned)n_bits + 128 - most;
	return true;
}

static bool holds(const struct network *network, const struct address *address)
{
	unsigned n_bytes = network->n_bits / 8, rest = network->n_bits % 8;

	if (memcmp(network->address.bytes, address->bytes, n_bytes) != 0)
		return false;
	return !rest ||
	       (network->address.bytes[n_bytes] ^ address->bytes[n_bytes]) >> (8 - rest) == 0;
}

bool address_is_in(const struct address *address, const char *networks)
{
	struct network network;
	struct str word;

	while (networks && list_next(&networks, &word))
		if (parse_network(word, &network) && holds(&network, address))
			return true;
	return false;
}

bool networks_are_sound(const char *networks)
{
	struct network network;
	struct str word;

	while (networks && list_next(&networks, &word))
		if (!parse_network(word, &network))
			return false;
	return true;
}

bool address_is_loopback(const struct address *address)
{
	return address_is_in(address, "127.0.0.0/8 ::1");
}

static enum address_kind plain_kind(const struct address *address)
{
	if (address_is_in(address, never))
		return ADDRESS_NEVER;
	return address_is_in(address, reserved) ? ADDRESS_PRIVATE : ADDRESS_PUBLIC;
}

/* Where the IPv4 address stands in those that carry one. */
static bool carried(const struct address *address, struct address *ipv4_out)
{
	static const struct {
		const char *network;
		unsigned at;
		unsigned char flip; /* Teredo hides the client's */
	} carriers[] = {
		{ "::/96", 12, 0 },    { "64:ff9b::/96", 12, 0 }, { "64:ff9b:1::/48", 12, 0 },
		{ "2002::/16", 2, 0 }, { "2001::/32", 12, 0xff },
	};
	unsigned char bytes[4];

	for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
		if (!address_is_in(address, carriers[i].network))
			continue;
		for (unsigned n = 0; n < sizeof(bytes); n++)
			bytes[n] = address->bytes[carriers[i].at + n] ^ carriers[i].flip;
		map(bytes, ipv4_out);
		return true;
	}
	return false;
}

enum address_kind address_kind(const struct address *address)
{
	enum address_kind kind = plain_kind(address), inner;
	struct address ipv4;

	/* ::1 is not 0.0.0.1 in disguise. */
	if (is_mapped(address) || address_is_loopback(address) || !carried(address, &ipv4))
		return kind;
	inner = plain_kind(&ipv4);
	return inner > kind ? inner : kind;
}
