/* Doors that this architecture does not have. */
#include "attack.h"

#include <errno.h>

#include "base/base.h"

#define ABSENT(name)                                                \
	int attempt_##name(const struct canary_facts *facts UNUSED) \
	{                                                           \
		return -ENOSYS;                                     \
	}

ABSENT(call_32_bit)
ABSENT(call_x32)
ABSENT(raise_io_privilege)
ABSENT(modify_descriptor_table)
