/* The tables of routes whose handlers lie in this folder. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_destinations[];
extern const struct route routes_deliveries[];
extern const struct route routes_messages[];
