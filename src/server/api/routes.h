/* The tables of routes whose handlers lie in this folder; server/routes.c lists them all. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_status[];
extern const struct route routes_login[];
extern const struct route routes_orgs[];
extern const struct route routes_keys[];
extern const struct route routes_tokens[];
extern const struct route routes_agents[];
extern const struct route routes_agent_own[];
extern const struct route routes_calls[];
extern const struct route routes_approvals[];
extern const struct route routes_approvers[];
extern const struct route routes_signing_keys[];
extern const struct route routes_grants[];
extern const struct route routes_audit[];
extern const struct route routes_realtime[];
