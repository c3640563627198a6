/* Names of users, from /etc/passwd; directories beyond it are not asked. */
#pragma once

#include "host/host.h"

struct users {
	struct buf passwd; /* private */
};

void users_load(const struct host *host, struct users *users_out);
void users_cleanup(struct users *users);

/* The name of a uid, or the number as text where there is none. A new reference. */
json_t *users_name(const struct users *users, uint64_t uid);
