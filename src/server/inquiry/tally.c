#include "server/inquiry/tally.h"

#include <string.h>

#include "base/clock.h"

static const char *const outcomes[TALLY_OUTCOMES] = { "cause-found", "inconclusive", "healthy",
						      "failed", "interrupted" };

static size_t find_engine(const struct model_endpoints *models, const char *engine)
{
	for (size_t i = 0; models && i < models->n; i++)
		if (strcmp(models->items[i].name, engine) == 0)
			return i + 1;
	return 0;
}

void tally_add(struct tally *tally, const struct model_endpoints *models,
	       const struct tally_end *end)
{
	size_t engine = find_engine(models, end->engine);
	uint64_t now_ns = clock_wall_ns();

	for (size_t i = 0; i < TALLY_OUTCOMES; i++)
		if (strcmp(outcomes[i], end->outcome) == 0)
			tally->ended[engine][i]++;
	tally->tokens_in += (uint64_t)end->tokens_in;
	tally->tokens_out += (uint64_t)end->tokens_out;
	tally->cost_micros += (uint64_t)end->cost_micros;
	if (end->started_ns)
		histogram_add(&tally->duration,
			      now_ns > end->started_ns ? now_ns - end->started_ns : 0);
}

static void add_engine(const struct tally *tally, size_t engine, const char *name, struct buf *page)
{
	for (size_t i = 0; i < TALLY_OUTCOMES; i++)
		buf_add_format(page,
			       "constable_investigations_total{engine=\"%s\",outcome=\"%s\"} "
			       "%llu\n",
			       name, outcomes[i], (unsigned long long)tally->ended[engine][i]);
}

void tally_metrics(const struct tally *tally, const struct model_endpoints *models,
		   struct buf *page)
{
	buf_add_text(page, "# TYPE constable_investigations_total counter\n");
	add_engine(tally, 0, "builtin", page);
	for (size_t i = 0; models && i < models->n; i++)
		add_engine(tally, i + 1, models->items[i].name, page);
	histogram_write(&tally->duration, "constable_investigation_duration_seconds", page);
	buf_add_format(page,
		       "# TYPE constable_evidence_bytes_total counter\n"
		       "constable_evidence_bytes_total %llu\n"
		       "# TYPE constable_model_tokens_total counter\n"
		       "constable_model_tokens_total{direction=\"in\"} %llu\n"
		       "constable_model_tokens_total{direction=\"out\"} %llu\n"
		       "# TYPE constable_model_cost_dollars_total counter\n"
		       "constable_model_cost_dollars_total %.6f\n",
		       (unsigned long long)tally->evidence_bytes,
		       (unsigned long long)tally->tokens_in, (unsigned long long)tally->tokens_out,
		       (double)tally->cost_micros / 1e6);
}
