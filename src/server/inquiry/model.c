/*
 * The model of a run: its investigators are told of all that are configured, so that one may stand
 * in for another, and what they ask of them is carried by the courier, which adds address and key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "courier/model_forward.h"
#include "server/inquiry/inquiries_internal.h"

#define MIN_CONCLUDE_NS (20 * NS_PER_SEC) /* for the last round, and the report */
#define MICROS 1e6
#define MAX_ANSWER_BYTES (16 * KIB)

bool inquiry_knows_engine(const struct inquiries *inquiries, const char *engine)
{
	const struct inquiry_config *config = &inquiries->config;

	return strcmp(engine, "builtin") == 0 ||
	       (config->courier && config->models && model_endpoints_find(config->models, engine));
}

const char *run_engine(const struct run *run)
{
	const char *engine = json_get_text(run->request, "engine", "builtin");

	/* One that is configured no more has to be done without. */
	return inquiry_knows_engine(run->inquiries, engine) ? engine : "builtin";
}

bool run_has_model(const struct run *run)
{
	return strcmp(run_engine(run), "builtin") != 0;
}

static void send_frame(void *data, const json_t *header, const char *body, size_t n_body)
{
	leg_send(data, header, (struct str) { body, n_body });
}

/* An hour spent before a restart is spent: what is left of the run's time counts. */
static json_t *budget_of(const struct run *run)
{
	uint64_t spent_ns = clock_wall_ns() - run->started_ns;
	uint64_t left_ns = run->budget.time_ns > spent_ns ? run->budget.time_ns - spent_ns : 0;
	uint64_t time_ns = left_ns > 2 * MIN_CONCLUDE_NS ? left_ns - MIN_CONCLUDE_NS : left_ns / 2;
	json_t *budget = json_pack("{s:I, s:I}", "time_s", (json_int_t)(time_ns / NS_PER_SEC),
				   "calls", (json_int_t)(run->budget.calls / run->n_legs));

	if (run->budget.tokens)
		json_put(budget, "tokens",
			 json_integer((json_int_t)(run->budget.tokens / run->n_legs)));
	if (run->budget.cost_micros)
		json_put(budget, "cost",
			 json_real((double)run->budget.cost_micros / MICROS / run->n_legs));
	return budget;
}

void leg_begin_model(struct leg *leg, json_t *start)
{
	const struct inquiry_config *config = &leg->run->inquiries->config;

	if (!run_has_model(leg->run))
		return;
	leg->models = model_forward_new(config->courier, config->models, send_frame, leg);
	json_put(start, "engine", json_string(run_engine(leg->run)));
	json_put(start, "models", json_incref(config->models->models));
	json_put(start, "budget", budget_of(leg->run));
	json_put(start, "approvals", json_true());
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

/* As clients know it: {"questions": [{"question", "options"}]}; ours has the rest. */
void leg_take_question(struct leg *leg, const json_t *asked)
{
	const char *question = json_get_text(asked, "question", "");
	const json_t *choices = json_object_get(asked, "choices");
	json_t *options = json_array();
	const json_t *choice;
	size_t i;

	json_array_foreach(choices, i, choice)
	{
		const char *text = json_string_value(choice);

		if (text)
			json_push(options,
				  json_pack("{s:o}", "label", json_text(text, strnlen(text, 100))));
	}
	leg->question = json_get_int(asked, "id", 0);
	run_tell(leg->run, "question",
		 json_pack("{s:[{s:o, s:o}], s:I, s:s}", "questions", "question",
			   json_text(question, strnlen(question, 1000)), "options", options, "id",
			   (json_int_t)leg->question, "host", leg->host));
}

void leg_take_question_timeout(struct leg *leg)
{
	leg->question = 0;
	run_tell(leg->run, "question_timeout",
		 json_pack("{s:s, s:s}", "message", "Nobody answered in time: it goes on without.",
			   "host", leg->host));
}

/* {"what was asked": "the answer"}, as clients send it, or anything: the words count. */
static void write_answers(const json_t *answers, struct buf *out)
{
	const char *name;
	json_t *answer;

	json_object_foreach((json_t *)(uintptr_t)answers, name, answer)
	{
		CLEANUP(text) char *other = NULL;
		const char *text = json_string_value(answer);

		if (!text)
			text = other = json_dumps(answer, JSON_ENCODE_ANY);
		buf_add_format(out, "%s%s: %s", out->len ? "\n" : "", name, text ? text : "");
	}
}

bool run_answer(const struct run *run, const json_t *answers)
{
	CLEANUP(buf) struct buf text = { 0 };
	bool is_asked = false;

	buf_init(&text, MAX_ANSWER_BYTES);
	write_answers(answers, &text);
	for (unsigned i = 0; i < run->n_legs && run->state == RUN_RUNNING; i++) {
		struct leg *leg = &run->legs[i];
		CLEANUP(json) json_t *header = NULL;

		if (!leg->question)
			continue;
		header = json_pack("{s:s, s:I}", "type", "person", "id", (json_int_t)leg->question);
		leg_send(leg, header, (struct str) { buf_text(&text), text.len });
		leg->question = 0;
		is_asked = true;
	}
	return is_asked;
}

static const json_t *engine_of(const struct leg *leg)
{
	const json_t *engine = json_object_get(leg->report, "engine");

	return json_is_object(engine) ? engine : NULL;
}

struct spent run_spent(const struct run *run)
{
	struct spent spent = { 0 };

	for (unsigned i = 0; i < run->n_legs; i++) {
		const json_t *engine = engine_of(&run->legs[i]);
		const json_t *model;
		size_t k;

		spent.cost_micros += (int64_t)(json_get_number(engine, "cost", 0) * MICROS + 0.5);
		json_array_foreach(json_object_get(engine, "models"), k, model)
		{
			spent.tokens_in += json_get_int(model, "input_tokens", 0);
			spent.tokens_out += json_get_int(model, "output_tokens", 0);
		}
	}
	return spent;
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
