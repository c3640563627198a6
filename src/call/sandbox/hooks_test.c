#include "call/sandbox/hooks_internal.h"

struct launcher_test hooks_of(const struct launcher_config *config)
{
	return config->test;
}
