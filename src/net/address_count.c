#include "net/address_count.h"

#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct address_entry {
	struct address_key key;
	unsigned n;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address_key));
}

struct address_key address_key_of(const struct sockaddr *address)
{
	struct address_key key = { { 0 } };

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *ipv4 = (const void *)address;

		memset(key.bytes + 10, 0xff, 2);
		memcpy(key.bytes + 12, &ipv4->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *ipv6 = (const void *)address;

		memcpy(key.bytes, &ipv6->sin6_addr,
		       IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr) ? 16 : 8);
		/* Apart from what has no address, also for ::1. */
		key.bytes[15] |= IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
	}
	return key;
}

static bool is_counted(const struct address_key *key)
{
	static const struct address_key none;

	return compare(key, &none) != 0;
}

bool address_count_add(struct address_count *counts, const struct address_key *key, unsigned max)
{
	struct address_entry **found, *entry;

	if (!is_counted(key))
		return true;
	found = tfind(key, &counts->tree, compare);
	if (found) {
		if ((*found)->n >= max)
			return false;
		(*found)->n++;
		return true;
	}
	if (!max)
		return false;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		abort();
	*entry = (struct address_entry) { *key, 1 };
	if (!tsearch(entry, &counts->tree, compare))
		abort();
	return true;
}

void address_count_remove(struct address_count *counts, const struct address_key *key)
{
	struct address_entry **found, *entry;

	if (!is_counted(key))
		return;
	found = tfind(key, &counts->tree, compare);
	if (!found || --(*found)->n)
		return;
	entry = *found;
	(void)tdelete(key, &counts->tree, compare);
	free(entry);
}

void address_count_finish(struct address_count *counts)
{
	tdestroy(counts->tree, free);
	counts->tree = NULL;
}
