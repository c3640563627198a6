/*
 * Giving memory back while nothing happens: free heap, and the pages of libraries
 * that are clean in memory, because the kernel can read them again from their files.
 */
#pragma once

#include "base/base.h"

void memory_give_back(void);
