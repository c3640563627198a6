/* Evidence in the store, from the moment it is asked for. */
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/inquiries_internal.h"

/* In the batch that queues the call, which is the newest of its agent's then. */
static const char queued_sql[] =
	"INSERT INTO evidence (org, thread, number, investigation, agent, host, call, tool, asked, "
	"args) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT), "
	"agent, CAST($6 AS TEXT), id, tool, created, args FROM calls WHERE org = $1 AND agent = $5 "
	"AND state = 'queued' ORDER BY cursor DESC LIMIT 1 ON CONFLICT DO NOTHING";
static const char asked_sql[] =
	"INSERT INTO evidence (org, thread, number, investigation, agent, host, call, tool, asked, "
	"args) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
static const char answered_sql[] =
	"UPDATE evidence SET answered = $4, elapsed_ms = $5, sha256 = $6, code = $7, error = $8, "
	"bytes = $9 WHERE org = $1 AND thread = $2 AND number = $3 AND code IS NULL";

static void count(struct leg *leg, uint64_t number)
{
	leg->n_asked++;
	if (number > leg->last)
		leg->last = number;
}

struct store_step record_queued(struct leg *leg, uint64_t number,
				struct store_value values[RECORD_QUEUED_VALUES])
{
	const struct run *run = leg->run;
	const struct store_value all[RECORD_QUEUED_VALUES] = {
		store_text(run->org), store_text(run->thread), store_int((int64_t)number),
		store_text(run->id),  store_text(leg->agent),  store_text(leg->host),
	};

	count(leg, number);
	memcpy(values, all, sizeof(all));
	return (struct store_step) { .sql = queued_sql,
				     .params = values,
				     .n_params = RECORD_QUEUED_VALUES };
}

void record_asked(struct leg *leg, const struct evidence_row *row)
{
	struct run *run = leg->run;

	count(leg, row->number);
	SCROLL_WRITE(&run->scroll, 0, asked_sql, store_text(run->org), store_text(run->thread),
		     store_int((int64_t)row->number), store_text(run->id), store_text(leg->agent),
		     store_text(leg->host), store_text(row->call), store_text(row->tool),
		     store_int((int64_t)clock_wall_ns()), store_text(row->args));
}

static void hear(const struct leg *leg, const struct evidence_row *row)
{
	struct inquiries *inquiries = leg->run->inquiries;
	const struct inquiry_answer answer = { leg->run->org, leg->agent, row->tool, row->bytes };

	inquiries->tally.evidence_bytes += strlen(row->bytes);
	if (inquiries->config.heard)
		inquiries->config.heard(&answer, inquiries->config.data);
}

void record_answered(struct leg *leg, const struct evidence_row *row)
{
	struct run *run = leg->run;

	if (row->bytes)
		hear(leg, row);
	SCROLL_WRITE(&run->scroll, 0, answered_sql, store_text(run->org), store_text(run->thread),
		     store_int((int64_t)row->number), store_int((int64_t)clock_wall_ns()),
		     store_int((int64_t)row->elapsed_ms), store_text(row->sha256),
		     store_int(row->code), store_text(row->error), store_text(row->bytes));
}
