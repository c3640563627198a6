/* The routes of pipelines; server/routes.c lists them. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_pipelines[];
