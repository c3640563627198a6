#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "host/network.h"
#include "tools/network/interfaces.h"

#define MAX_BYTES MIB
#define MAX_ROUTES 200
#define ROUTE_UP 0x1
#define ROUTE_REJECT 0x200
#define NEIGHBOUR_COMPLETE 0x2
#define FLAG_DUPLICATE 0x08 /* IFA_F_DADFAILED: another machine has it (RFC 4862, 5.4) */
#define ADDRESSES "addresses"

struct route {
	char interface[32];
	uint32_t destination, mask, gateway; /* network order */
	uint64_t flags, metric;
};

/* "Iface Destination Gateway Flags RefCnt Use Metric Mask ..."; words in the machine's order. */
static bool parse_route(const char *line, struct route *route_out)
{
	uint64_t destination, gateway, ignored, mask;
	struct str name;

	if (!scan_word(&line, &name) || !scan_hex(&line, &destination) ||
	    !scan_hex(&line, &gateway) || !scan_hex(&line, &route_out->flags) ||
	    !scan_u64(&line, &ignored) || !scan_u64(&line, &ignored) ||
	    !scan_u64(&line, &route_out->metric) || !scan_hex(&line, &mask))
		return false;
	str_copy(name, route_out->interface, sizeof(route_out->interface));
	route_out->destination = (uint32_t)destination;
	route_out->gateway = (uint32_t)gateway;
	route_out->mask = (uint32_t)mask;
	return true;
}

static bool scan_prefixed_hex(const char **at, uint64_t *value_out)
{
	while (**at == ' ')
		(*at)++;
	return scan_text(at, "0x") && scan_hex(at, value_out);
}

static int prefix_length(uint32_t mask)
{
	return __builtin_popcount(mask);
}

static json_t *address_json(uint32_t address)
{
	char text[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &address, text, sizeof(text)));
}

static json_t *route_json(const struct route *route)
{
	char destination[INET_ADDRSTRLEN], text[INET_ADDRSTRLEN + 4];
	json_t *entry;

	(void)inet_ntop(AF_INET, &route->destination, destination, sizeof(destination));
	(void)snprintf(text, sizeof(text), "%s/%d", destination, prefix_length(route->mask));
	entry = json_pack("{s:s, s:o, s:I}", "destination", text, "interface",
			  json_text(route->interface, strlen(route->interface)), "metric",
			  (json_int_t)route->metric);
	json_put(entry, "gateway", route->gateway ? address_json(route->gateway) : json_null());
	return entry;
}

static bool is_default(const struct route *route)
{
	return !route->destination && !route->mask && (route->flags & ROUTE_UP) &&
	       !(route->flags & ROUTE_REJECT);
}

static size_t read_routes(const struct host *host, struct route *routes, json_t *result)
{
	CLEANUP(fd) int fd = network_open(host, "route");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;
	size_t n = 0;

	if (fd < 0) {
		tool_unread(result, "routes", fd);
		return 0;
	}
	lines_init(&lines, fd, MAX_BYTES);
	while (n < MAX_ROUTES && lines_next(&lines, &line))
		if (parse_route(line.data, &routes[n]))
			n++;
	return n;
}

/*
 * "IP type flags hardware-address mask device": whether somebody at the gateway's
 * address has answered. Null where nobody was asked of late.
 */
static json_t *is_answering(const struct host *host, uint32_t gateway)
{
	CLEANUP(fd) int fd = network_open(host, "arp");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return json_null();
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line)) {
		const char *at = line.data;
		uint64_t type, flags;
		uint32_t address;
		struct str word;
		char text[INET_ADDRSTRLEN];

		if (!scan_word(&at, &word))
			continue;
		str_copy(word, text, sizeof(text));
		if (inet_pton(AF_INET, text, &address) == 1 && address == gateway &&
		    scan_prefixed_hex(&at, &type) && scan_prefixed_hex(&at, &flags))
			return json_boolean(flags & NEIGHBOUR_COMPLETE);
	}
	return json_null();
}

static json_t *default_json(const struct host *host, const struct route *route)
{
	json_t *entry = route_json(route);

	json_put(entry, "gateway_answers",
		 route->gateway ? is_answering(host, route->gateway) : json_null());
	return entry;
}

static void put_routes(const struct host *host, const struct route *routes, size_t n,
		       json_t *result)
{
	json_t *list = json_array();
	const struct route *best = NULL;

	for (size_t i = 0; i < n; i++) {
		json_push(list, route_json(&routes[i]));
		if (is_default(&routes[i]) && (!best || routes[i].metric < best->metric))
			best = &routes[i];
	}
	json_put(result, "routes", list);
	json_put(result, "default_route", best ? default_json(host, best) : json_null());
	if (n == MAX_ROUTES)
		json_put(result, "truncated", json_true());
}

