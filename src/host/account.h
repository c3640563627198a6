/*
 * Users and groups by the machine's own /etc/passwd and /etc/group; directories
 * over the network are not asked, so a user may exist that is not found here.
 */
#pragma once

#include "host/host.h"

#define ACCOUNT_NAME_BYTES 64
#define ACCOUNT_MAX_GROUPS 64

struct account {
	char name[ACCOUNT_NAME_BYTES];
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_MAX_GROUPS]; /* supplementary */
	size_t n_groups;
};

/* Whether there is such a user. */
bool account_find_name(const struct host *host, const char *name, struct account *account_out);
bool account_find_uid(const struct host *host, uid_t uid, struct account *account_out);

/* Whether there is such a group. */
bool account_find_group(const struct host *host, const char *name, gid_t *gid_out);

/* The user's name, or its number where it has none; returns 'text'. */
const char *account_name(const struct host *host, uid_t uid, char text[ACCOUNT_NAME_BYTES]);
