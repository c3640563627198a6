/*
 * Files of "key value" lines, as the kernel writes them: /proc/meminfo,
 * /proc/vmstat, /proc/PID/status and io, memory.events, cpu.stat. A key stands
 * at the start of a line and ends with ':' or a blank; units are not read.
 */
#pragma once

#include "base/base.h"

/* Where the value of 'key' begins (after ':' and blanks), or NULL; borrowed. */
const char *fields_find(const char *text, const char *key);

/* The number after 'key', or 'otherwise' where there is none. */
uint64_t fields_get(const char *text, const char *key, uint64_t otherwise);