/* To a list of the interface's. */
static void add_address(json_t *result, const char *interface, const char *member,
			const char *address, int prefix)
{
	json_t *list = json_object_get(result, "interfaces"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		char text[SOCKET_ADDRESS_TEXT_BYTES + 4];

		if (strcmp(json_get_text(entry, "name", ""), interface) != 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s/%d", address, prefix);
		if (!json_object_get(entry, member))
			json_put(entry, member, json_array());
		json_push(json_object_get(entry, member), json_string(text));
	}
}

/*
 * fib_trie has no interface names: the connected route that covers an address
 * tells. An address alone, as clouds give them, sits where the default route leaves.
 */
static void place_address(const struct route *routes, size_t n, const char *text, json_t *result)
{
	const struct route *best = NULL, *fallback = NULL;
	uint32_t address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return;
	if ((ntohl(address) >> 24) == 127) {
		add_address(result, "lo", ADDRESSES, text, 8);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_default(&routes[i]) && !fallback)
			fallback = &routes[i];
		if (!routes[i].gateway && routes[i].mask &&
		    (address & routes[i].mask) == routes[i].destination &&
		    (!best || prefix_length(routes[i].mask) > prefix_length(best->mask)))
			best = &routes[i];
	}
	if (best)
		add_address(result, best->interface, ADDRESSES, text, prefix_length(best->mask));
	else
		add_address(result, fallback ? fallback->interface : "lo", ADDRESSES, text, 32);
}

/*
 * In fib_trie "|-- 10.0.0.5" is followed by "/32 host LOCAL" where the address
 * is the machine's own. Both tries (Main, Local) may show it; once counts.
 */
static void read_ipv4(const struct host *host, const struct route *routes, size_t n, json_t *result)
{
	CLEANUP(fd) int fd = network_open(host, "fib_trie");
	CLEANUP(lines) struct lines lines = { 0 };
	CLEANUP(json) json_t *seen = json_object();
	char leaf[INET_ADDRSTRLEN] = "";
	struct str line;

	if (fd < 0) {
		tool_unread(result, "IPv4 addresses", fd);
		return;
	}
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line)) {
		const char *mark = strstr(line.data, "|-- ");

		if (mark) {
			str_copy((struct str) { mark + 4, strlen(mark + 4) }, leaf, sizeof(leaf));
		} else if (strstr(line.data, "/32 host LOCAL") && !json_object_get(seen, leaf)) {
			/* What cannot be a key is no address either. */
			if (json_object_set_new(seen, leaf, json_true()) == 0)
				place_address(routes, n, leaf, result);
		}
	}
}

/* "fe80...(32 hex digits) index prefix scope flags name" */
static void read_ipv6(const struct host *host, json_t *result)
{
	CLEANUP(fd) int fd = network_open(host, "if_inet6");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return; /* a kernel without IPv6 */
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line)) {
		char text[INET6_ADDRSTRLEN], name[32], grouped[40];
		const char *at = line.data + 32;
		uint64_t index, prefix, scope, flags;
		uint8_t bytes[16];
		struct str word;
		size_t len = 0;

		if (line.len < 33 || strspn(line.data, "0123456789abcdef") != 32)
			continue;
		for (size_t i = 0; i < 32; i++) {
			if (i && i % 4 == 0)
				grouped[len++] = ':';
			grouped[len++] = line.data[i];
		}
		grouped[len] = '\0';
		if (!scan_hex(&at, &index) || !scan_hex(&at, &prefix) || !scan_hex(&at, &scope) ||
		    !scan_hex(&at, &flags) || !scan_word(&at, &word) ||
		    inet_pton(AF_INET6, grouped, bytes) != 1)
			continue;
		str_copy(word, name, sizeof(name));
		if (!inet_ntop(AF_INET6, bytes, text, sizeof(text)))
			continue;
		add_address(result, name, ADDRESSES, text, (int)prefix);
		if (flags & FLAG_DUPLICATE)
			add_address(result, name, "duplicate_addresses", text, (int)prefix);
	}
}

static void put_addresses(const struct host *host, const struct route *routes, size_t n,
			  json_t *result)
{
	read_ipv4(host, routes, n, result);
	read_ipv6(host, result);
}

void routes_read(const struct host *host, json_t *result)
{
	struct route routes[MAX_ROUTES];
	size_t n = read_routes(host, routes, result);

	put_routes(host, routes, n, result);
	put_addresses(host, routes, n, result);
}

void addresses_read(const struct host *host, json_t *result)
{
	struct route routes[MAX_ROUTES];

	put_addresses(host, routes, read_routes(host, routes, result), result);
}
