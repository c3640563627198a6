#include "tools/disk/usage_links.h"

#include <stdlib.h>

/* Two megabytes; at three quarters it is full. */
#define N_SLOTS ((size_t)1 << 18)

struct usage_links {
	uint64_t slots[N_SLOTS]; /* 0: free; no file has inode 0 */
	size_t n;
};

struct usage_links *usage_links_new(void)
{
	struct usage_links *links = calloc(1, sizeof(*links));

	if (!links)
		abort();
	return links;
}

void usage_links_free(struct usage_links *links)
{
	free(links);
}

enum usage_link usage_links_add(struct usage_links *links, uint64_t inode)
{
	size_t at = (size_t)((inode * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % N_SLOTS;

	while (links->slots[at]) {
		if (links->slots[at] == inode)
			return USAGE_LINK_SEEN;
		at = (at + 1) % N_SLOTS;
	}
	if (links->n >= N_SLOTS / 4 * 3)
		return USAGE_LINK_UNKNOWN;
	links->slots[at] = inode;
	links->n++;
	return USAGE_LINK_NEW;
}
