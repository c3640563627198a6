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
	tally->cost_micros += (uint64_t)end->cost_micros;
	if (end->started_ns)
		histogram_add(&tally->duration,
			      now_ns > end->started_ns ? now_ns - end->started_ns : 0);
}

/* NULL for the built-in engine, and for a model that is configured no more. */
static struct tally_model *find_model(struct tally *tally, const struct model_endpoints *models,
				      const char *model)
{
	size_t engine = find_engine(models, model);

	return engine ? &tally->models[engine - 1] : NULL;
}

void tally_request(struct tally *tally, const struct model_endpoints *models, const char *model,
		   bool is_ok)
{
	struct tally_model *one = find_model(tally, models, model);

	if (!one)
		return;
	one->requests++;
	one->errors += !is_ok;
}

void tally_tokens(struct tally *tally, const struct model_endpoints *models,
		  const struct tally_tokens *tokens)
{
	struct tally_model *one = find_model(tally, models, tokens->model);

	if (!one)
		return;
	one->tokens_in += (uint64_t)tokens->in;
	one->tokens_out += (uint64_t)tokens->out;
}

void tally_person(struct tally *tally, enum tally_wait wait, enum tally_person end,
		  uint64_t waited_ns)
{
	tally->persons[wait][end]++;
	histogram_add(&tally->waits[wait], waited_ns);
}

static void add_models(const struct tally *tally, const struct model_endpoints *models,
		       struct buf *page)
{
	buf_add_text(page, "# TYPE constable_model_requests_total counter\n");
	for (size_t i = 0; models && i < models->n; i++)
		buf_add_format(
			page,
			"constable_model_requests_total{model=\"%s\",outcome=\"ok\"} %llu\n"
			"constable_model_requests_total{model=\"%s\",outcome=\"error\"} %llu\n",
			models->items[i].name,
			(unsigned long long)(tally->models[i].requests - tally->models[i].errors),
			models->items[i].name, (unsigned long long)tally->models[i].errors);
	buf_add_text(page, "# TYPE constable_model_tokens_total counter\n");
	for (size_t i = 0; models && i < models->n; i++)
		buf_add_format(
			page,
			"constable_model_tokens_total{model=\"%s\",direction=\"in\"} %llu\n"
			"constable_model_tokens_total{model=\"%s\",direction=\"out\"} %llu\n",
			models->items[i].name, (unsigned long long)tally->models[i].tokens_in,
			models->items[i].name, (unsigned long long)tally->models[i].tokens_out);
}

static void add_persons(const struct tally *tally, struct buf *page)
{
	static const char *const kinds[TALLY_WAITS] = { "question", "approval" };
	static const char *const ends[TALLY_PERSONS] = { "answered", "refused", "unanswered" };

	buf_add_text(page, "# TYPE constable_person_waits_total counter\n");
	for (size_t i = 0; i < TALLY_WAITS; i++)
		for (size_t k = 0; k < TALLY_PERSONS; k++)
			buf_add_format(
				page,
				"constable_person_waits_total{for=\"%s\",outcome=\"%s\"} %llu\n",
				kinds[i], ends[k], (unsigned long long)tally->persons[i][k]);
	buf_add_text(page, "# TYPE constable_person_wait_seconds histogram\n");
	for (size_t i = 0; i < TALLY_WAITS; i++) {
		char labels[64];

		text_format(labels, sizeof(labels), "for=\"%s\"", kinds[i]);
		histogram_write_one(&tally->waits[i], "constable_person_wait_seconds", labels,
				    page);
	}
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
	add_models(tally, models, page);
	add_persons(tally, page);
	buf_add_format(page,
		       "# TYPE constable_evidence_bytes_total counter\n"
		       "constable_evidence_bytes_total %llu\n"
		       "# TYPE constable_model_cost_dollars_total counter\n"
		       "constable_model_cost_dollars_total %.6f\n",
		       (unsigned long long)tally->evidence_bytes, (double)tally->cost_micros / 1e6);
}
