/*
 * Where the certificates of this machine lie: named by the configuration of its
 * servers or by their arguments, and in the usual folders.
 */
#pragma once

#include "call/tool.h"
#include "host/program.h"

#define CERTIFICATE_MAX_PATHS 400

/*
 * {path: [{file, line} or {pid, comm}]}: the files, and who names each; an empty
 * list where it only lies in a usual folder.
 */
json_t *certificate_paths_find(const struct host *host, const struct programs *programs);
