/* Inodes with several names that were counted already; bounded, so it may forget. */
#pragma once

#include "base/base.h"

struct usage_links;

struct usage_links *usage_links_new(void);
void usage_links_free(struct usage_links *links);

enum usage_link {
	USAGE_LINK_NEW,
	USAGE_LINK_SEEN,
	USAGE_LINK_UNKNOWN, /* no room to remember it: it may be counted again */
};

enum usage_link usage_links_add(struct usage_links *links, uint64_t inode);
