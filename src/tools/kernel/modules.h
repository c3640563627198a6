/*
 * Kernel modules: which are loaded, which could be, and which somebody wanted.
 * Names are compared as the kernel does, with '-' and '_' alike.
 */
#pragma once

#include "host/host.h"

#define MODULES_NAME_BYTES 64

/* Whether it is loaded or built in: /sys/module tells both, /proc/modules the first. */
bool modules_is_present(const struct host *host, const char *release, const char *name);

/* Whether modules.dep of that release has it. */
bool modules_is_available(const struct host *host, const char *release, const char *name);

/*
 * [{module, from, line, present, available, blacklisted}] of modules-load.d, /etc/modules
 * and file systems of /etc/fstab that the kernel does not know yet. A new array.
 */
json_t *modules_wanted(const struct host *host, const char *release);

/* [{name, bytes, used_by, state, taints}] of /proc/modules, at most 'max'; NULL if it has none. */
json_t *modules_loaded(const struct host *host, size_t max);
