/* The tables of routes whose handlers lie in this folder; server/routes.c lists them all. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_gateway[];
