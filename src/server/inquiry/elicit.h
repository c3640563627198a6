/*
 * What an MCP server of others asks of people while it is called (elicitation). It is put to an
 * approver as an appeal, and its answer goes to that server alone: no model answers, hears of it,
 * or reads what was entered, which is in no record, and taken out of what the server says from then
 * on (entered.h). An address that it sends to is shown to approvers alone: it may be a login.
 */
#pragma once

#include "server/inquiry/appeal_internal.h"
#include "server/inquiry/ask_internal.h"

#define ELICIT_CALL_MAX 4                  /* questions of one call */
#define ELICIT_SERVER_MAX 8                /* of one server in a run */
#define ELICIT_RUN_NS (RUN_PERSONS_NS / 2) /* that a run may wait for them in all */

/* For struct mcp_order; 'data' is the ask. */
void elicit_take(const struct mcp_question *question, void *data);
/* The call has ended, or is made anew, or nobody waits for it: what is open is withdrawn. */
void elicit_forget(struct ask *ask);
