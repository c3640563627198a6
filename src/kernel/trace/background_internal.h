/* Closing what takes the kernel long to let go, without waiting for it. */
#pragma once

#include "base/base.h"

#define BACKGROUND_MAX 16

/*
 * Closes them all and returns at once where the kernel can: a probe of a function or a program
 * takes it tens of milliseconds each. They lie in a socket that only it holds itself, which the
 * kernel finds and throws away with what is in it, also when this process has ended
 * (net/unix/garbage.c). Older kernels do that within the call.
 */
void background_close(int *fds, unsigned n);
