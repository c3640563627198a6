/* The groups that may read logs, as this host's /etc/group numbers them. */
#pragma once

#include "base/base.h"

/* Fills at most 'max'; returns how many there are. */
size_t groups_that_read_logs(gid_t *groups_out, size_t max);

/* The ids of a user of this host's /etc/passwd; false if there is none. */
bool groups_find_user(const char *name, uid_t *uid_out, gid_t *gid_out);
