#include "diagnosis/predicates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "diagnosis/predicates_program.h"
#include "diagnosis/predicates_value.h"

#define PROGRAM_MAX_BYTES (4 * MIB)
#define MAX_TOOLS 128
#define MAX_PROGRAMS 32

struct predicates {
	const struct knowledge *knowledge;
	const char *tools[MAX_TOOLS];
	jq_state *of_tool[MAX_TOOLS]; /* NULL until prepared; tools of one round share one */
	size_t n_tools;
	bool *has_words; /* by number of finding: whether one of 'words' knows it */
	jq_state *words[MAX_PROGRAMS];
	size_t n_words;
	jq_state *conditions[MAX_PROGRAMS];
	size_t n_conditions;
	jv all, asked; /* of predicates_see() */
};

/* jq reports to a callback; the first sentence is the useful one. */
static void handle_complaint(void *data, jv message)
{
	struct buf *complaint = data;

	if (!complaint->len && jv_get_kind(message) == JV_KIND_STRING)
		buf_add_text(complaint, jv_string_value(message));
	jv_free(message);
}

static jq_state *compile(const char *program, struct buf *complaint)
{
	jq_state *jq = jq_init();

	if (!jq)
		abort();
	jq_set_error_cb(jq, handle_complaint, complaint);
	if (jq_compile(jq, program))
		return jq;
	jq_teardown(&jq);
	return NULL;
}

static size_t list_tools(const struct knowledge *knowledge, const char *tools[MAX_TOOLS])
{
	size_t n = 0;

	for (size_t c = 0; c < knowledge->n_causes; c++)
		for (size_t f = 0; f < knowledge->causes[c].n_findings; f++) {
			const char *tool = knowledge->causes[c].findings[f].tool;
			size_t at = 0;

			while (at < n && strcmp(tools[at], tool) != 0)
				at++;
			if (at == n && n < MAX_TOOLS)
				tools[n++] = tool;
		}
	return n;
}

/* Whether this finding alone is what jq cannot compile. */
static int try_finding(const struct knowledge *knowledge, const struct finding *finding,
		       struct error *err)
{
	CLEANUP(buf) struct buf program = { 0 };
	CLEANUP(buf) struct buf complaint = { 0 };
	jq_state *jq;

	buf_init(&program, PROGRAM_MAX_BYTES);
	buf_init(&complaint, 256);
	program_begin_words(&program, knowledge);
	program_add_condition(&program, finding, 0);
	program_add_words(&program, finding, 0);
	program_end(&program);
	jq = compile(buf_text(&program), &complaint);
	if (!jq)
		return error_set(err, -EINVAL, "jq cannot compile it: %s", buf_text(&complaint));
	jq_teardown(&jq);
	return 0;
}

static int check_finding(const struct cause *cause, size_t f, struct error *err)
{
	const struct finding *finding = &cause->findings[f];
	const char *key = "where";
	struct error why = { 0 };
	char pointer[64];
	int r = predicates_check(finding->where, &why);

	if (r == 0) {
		key = "says";
		r = predicates_check_template(finding->says, &why);
	}
	if (r == 0 && finding->values) {
		key = "values";
		r = predicates_check(finding->values, &why);
	}
	if (r == 0)
		return 0;
	(void)snprintf(pointer, sizeof(pointer), "/findings/%zu/%s", f, key);
	return yaml_error(&cause->file, err, pointer, "%s", why.text);
}

static int for_each_finding(const struct knowledge *knowledge,
			    int (*check)(const struct knowledge *knowledge,
					 const struct cause *cause, size_t f, struct error *err),
			    struct error *err)
{
	for (size_t c = 0; c < knowledge->n_causes; c++)
		for (size_t f = 0; f < knowledge->causes[c].n_findings; f++) {
			int r = check(knowledge, &knowledge->causes[c], f, err);

			if (r < 0)
				return r;
		}
	return 0;
}

static int check_one(const struct knowledge *knowledge UNUSED, const struct cause *cause, size_t f,
		     struct error *err)
{
	return check_finding(cause, f, err);
}

static int blame_one(const struct knowledge *knowledge, const struct cause *cause, size_t f,
		     struct error *err)
{
	struct error why = { 0 };
	char pointer[64];

