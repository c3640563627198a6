/* What a unit wrote last: its lines in the journal. */
#pragma once

#include "call/tool.h"

/*
 * The latest lines of a unit and of systemd about it, oldest first, at most
 * 'max': [{seconds_ago, priority, text, pid}]. A new array, or NULL with errno
 * (ENOENT: no journal is kept on this machine).
 */
json_t *unit_journal_read(struct task *task, const char *unit, size_t max);
