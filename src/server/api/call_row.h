/* A call as the API shows it. 'arguments' and 'result' are the exact bytes that were hashed. */
#pragma once

#include "server/api/exchange.h"

#define CALL_COLUMNS                                                                       \
	"id, agent, tool, state, caller, risk, created, deadline, finished, args_sha256, " \
	"result_sha256, error_code, error, meta"
#define CALL_TEXTS ", args, result"

/* Rows of CALL_COLUMNS; the second has CALL_TEXTS behind them. */
extern const struct column call_columns[];
extern const struct column call_columns_whole[];

#define CALL_MEMBERS                                                                      \
	"\"id\":" SCHEMA_TEXT ",\"agent\":" SCHEMA_TEXT ",\"tool\":" SCHEMA_TEXT          \
	",\"state\":{\"enum\":[\"queued\",\"waiting_approval\",\"done\",\"failed\","      \
	"\"interrupted\",\"denied\",\"cancelled\",\"expired\"]},\"caller\":" SCHEMA_TEXT  \
	",\"risk\":" SCHEMA_TEXT ",\"created\":" SCHEMA_TEXT ",\"deadline\":" SCHEMA_TEXT \
	",\"finished\":" SCHEMA_NULL_TEXT ",\"args_sha256\":" SCHEMA_TEXT                 \
	",\"result_sha256\":" SCHEMA_NULL_TEXT ",\"error_code\":" SCHEMA_NULL_COUNT       \
	",\"error\":" SCHEMA_NULL_TEXT ",\"meta\":{}"
#define CALL_NAMES "\"id\",\"agent\",\"tool\",\"state\""
