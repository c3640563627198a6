#include "call/sandbox/hooks_internal.h"

struct launcher_test hooks_of(const struct launcher_config *config UNUSED)
{
	return (struct launcher_test) { 0 };
}
