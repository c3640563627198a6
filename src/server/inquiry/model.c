/*
 * The model of a run: its investigators are told of all that are configured, so that one may stand
 * in for another, and what they ask of them is carried by the courier, which adds address and key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "courier/model_forward.h"
#include "investigation/model/model.h"
#include "server/inquiry/inquiries_internal.h"

#define MIN_CONCLUDE_NS (20 * NS_PER_SEC) /* for the last round, and the report */
#define MICROS 1e6

bool inquiry_knows_engine(const struct inquiries *inquiries, const char *engine)
{
	const struct inquiry_config *config = &inquiries->config;

	return strcmp(engine, "builtin") == 0 ||
	       (config->courier && config->models && model_endpoints_find(config->models, engine));
}

bool inquiry_sees(const struct inquiries *inquiries, const char *engine)
{
	const struct model_endpoints *models = inquiries->config.models;
	const json_t *entry;
	size_t i;

	json_array_foreach(models ? models->models : NULL, i, entry)
	{
		struct error err = { 0 };
		struct model model;

		if (strcmp(json_get_text(entry, "name", ""), engine) == 0)
			return model_parse(&model, entry, &err) == 0 && model.sees;
	}
	return false;
}

const char *run_engine(const struct run *run)
{
	const char *engine = json_get_text(run->request, "engine", "builtin");

	/* One that is configured no more, or that there is no money for, has to be done without. */
	return !run->is_frugal && inquiry_knows_engine(run->inquiries, engine) ? engine : "builtin";
}

bool run_has_model(const struct run *run)
{
	return strcmp(run_engine(run), "builtin") != 0;
}

static void send_frame(void *data, const json_t *header, const char *body, size_t n_body)
{
	leg_send(data, header, (struct str) { body, n_body });
}

static void handle_request_end(void *data, const char *model, bool is_ok)
{
	const struct leg *leg = data;
	struct inquiries *inquiries = leg->run->inquiries;

	tally_request(&inquiries->tally, inquiries->config.models, model, is_ok);
}

static json_int_t left_of(uint64_t most, int64_t spent)
{
	return spent < (int64_t)most ? (json_int_t)most - spent : 0;
}

/* An hour spent before a restart is spent: what is left of the run's time counts. */
static json_t *budget_of(const struct leg *leg)
{
	const struct run *run = leg->run;
	uint64_t left_ns = run_left_ns(run);
	uint64_t time_ns = left_ns > 2 * MIN_CONCLUDE_NS ? left_ns - MIN_CONCLUDE_NS : left_ns / 2;
	json_t *budget = json_pack("{s:I, s:I, s:I}", "time_s", (json_int_t)(time_ns / NS_PER_SEC),
				   "calls", (json_int_t)(run->budget.calls / run->n_legs),
				   "person_s", (json_int_t)(leg->answer_ns / NS_PER_SEC));

	if (run->budget.tokens)
		json_put(budget, "tokens",
			 json_integer(left_of(run->budget.tokens,
					      run->before.tokens_in + run->before.tokens_out) /
				      run->n_legs));
	if (run->budget.cost_micros)
		json_put(budget, "cost",
			 json_real(
				 (double)left_of(run->budget.cost_micros, run->before.cost_micros) /
				 MICROS / run->n_legs));
	return budget;
}

void leg_begin_model(struct leg *leg, json_t *start)
{
	const struct inquiry_config *config = &leg->run->inquiries->config;

	if (!run_has_model(leg->run))
		return;
	leg->models = model_forward_new(config->courier, config->models, send_frame, leg);
	model_forward_watch(leg->models, handle_request_end);
	json_put(start, "engine", json_string(run_engine(leg->run)));
	json_put(start, "models", json_incref(config->models->models));
	leg->answer_ns = run_answer_ns(leg->run);
	json_put(start, "budget", budget_of(leg));
	json_put(start, "approvals", json_true());
	json_put(start, "skills", json_incref(leg->run->skills));
	if (json_object_get(leg->run->request, "images"))
		json_put(start, "images",
			 json_incref(json_object_get(leg->run->request, "images")));
}

