#include "server/hub/labels.h"

#include <string.h>

#include "call/hash.h"

#define LABEL_MAX_BYTES (32 * KIB)
#define MAX_LABELS 8192

static const char delete_sql[] = "DELETE FROM agent_labels WHERE org = $1 AND agent = $2";
/* $3 is $4 hashes without anything between them. */
static const char insert_sql[] =
	"WITH RECURSIVE place (n) AS (SELECT CAST(0 AS BIGINT) UNION ALL "
	"SELECT n + 1 FROM place WHERE n + 1 < $4) "
	"INSERT INTO agent_labels (org, hash, agent) SELECT CAST($1 AS TEXT), "
	"substr(CAST($3 AS TEXT), CAST(n * 16 + 1 AS INTEGER), 16), CAST($2 AS TEXT) "
	"FROM place WHERE n < $4 ON CONFLICT DO NOTHING";

const char *label_hash(const char *label, char hash[LABEL_HASH_BYTES])
{
	char whole[HASH_TEXT_BYTES];

	text_format(hash, LABEL_HASH_BYTES, "%.16s", hash_text(label, strlen(label), whole));
	return hash;
}

void labels_rows_cleanup(struct labels_rows *rows)
{
	buf_finish(&rows->hashes);
}

void labels_write(struct labels_rows *rows, const char *org, const char *agent,
		  const json_t *labels, struct store_step steps_out[LABELS_STEPS])
{
	const char *key;
	json_t *value;
	int64_t n = 0;

	buf_init(&rows->hashes, MAX_LABELS * (LABEL_HASH_BYTES - 1) + 1);
	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		CLEANUP(buf) struct buf label = { 0 };
		char hash[LABEL_HASH_BYTES];

		buf_init(&label, LABEL_MAX_BYTES);
		if (!json_is_string(value) || n >= MAX_LABELS)
			continue;
		buf_add_format(&label, "%s=%s", key, json_string_value(value));
		buf_add_text(&rows->hashes, label_hash(buf_text(&label), hash));
		n++;
	}
	const struct store_value params[] = { store_text(org), store_text(agent),
					      store_text(buf_text(&rows->hashes)), store_int(n) };
	memcpy(rows->params, params, sizeof(params));
	steps_out[0] = (struct store_step) { delete_sql, rows->params, 2, STORE_ANY };
	steps_out[1] = (struct store_step) { insert_sql, rows->params, 4, STORE_ANY };
}
