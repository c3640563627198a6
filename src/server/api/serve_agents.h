/* What other faces of the API do to agents in the same way. */
#pragma once

struct exchange;

/* Revokes the agent of the first parameter; the caller was checked. */
void serve_revoke_agent(struct exchange *exchange);
