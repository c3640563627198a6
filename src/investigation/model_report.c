#include "investigation/model_report.h"

#include <math.h>
#include <string.h>

#include "investigation/injection.h"
#include "investigation/proof.h"
#include "investigation/report.h"

#define MAX_ALTERNATIVES 5
#define MAX_REMEDIES 8
#define MAX_UNKNOWNS 16

static json_t *rounded(double value, double steps)
{
	return json_real(round(value * steps) / steps);
}

static json_t *copy_text(const json_t *object, const char *key)
{
	const char *text = json_get_text(object, key, "");

	return json_text(text, strlen(text));
}

static json_t *use_json(const struct model *model, const struct model_use *use)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:o}", "name",
				 model->name, "provider", model->impl->provider, "model", model->id,
				 "requests", (int)use->n_requests, "retries", (int)use->n_retries,
				 "input_tokens", (json_int_t)use->usage.input, "cached_tokens",
				 (json_int_t)use->usage.cached, "output_tokens",
				 (json_int_t)use->usage.output, "cost", rounded(use->cost, 1e6));

	if (use->why[0])
		json_put(json, "left_because", json_text(use->why, strlen(use->why)));
	return json;
}

json_t *model_report_builtin(const char *why)
{
	json_t *engine = json_pack("{s:s}", "name", "builtin");

	if (why && *why)
		json_put(engine, "fallback", json_text(why, strlen(why)));
	return engine;
}

static json_t *engine_json(const struct crew *crew, const char *name, const char *why)
{
	const struct model_chain *chain = &crew->chain;
	json_t *engine = model_report_builtin(why);
	json_t *models = json_array();

	json_put(engine, "name", json_string(name));
	for (size_t i = 0; i < chain->n; i++)
		if (chain->uses[i].n_requests)
			json_push(models, use_json(&chain->models[i], &chain->uses[i]));
	json_put(engine, "models", models);
	json_put(engine, "rounds", json_integer(crew->budget.n_rounds));
	json_put(engine, "calls", json_integer(crew->budget.n_calls));
	json_put(engine, "tokens", json_integer((json_int_t)crew->budget.n_tokens));
	json_put(engine, "cost", rounded(crew->budget.cost, 1e6));
	return engine;
}

static json_t *warnings(const struct crew *crew)
{
	json_t *list = injection_warnings(&crew->investigation->ledger);
	const char *question = crew->investigation->question;
	const char *what = injection_find((struct str) { question, strlen(question) });
	const json_t *refused;
	size_t i;

	if (what)
		json_push(list, json_pack("{s:s, s:s, s:s, s:o}", "kind", "injection", "evidence",
					  "question", "what", what, "excerpt",
					  json_text(question, strlen(question))));

	json_array_foreach(crew->refused, i, refused)
		json_push(list, json_pack("{s:s, s:O, s:O, s:O}", "kind", "refused", "tool",
					  json_object_get(refused, "tool"), "what",
					  json_object_get(refused, "why"), "agent",
					  json_object_get(refused, "agent")));
	return list;
}

static bool is_verdict(const json_t *report, const char *verdict)
{
	return strcmp(json_get_text(report, "verdict", ""), verdict) == 0;
}

/* Why the engine's verdict stands against the model's, or NULL. */
static const char *overruled(const json_t *report, const json_t *submitted, size_t n_proven)
{
	if (!submitted)
		return "the model submitted no report";
	if (is_verdict(submitted, "cause-found"))
		return n_proven || !is_verdict(report, "cause-found")
			       ? NULL
			       : "no quote of the model stands in the evidence";
	return is_verdict(report, "cause-found")
		       ? "the built-in engine has proven a cause that the model does not name"
		       : NULL;
}

static bool is_cause(const struct crew *crew, const char *id)
{
	const struct knowledge *knowledge = predicates_knowledge(crew->investigation->predicates);

	for (size_t i = 0; i < knowledge->n_causes; i++)
		if (strcmp(knowledge->causes[i].id, id) == 0)
			return true;
	return false;
}

static const json_t *catalogue_find_tool(const struct crew *crew, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(crew->catalogue, i, tool) if (strcmp(json_get_text(tool, "name", ""),
								name) == 0) return tool;
	return NULL;
}

/* A remedy that is a call names a real tool, and has that tool's risk. */
static json_t *remedies(const struct crew *crew, const json_t *submitted)
{
	json_t *list = json_array();
	const json_t *remedy;
	size_t i;

	json_array_foreach(json_object_get(submitted, "remedies"), i, remedy)
	{
		const json_t *tool = catalogue_find_tool(crew, json_get_text(remedy, "tool", ""));
		const json_t *args = json_object_get(remedy, "args");
		json_t *item = json_pack("{s:o, s:s}", "statement", copy_text(remedy, "statement"),
					 "risk", json_get_text(tool, "risk", "changes"));

		if (tool && json_is_object(args))
			json_put(item, "call",
				 json_pack("{s:O, s:O}", "tool", json_object_get(tool, "name"),
					   "args", args));
		json_push(list, item);
		if (i + 1 == MAX_REMEDIES)
			break;
	}
	return list;
}

