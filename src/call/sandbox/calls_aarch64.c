#include "call/sandbox/calls_internal.h"

#include <linux/audit.h>
#include <sys/syscall.h>

const uint32_t calls_audit_arch = AUDIT_ARCH_AARCH64;

/* It never had the older forms that x86_64 keeps. */
const int calls_base_of_arch[] = { -1 };
const int calls_metadata_of_arch[] = { -1 };
const int calls_acquire_of_arch[] = { -1 };
const int calls_client_of_arch[] = { -1 };
const int calls_fork_of_arch[] = { -1 };

const int calls_hostile_of_arch[] = {
	SYS_kexec_file_load,
	-1,
};

const int calls_open_of_arch = -1;
