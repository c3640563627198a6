/* The table of routes whose handlers lie in this folder. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_chat[];