	if (try_finding(knowledge, &cause->findings[f], &why) == 0)
		return 0;
	(void)snprintf(pointer, sizeof(pointer), "/findings/%zu/where", f);
	return yaml_error(&cause->file, err, pointer, "%.300s", why.text);
}

static int check_all(const struct knowledge *knowledge, struct error *err)
{
	if (predicates_check_functions(knowledge->functions, err) < 0)
		return error_wrap(err, "engine/functions.jq");
	return for_each_finding(knowledge, check_one, err);
}

struct predicates *predicates_new(const struct knowledge *knowledge, struct error *err)
{
	struct predicates *predicates;

	if (check_all(knowledge, err) < 0)
		return NULL;
	predicates = calloc(1, sizeof(*predicates));
	if (!predicates)
		abort();
	predicates->knowledge = knowledge;
	predicates->all = predicates->asked = jv_null();
	predicates->has_words = calloc(knowledge->n_findings + 1, sizeof(bool));
	if (!predicates->has_words)
		abort();
	predicates->n_tools = list_tools(knowledge, predicates->tools);
	if (predicates->n_tools < MAX_TOOLS)
		return predicates;
	predicates_free(predicates);
	error_set(err, -E2BIG, "findings name more than %d tools", MAX_TOOLS - 1);
	return NULL;
}

static bool is_among(const char *tool, const char *const *tools, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(tools[i], tool) == 0)
			return true;
	return false;
}

static int explain_failure(const struct predicates *predicates, const struct buf *complaint,
			   struct error *err)
{
	int r = for_each_finding(predicates->knowledge, blame_one, err);

	return r < 0 ? r
		     : error_set(err, -EINVAL, "jq cannot compile the findings: %s",
				 buf_text(complaint));
}

/* Ends and compiles a program that is to join a list of them. */
static int add_program(struct predicates *predicates, struct buf *program, jq_state **jq_out,
		       struct error *err)
{
	CLEANUP(buf) struct buf complaint = { 0 };

	buf_init(&complaint, 256);
	program_end(program);
	if (program->dropped)
		return error_set(err, -E2BIG, "the findings make too large a program");
	*jq_out = compile(buf_text(program), &complaint);
	return *jq_out ? 0 : explain_failure(predicates, &complaint, err);
}

/* The last program that there is place for takes all that is left. */
int predicates_prepare(struct predicates *predicates, const char *const *tools, size_t n,
		       struct error *err)
{
	bool take_all = !tools || predicates->n_conditions == MAX_PROGRAMS - 1;
	CLEANUP(buf) struct buf program = { 0 };
	bool is_new[MAX_TOOLS] = { false };
	jq_state **jq = &predicates->conditions[predicates->n_conditions];
	size_t n_new = 0;
	int r;

	buf_init(&program, PROGRAM_MAX_BYTES);
	program_begin_conditions(&program, predicates->knowledge);
	for (size_t i = 0; i < predicates->n_tools; i++) {
		const char *tool = predicates->tools[i];

		if (predicates->of_tool[i] || !(take_all || is_among(tool, tools, n)))
			continue;
		is_new[i] = true;
		n_new++;
		program_add_tool(&program, predicates->knowledge, tool);
	}
	if (!n_new)
		return tools ? 0 : predicates_prepare_words(predicates, NULL, err);
	r = add_program(predicates, &program, jq, err);
	if (r < 0)
		return r;
	predicates->n_conditions++;
	for (size_t i = 0; i < predicates->n_tools; i++)
		if (is_new[i])
			predicates->of_tool[i] = *jq;
	return tools ? 0 : predicates_prepare_words(predicates, NULL, err);
}

/* Marks by number the findings that hold somewhere in lists of [number, paths]. */
static void mark_held(const json_t *found, bool *is_held)
{
	const json_t *of_fact, *tried;
	size_t i, k;

	json_array_foreach(found, i, of_fact)
	{
		json_array_foreach(of_fact, k, tried)
		{
			size_t number = (size_t)json_integer_value(json_array_get(tried, 0));

			if (json_array_size(json_array_get(tried, 1)))
				is_held[number] = true;
		}
	}
}

