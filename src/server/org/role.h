/* What somebody may do in an org, least first; routes name the least role they want. */
#pragma once

#include "base/base.h"

enum role {
	ROLE_NONE,      /* nobody in particular: open to all */
	ROLE_AGENT,     /* a host, for itself only */
	ROLE_VIEWER,    /* sees everything */
	ROLE_RESPONDER, /* asks hosts */
	ROLE_APPROVER,  /* says yes to what changes a host */
	ROLE_ADMIN,     /* keys, tokens, agents, the org itself */
};

#define ROLE_N (ROLE_ADMIN + 1)

const char *role_name(enum role role);

/* Of a person or program: viewer to admin. False, and nothing written, for any other word. */
bool role_from_name(const char *name, enum role *role_out);

/* Agents may do what is for agents, and only that; people what their role or a lower one may. */
bool role_allows(enum role least, enum role role);
