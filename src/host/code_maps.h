/* What a process maps to run: /proc/PID/maps. */
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "host/host.h"

#define CODE_MAPS_MAX 1024

/*
 * {"maps":[{start, end, offset, path, inode}], "truncated"?}: those that may be executed, in order
 * of address; "path" as the process sees it, "" for what is no file. NULL with a sentence if the
 * process is gone or may not be looked into.
 */
json_t *code_maps_json(const struct host *host, uint32_t pid, struct error *err);
