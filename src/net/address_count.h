/* How many of something each address has, so that one of them cannot take all. */
#pragma once

#include <sys/socket.h>

#include "base/base.h"

struct address_count {
	/* private */
	void *tree;
};

/* IPv4 whole, also when mapped into IPv6; IPv6 by its /64; zeros for what has no address. */
struct address_key {
	unsigned char bytes[16];
};

struct address_key address_key_of(const struct sockaddr *address);

/* Adds one, unless there are 'max' already: then false. Without an address there is no limit. */
bool address_count_add(struct address_count *counts, const struct address_key *key, unsigned max);
void address_count_remove(struct address_count *counts, const struct address_key *key);
void address_count_finish(struct address_count *counts);
