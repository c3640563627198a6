#include "server/org/audit.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/token.h"

#define SEAL_AT_ONCE 60 /* of at most STORE_MAX_STEPS */

static const char insert_sql[] =
	"INSERT INTO audit (org, seq, time, actor, action, target, prev, hash, details) "
	"SELECT CAST($1 AS TEXT), COALESCE(MAX(seq), 0) + 1, CAST($2 AS BIGINT), "
	"CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), '', '', CAST($6 AS TEXT) "
	"FROM audit WHERE org = $1";
const char audit_once_sql[] =
	"INSERT INTO audit (org, seq, time, actor, action, target, prev, hash, details) "
	"SELECT CAST($1 AS TEXT), (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit WHERE org = $1), "
	"CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), '', '', "
	"CAST($6 AS TEXT) WHERE NOT EXISTS (SELECT 1 FROM audit AS near WHERE near.org = $1 AND "
	"near.seq > (SELECT COALESCE(MAX(seq), 0) - 1000 FROM audit WHERE org = $1) AND "
	"near.action = $4 AND near.details = $6)";
static const char last_sql[] = "SELECT hash FROM audit WHERE org = $1 AND hash <> '' "
			       "ORDER BY seq DESC LIMIT 1";
static const char open_sql[] = "SELECT seq, time, actor, action, target, details FROM audit "
			       "WHERE org = $1 AND hash = '' ORDER BY seq LIMIT 60";
static const char seal_sql[] = "UPDATE audit SET prev = $3, hash = $4 "
			       "WHERE org = $1 AND seq = $2 AND hash = ''";

struct store_step audit_step(struct audit_record *record, const struct audit_entry *entry)
{
	const struct store_value params[AUDIT_PARAMS] = {
		store_text(entry->org),    store_int((int64_t)clock_wall_ns()),
		store_text(entry->actor),  store_text(entry->action),
		store_text(entry->target), store_text(entry->details ? entry->details : "{}"),
	};

	memcpy(record->params, params, sizeof(params));
	return (struct store_step) { insert_sql, record->params, AUDIT_PARAMS, STORE_SOME };
}

void audit_hash(const struct audit_line *line, char hash[65])
{
	CLEANUP(json) json_t *json = json_object();
	char *text;

	json_put(json, "seq", json_integer(line->seq));
	json_put(json, "time", json_integer(line->time));
	json_put(json, "actor", json_string(line->actor));
	json_put(json, "action", json_string(line->action));
	json_put(json, "target", json_string(line->target));
	json_put(json, "details", json_string(line->details));
	json_put(json, "prev", json_string(line->prev));
	text = json_canonical(json);
	(void)token_hash(text, strlen(text), hash);
	free(text);
}

struct sealer {
	struct store *store;
	struct org *org;
	char last[TOKEN_HASH_BYTES]; /* hash of the last line that is sealed */
	unsigned n;                  /* lines that are being sealed */
};

static void finish(struct sealer *sealer)
{
	sealer->org->sealing = false;
	free(sealer);
}

static void start(struct sealer *sealer);
static void handle_sealed(const struct store_result *result, const struct error *err, void *data);

/* The same batch reads what to seal next: a busy log costs one trip for so many lines. */
static void seal_rows(struct sealer *sealer, const struct store_rows *rows)
{
	const struct store_value org = store_text(sealer->org->id);
	struct store_value params[SEAL_AT_ONCE][4];
	struct store_step steps[SEAL_AT_ONCE + 1];
	char hashes[SEAL_AT_ONCE + 1][TOKEN_HASH_BYTES];
	struct store_batch batch = { .org = sealer->org->id, .steps = steps };

	memcpy(hashes[0], sealer->last, sizeof(hashes[0]));
	for (unsigned i = 0; i < rows->n_rows && i < SEAL_AT_ONCE; i++) {
		struct audit_line line = {
			.seq = store_int_at(rows, i, 0),
			.time = store_int_at(rows, i, 1),
			.actor = store_text_at(rows, i, 2),
			.action = store_text_at(rows, i, 3),
			.target = store_text_at(rows, i, 4),
			.details = store_text_at(rows, i, 5),
			.prev = hashes[i],
		};

		audit_hash(&line, hashes[i + 1]);
		params[i][0] = org;
		params[i][1] = store_int(line.seq);
		params[i][2] = store_text(hashes[i]);
		params[i][3] = store_text(hashes[i + 1]);
		steps[i] = (struct store_step) { seal_sql, params[i], 4, STORE_SOME };
		batch.n_steps++;
	}
	sealer->n = batch.n_steps;
	memcpy(sealer->last, hashes[sealer->n], sizeof(sealer->last));
	steps[batch.n_steps++] = (struct store_step) { open_sql, &org, 1, STORE_ANY };
	(void)store_submit(sealer->store, &batch, handle_sealed, sealer);
}

static void handle_sealed(const struct store_result *result, const struct error *err, void *data)
{
	struct sealer *sealer = data;

	/* Another server sealed some of them first: what is left follows its last one. */
	if (err && err->code == -ENOENT) {
		start(sealer);
		return;
	}
	if (err)
		log_warn("the audit log of org '%s' is not sealed yet: %s", sealer->org->id,
			 err->text);
	if (err || result->steps[sealer->n].n_rows == 0)
		finish(sealer);
	else
		seal_rows(sealer, &result->steps[sealer->n]);
}

static void handle_open(const struct store_result *result, const struct error *err, void *data)
{
	struct sealer *sealer = data;

	if (err || result->steps[1].n_rows == 0) {
		sealer->n = 1;
		handle_sealed(result, err, data);
		return;
	}
	text_format(sealer->last, sizeof(sealer->last), "%s",
		    result->steps[0].n_rows ? store_text_at(&result->steps[0], 0, 0) : "");
	seal_rows(sealer, &result->steps[1]);
}

static void start(struct sealer *sealer)
{
	const struct store_value org = store_text(sealer->org->id);
	const struct store_step steps[] = {
		{ last_sql, &org, 1, STORE_ANY },
		{ open_sql, &org, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = sealer->org->id,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	(void)store_submit(sealer->store, &batch, handle_open, sealer);
}

void audit_seal(struct store *store, struct org *org)
{
	struct sealer *sealer;

	if (org->sealing)
		return; /* it looks again before it ends, and that look comes after this batch */
	sealer = calloc(1, sizeof(*sealer));
	if (!sealer)
		abort();
	*sealer = (struct sealer) { .store = store, .org = org };
	org->sealing = true;
	start(sealer);
}
