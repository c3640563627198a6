/*
 * What the kernel's verifier said at length of the programs that it refused: verifier-NAME.log
 * beside the journal, the last of each name, of the last VERIFIER_LOGS_MAX names.
 */
#pragma once

#include "base/error.h"

#define VERIFIER_LOGS_MAX 16 /* each of up to LOAD_LOG_BYTES */

/* 'name' is a program's; 'log' NULL: nothing was said. */
void verifier_log_keep(const char *folder, const char *name, const char *log);
