/* The tables of routes whose handlers lie in this folder; server/routes.c lists them all. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_documented[];
extern const struct route routes_files[];
extern const struct route routes_investigate[];
extern const struct route routes_person[];
extern const struct route routes_investigations[];
extern const struct route routes_mcp_calls[];
extern const struct route routes_mcp_questions[];
extern const struct route routes_skills[];
extern const struct route routes_usage[];
