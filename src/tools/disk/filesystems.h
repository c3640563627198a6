/* The mounted file systems as results show them: how full, by bytes and by inodes. */
#pragma once

#include "call/tool.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define FILESYSTEMS_RESULT                                                              \
	"filesystems: [{mount: string, source: string, type: string, options: string, " \
	"read_only: boolean, pseudo: boolean, image: boolean, network: boolean, "       \
	"total_bytes?: integer|null, used_bytes?: integer|null, "                       \
	"available_bytes?: integer|null, used_percent?: number, "                       \
	"inodes_total?: integer|null, inodes_free?: integer|null, "                     \
	"inodes_used_percent?: number, duplicate_of?: string, hidden?: boolean}]"

/*
 * Puts "filesystems" into 'result', real ones first; "duplicate_of" names the
 * first mount of the same one, "hidden" has a later one over it, and what could
 * not be asked is named. Fails where there is no mount table.
 */
int filesystems_put(struct task *task, json_t *result, struct error *err) MUST_CHECK;