static json_t *hypothesis(const struct crew *crew, const json_t *submitted, json_t *claims,
			  double confidence)
{
	const char *id = json_get_text(submitted, "cause_id", "");

	return json_pack("{s:o, s:o, s:o, s:O, s:[], s:s}", "cause_id",
			 is_cause(crew, id) ? json_string(id) : json_null(), "statement",
			 copy_text(submitted, "root_cause"), "probability",
			 rounded(confidence, 1e3), "for", claims, "against", "by", "model");
}

static void add_alternatives(const struct ledger *ledger, const json_t *submitted, json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(submitted, "alternatives"), i, item)
	{
		double probability = json_get_number(item, "probability", 0);

		if (i == MAX_ALTERNATIVES)
			break;
		json_push(list,
			  json_pack("{s:n, s:o, s:o, s:[], s:o, s:s}", "cause_id", "statement",
				    copy_text(item, "statement"), "probability",
				    rounded(probability > 0 && probability < 1 ? probability : 0,
					    1e3),
				    "for", "against",
				    proof_claims(ledger, json_object_get(item, "against")), "by",
				    "model"));
	}
}

/* What the claims say of evidence is what the list of evidence says of it. */
static void summarise(json_t *report, const json_t *claims)
{
	json_t *item;
	const json_t *claim;
	size_t i, j;

	json_array_foreach(json_object_get(report, "evidence"), i, item)
		json_array_foreach(claims, j, claim)
	{
		if (!json_get_bool(claim, "proven", false) ||
		    strcmp(json_get_text(claim, "evidence", ""), json_get_text(item, "id", "")) !=
			    0)
			continue;
		json_put(item, "summary", json_incref(json_object_get(claim, "says")));
		json_put(item, "excerpt", json_incref(json_object_get(claim, "quote")));
	}
}

static void put_unknowns(json_t *report, const json_t *submitted)
{
	json_t *unknowns = json_object_get(report, "unknowns");
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(submitted, "unknowns"), i, item) if (i < MAX_UNKNOWNS)
		json_push(unknowns,
			  json_pack("{s:O, s:s}", "what", item, "why", "the model says so"));
}

static void put_cause(json_t *report, const struct crew *crew, const json_t *submitted,
		      json_t *claims)
{
	size_t n_claims = json_array_size(claims), n_proven = proof_count(claims);
	double share = n_claims ? (double)n_proven / (double)n_claims : 0;
	double said = json_get_number(submitted, "confidence", 0);
	double confidence = is_verdict(submitted, "cause-found") ? said * share : said;
	json_t *list = json_array();
	const char *cause = json_get_text(submitted, "root_cause", "");
	const char *id = json_get_text(submitted, "cause_id", "");
	char unproven[2200];

	json_push(list, hypothesis(crew, submitted, claims, confidence));
	add_alternatives(&crew->investigation->ledger, submitted, list);
	(void)json_array_extend(list, json_object_get(report, "hypotheses"));
	json_put(report, "hypotheses", list);
	json_put(report, "confidence", rounded(confidence, 1e3));
	json_put(report, "remedies", remedies(crew, submitted));
	json_put(report, "verdict", json_incref(json_object_get(submitted, "verdict")));
	json_put(report, "cause_id", json_null());
	json_put(report, "root_cause", json_text(cause, strlen(cause)));
	if (!is_verdict(submitted, "cause-found"))
		return;
	if (n_proven) {
		if (is_cause(crew, id))
			json_put(report, "cause_id", json_string(id));
		return;
	}
	text_format(unproven, sizeof(unproven), "Not proven, but suspected: %s", cause);
	json_put(report, "verdict", json_string("inconclusive"));
	json_put(report, "root_cause", json_text(unproven, strlen(unproven)));
}

json_t *model_report_new(const struct crew *crew, const struct loop *loop)
{
	const json_t *submitted = loop->submitted;
	json_t *report = report_new(crew->investigation);
	CLEANUP(json)
	json_t *claims =
		proof_claims(&crew->investigation->ledger, json_object_get(submitted, "claims"));
	const char *why = overruled(report, submitted, proof_count(claims));
	const struct model *model = model_chain_model(&crew->chain);

	if (!submitted && loop->why.code)
		why = loop->why.text;
	if (!why)
		put_cause(report, crew, submitted, claims);
	summarise(report, claims);
	put_unknowns(report, submitted);
	json_put(report, "engine", engine_json(crew, why || !model ? "builtin" : model->name, why));
	json_put(report, "warnings", warnings(crew));
	return report;
}
