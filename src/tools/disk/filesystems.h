/* The mounted file systems as results show them: how full, by bytes and by inodes. */
#pragma once

#include "call/tool.h"

/*
 * Puts "filesystems" into 'result', real ones first; "duplicate_of" names the
 * first mount of the same one, "hidden" has a later one over it, and what could
 * not be asked is named. Fails where there is no mount table.
 */
int filesystems_put(struct task *task, json_t *result, struct error *err) MUST_CHECK;
