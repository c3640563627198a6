/*
 * Masks: what must not be read or reached although the tree shows the host.
 *
 * Secrets (they matter where a job holds CAP_DAC_READ_SEARCH), files whose
 * reading has effects (kmsg, trace_pipe, automount points) and the unix sockets
 * of other programs are covered by an empty file or directory of mode 000.
 */
#pragma once

#include "base/base.h"
#include "call/sandbox/tree_internal.h"

/* Covers them in the tree that is this process's root. 0 or a negative errno. */
int masks_add(const struct tree_request *request) MUST_CHECK;
