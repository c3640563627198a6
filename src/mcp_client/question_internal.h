/* What a server asks back in the middle of a request, and the time that this takes. */
#pragma once

#include "mcp_client/client_internal.h"

/* ask.c: what the server asks back. */
void mcp_request_ask(struct mcp_request *request, const struct jsonrpc_message *message);
void mcp_request_ask_all(struct mcp_request *request, const json_t *result);
void mcp_request_forget_questions(struct mcp_request *request);
/* The same, of a request that is sent anew: who was asked hears of it, and its time goes on. */
void mcp_request_drop_questions(struct mcp_request *request);

/* request.c. Its deadline stands still, and goes on. */
void mcp_request_pause(struct mcp_request *request);
void mcp_request_go_on(struct mcp_request *request);
