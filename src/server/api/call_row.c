#include "server/api/call_row.h"

#define BRIEF                                                                                 \
	{ "id", COLUMN_TEXT }, { "agent", COLUMN_TEXT }, { "tool", COLUMN_TEXT },             \
		{ "state", COLUMN_TEXT }, { "caller", COLUMN_TEXT }, { "risk", COLUMN_TEXT }, \
		{ "created", COLUMN_TIME }, { "deadline", COLUMN_TIME },                      \
		{ "finished", COLUMN_TIME }, { "args_sha256", COLUMN_TEXT },                  \
		{ "result_sha256", COLUMN_TEXT }, { "error_code", COLUMN_INT },               \
		{ "error", COLUMN_TEXT },                                                     \
	{                                                                                     \
		"meta", COLUMN_JSON                                                           \
	}

const struct column call_columns[] = { BRIEF, { 0 } };
const struct column call_columns_whole[] = {
	BRIEF,
	{ "arguments", COLUMN_TEXT },
	{ "result", COLUMN_TEXT },
	{ 0 },
};