int predicates_prepare_words(struct predicates *predicates, const json_t *found, struct error *err)
{
	bool take_all = !found || predicates->n_words == MAX_PROGRAMS - 1;
	const struct knowledge *knowledge = predicates->knowledge;
	CLEANUP(buf) struct buf program = { 0 };
	bool is_new[KNOWLEDGE_MAX_FINDINGS] = { false };
	size_t n_new = 0;
	int r;

	mark_held(found, is_new);
	buf_init(&program, PROGRAM_MAX_BYTES);
	program_begin_words(&program, knowledge);
	for (size_t c = 0; c < knowledge->n_causes; c++)
		for (size_t f = 0; f < knowledge->causes[c].n_findings; f++) {
			size_t number = knowledge->causes[c].first + f;

			is_new[number] =
				!predicates->has_words[number] && (take_all || is_new[number]);
			if (!is_new[number])
				continue;
			n_new++;
			program_add_words(&program, &knowledge->causes[c].findings[f], number);
		}
	if (!n_new)
		return 0;
	r = add_program(predicates, &program, &predicates->words[predicates->n_words], err);
	if (r < 0)
		return r;
	predicates->n_words++;
	for (size_t i = 0; i < knowledge->n_findings; i++)
		predicates->has_words[i] |= is_new[i];
	return 0;
}

void predicates_free(struct predicates *predicates)
{
	if (!predicates)
		return;
	for (size_t i = 0; i < predicates->n_conditions; i++)
		jq_teardown(&predicates->conditions[i]);
	for (size_t i = 0; i < predicates->n_words; i++)
		jq_teardown(&predicates->words[i]);
	jv_free(predicates->all);
	jv_free(predicates->asked);
	free(predicates->has_words);
	free(predicates);
}

static jv with(jv object, const char *key, jv value)
{
	return jv_object_set(object, jv_string(key), value);
}

void predicates_cleanup(struct predicates **predicates)
{
	predicates_free(*predicates);
}

const struct knowledge *predicates_knowledge(const struct predicates *predicates)
{
	return predicates->knowledge;
}

static jq_state *find_program(const struct predicates *predicates, const char *tool)
{
	for (size_t i = 0; i < predicates->n_tools; i++)
		if (strcmp(predicates->tools[i], tool) == 0)
			return predicates->of_tool[i];
	return NULL;
}

void predicates_see(struct predicates *predicates, const json_t *all, const json_t *asked)
{
	jv_free(predicates->all);
	jv_free(predicates->asked);
	predicates->all = value_to_jq(all);
	predicates->asked = value_to_jq(asked);
}

/* What conditions and words see alike. */
static jv document_of(const struct predicates *predicates, const struct predicates_input *input)
{
	jv document = jv_object();

	document = with(document, "args", value_to_jq(input->args));
	document = with(document, "result", value_to_jq(input->result));
	document = with(document, "all", jv_copy(predicates->all));
	return with(document, "asked", jv_copy(predicates->asked));
}

static void run(jq_state *jq, jv document, json_t *outputs)
{
	jv output;

	jq_start(jq, document, 0);
	for (output = jq_next(jq); jv_is_valid(output); output = jq_next(jq))
		json_push(outputs, value_from_jq(output));
	jv_free(output);
}

json_t *predicates_run(struct predicates *predicates, const struct predicates_input *input)
{
	jq_state *jq = find_program(predicates, input->tool);
	json_t *found = json_array();
	jv document;

	if (!jq)
		return found;
	document = document_of(predicates, input);
	document = with(document, "tool", jv_string(input->tool));
	document = with(document, "cross", jv_bool(input->scope == PREDICATES_CROSS));
	run(jq, document, found);
	return found;
}

/* Those of 'found' that hold somewhere. */
static json_t *held_of(const json_t *found)
{
	json_t *held = json_array();
	json_t *tried;
	size_t i;

	json_array_foreach(found, i, tried) if (json_array_size(json_array_get(tried, 1)))
		json_push(held, json_incref(tried));
	return held;
}

json_t *predicates_tell(struct predicates *predicates, const struct predicates_input *input,
			const json_t *found)
{
	CLEANUP(json) json_t *held = held_of(found);
	json_t *told = json_array();
	jv document;

	if (!json_array_size(held))
		return told;
	document = with(document_of(predicates, input), "found", value_to_jq(held));
	for (size_t i = 0; i < predicates->n_words; i++)
		run(predicates->words[i], jv_copy(document), told);
	jv_free(document);
	return told;
}
