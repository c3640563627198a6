#include "server/hub/grants.h"

const char grants_sql[] =
	"SELECT id, statement, signature FROM grants WHERE org = $1 AND tool = $2 AND expires > $3 "
	"AND revoked IS NULL ORDER BY created DESC LIMIT 100";

static bool is_covered(const struct store_rows *rows, unsigned row, const struct grant_call *call)
{
	CLEANUP(json)
	json_t *sealed = json_pack("{s:s, s:s}", "statement", store_text_at(rows, row, 1),
				   "signature", store_text_at(rows, row, 2));
	CLEANUP(grant) struct grant grant = { 0 };
	struct error ignored = { 0 };

	return grant_parse(sealed, &grant, &ignored) == 0 &&
	       grant_check(&grant, call, &ignored) == 0;
}

const char *grants_find(const struct store_rows *rows, const struct grant_call *call)
{
	for (unsigned i = 0; i < rows->n_rows; i++)
		if (is_covered(rows, i, call))
			return store_text_at(rows, i, 0);
	return NULL;
}
