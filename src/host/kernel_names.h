/* The kernel's functions by address: /proc/kallsyms, which shows addresses to root. */
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "host/host.h"

#define KERNEL_NAMES_MAX 4096

/*
 * {"names": {"0xffff...": "vfs_read+0x1f"}}, for those of the object 'addresses' (its keys; at most
 * KERNEL_NAMES_MAX are looked at) that lie in a function. NULL with a sentence if the kernel hides
 * its addresses.
 */
json_t *kernel_names_json(const struct host *host, const json_t *addresses, struct error *err);
