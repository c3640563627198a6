/*
 * Address ranges as people write them: "10.0.0.0/8, 2001:db8::/32, 192.0.2.7".
 * An IPv4 address that arrives as ::ffff:a.b.c.d counts as IPv4.
 */
#pragma once

#include "base/error.h"

#define NETWORK_MAX_BYTES 1024

/* -EINVAL with the range that is none, or whose address has bits beyond its length. */
int network_check(const char *ranges, struct error *err) MUST_CHECK;

/* Whether a checked list holds the address; an empty list holds every one. */
bool network_has(const char *ranges, const char *address);