/* After its start. */
void leg_tell_spent(struct leg *leg)
{
	CLEANUP(json) json_t *header = NULL;

	if (!leg->models || !leg->run->day.spent)
		return;
	header = json_pack("{s:s, s:s}", "type", "spent", "why", leg->run->day.spent);
	leg_send(leg, header, (struct str) { "", 0 });
}

void leg_end_model(struct leg *leg)
{
	model_forward_free(leg->models);
	leg->models = NULL;
}

int leg_take_model(struct leg *leg, const struct frame *frame, struct error *err)
{
	if (!leg->models)
		return error_set(err, -EBADMSG, "it asks for a model and was given none");
	(void)model_forward_hear(leg->models, frame);
	return 0;
}

static const json_t *engine_of(const struct leg *leg)
{
	const json_t *engine = json_object_get(leg->report, "engine");

	return json_is_object(engine) ? engine : NULL;
}

/* Never negative, nor so much that sums overflow: an investigator may say anything. */
static int64_t bounded(double amount)
{
	return amount > 0 && amount < 1e15 ? (int64_t)(amount + 0.5) : 0;
}

void leg_take_use(struct leg *leg, const json_t *use)
{
	leg->spent.tokens_in += bounded(json_get_number(use, "input_tokens", 0));
	leg->spent.tokens_out += bounded(json_get_number(use, "output_tokens", 0));
	leg->spent.cost_micros += bounded(json_get_number(use, "cost", 0) * MICROS);
	run_count(leg->run);
}

/* What its report says, or what it said so far. */
struct spent run_spent(const struct run *run)
{
	struct spent spent = run->before;

	for (unsigned i = 0; i < run->n_legs; i++) {
		const json_t *engine = engine_of(&run->legs[i]);
		const json_t *model;
		size_t k;

		if (!engine) {
			spent.tokens_in += run->legs[i].spent.tokens_in;
			spent.tokens_out += run->legs[i].spent.tokens_out;
			spent.cost_micros += run->legs[i].spent.cost_micros;
			continue;
		}
		spent.cost_micros += bounded(json_get_number(engine, "cost", 0) * MICROS);
		json_array_foreach(json_object_get(engine, "models"), k, model)
		{
			spent.tokens_in += bounded(json_get_number(model, "input_tokens", 0));
			spent.tokens_out += bounded(json_get_number(model, "output_tokens", 0));
		}
	}
	return spent;
}

struct use run_use(const struct run *run)
{
	const struct spent spent = run_spent(run);

	return (struct use) { .of = {
				      [USE_CALLS] = run->n_calls,
				      [USE_TIME] = run_time_ns(run) / NS_PER_MS,
				      [USE_TOKENS] = (uint64_t)(spent.tokens_in + spent.tokens_out),
				      [USE_COST] = (uint64_t)spent.cost_micros,
			      } };
}

void run_tally_tokens(const struct run *run)
{
	struct inquiries *inquiries = run->inquiries;

	for (unsigned i = 0; i < run->n_legs; i++) {
		const json_t *model;
		size_t k;

		json_array_foreach(json_object_get(engine_of(&run->legs[i]), "models"), k, model)
			tally_tokens(
				&inquiries->tally, inquiries->config.models,
				&(struct tally_tokens) {
					.model = json_get_text(model, "name", ""),
					.in = bounded(json_get_number(model, "input_tokens", 0)),
					.out = bounded(
						json_get_number(model, "output_tokens", 0)) });
	}
}

json_t *run_engine_report(const struct run *run)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < run->n_legs; i++)
		if (engine_of(&run->legs[i]))
			json_push(all, json_deep_copy(engine_of(&run->legs[i])));
	if (json_array_size(all) > 1)
		return all;
	if (json_array_size(all) == 1) {
		json_t *one = json_incref(json_array_get(all, 0));

		json_decref(all);
		return one;
	}
	json_decref(all);
	return json_string("builtin");
}
