/* What the files of a host share. */
#pragma once

#include "surface/mcp/host.h"

/* For struct mcp_offer. */
void mcp_host_start(struct mcp_call *call);
void mcp_host_cancel(struct mcp_call *call);
