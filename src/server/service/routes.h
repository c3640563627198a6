/* The routes of services and of their changes; server/routes.c lists them. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_changes[];
extern const struct route routes_services[];
