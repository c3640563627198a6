#include "server/org/role.h"

#include <string.h>

static const char *const names[ROLE_N] = {
	[ROLE_NONE] = "none",           [ROLE_AGENT] = "agent",       [ROLE_VIEWER] = "viewer",
	[ROLE_RESPONDER] = "responder", [ROLE_APPROVER] = "approver", [ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
	return names[role];
}

bool role_from_name(const char *name, enum role *role_out)
{
	for (enum role role = ROLE_VIEWER; role <= ROLE_ADMIN; role++) {
		if (strcmp(names[role], name) == 0) {
			*role_out = role;
			return true;
		}
	}
	return false;
}

bool role_allows(enum role least, enum role role)
{
	if (least == ROLE_NONE)
		return true;
	if (least == ROLE_AGENT || role == ROLE_AGENT)
		return least == role;
	return role >= least;
}
