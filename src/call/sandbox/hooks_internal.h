/*
 * What only tests may do to the sandbox: leave out walls, play older kernels,
 * make steps fail. hooks_release.c, which every product executable links,
 * ignores what the configuration says; hooks_test.c obeys it.
 */
#pragma once

#include "call/sandbox/launcher.h"

struct launcher_test hooks_of(const struct launcher_config *config);
