/*
 * Networks of addresses, both families as one: an IPv4 address is ::ffff:a.b.c.d.
 */
#pragma once

#include <sys/socket.h>

#include "base/scan.h"

struct address {
	unsigned char bytes[16];
};

enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE, /* or reserved: to be connected to only where a policy names it */
	ADDRESS_NEVER,   /* link-local, metadata of clouds, multicast, "this network" */
};

/* False for another family. */
bool address_of(const struct sockaddr *address, struct address *address_out);

/* "10.0.0.1", "fe80::1"; no scope, no brackets. */
bool address_parse(const char *text, struct address *address_out);

/*
 * An address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) is of the
 * worse kind of both.
 */
enum address_kind address_kind(const struct address *address);
bool address_is_loopback(const struct address *address);

/* Whether a network of the list holds it. */
bool address_is_in(const struct address *address, const char *networks);

/* Words of networks, "10.0.0.0/8" or "::1", between blanks and commas. */
bool networks_are_sound(const char *networks);

/* The next word between blanks and commas; false at the end. */
bool list_next(const char **at, struct str *word_out);
