/* Names of the kernel's numbers, of the architecture that this was built for. */
#pragma once

#include "base/base.h"

/* "openat", or NULL. */
const char *names_syscall(int64_t number);

/* The number, or -1. */
int names_find_syscall(const char *name);

/* "NET_RX", or NULL. */
const char *names_softirq(int64_t number);
