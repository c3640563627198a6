#include "diagnosis/predicates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "diagnosis/predicates_value.h"

#define PROGRAM_MAX_BYTES (4 * MIB)
#define MAX_TOOLS 128
#define MAX_PROGRAMS 16

/*
 * The shape that every finding shares is a function of the program: what jq
 * binds names in is what its compilation costs, and this keeps it short.
 */
#define FINDING                                                               \
	"def finding($number; where; says; values): .result | [$number, "     \
	"[limit(4; try path(where) catch empty) as $path | getpath($path) | " \
	"[$path, (try says catch null), (try values catch null)]]];\n"

struct predicates {
	const struct knowledge *knowledge;
	const char *tools[MAX_TOOLS];
	jq_state *of_tool[MAX_TOOLS]; /* NULL until prepared; tools of one round share one */
	size_t n_tools;
	jq_state *programs[MAX_PROGRAMS];
	size_t n_programs;
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

bool predicates_is_cross(const struct finding *finding)
{
	return strstr(finding->where, "$all") || strstr(finding->says, "$all") ||
	       (finding->values && strstr(finding->values, "$all"));
}

static void add_finding(struct buf *program, const struct finding *finding, size_t number)
{
	buf_add_format(program, "finding(%zu; %s\n; \"%s\"; %s\n)", number, finding->where,
		       finding->says, finding->values ? finding->values : "null");
}

/* The findings of one tool that are cross or not; "empty" if there are none. */
static void add_findings(struct buf *program, const struct knowledge *knowledge, const char *tool,
			 enum predicates_scope scope)
{
	const char *comma = "";

	for (size_t c = 0; c < knowledge->n_causes; c++) {
		const struct cause *cause = &knowledge->causes[c];

		for (size_t f = 0; f < cause->n_findings; f++) {
			const struct finding *finding = &cause->findings[f];

			if (strcmp(finding->tool, tool) != 0 ||
			    predicates_is_cross(finding) != (scope == PREDICATES_CROSS))
				continue;
			buf_add_text(program, comma);
			add_finding(program, finding, cause->first + f);
			comma = ",\n";
		}
	}
	if (!*comma)
		buf_add_text(program, "empty");
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

static void add_header(struct buf *program, const struct knowledge *knowledge)
{
	buf_add_text(program, knowledge->functions);
	buf_add_text(program, "\n" FINDING ".all as $all | .asked as $asked | .args as $args |\n");
}

static void add_tool(struct buf *program, const struct knowledge *knowledge, const char *tool)
{
	buf_add_format(program, "if .tool == \"%s\" then (if .cross then empty else (\n", tool);
	add_findings(program, knowledge, tool, PREDICATES_ALL);
	buf_add_text(program, ") end), (\n");
	add_findings(program, knowledge, tool, PREDICATES_CROSS);
	buf_add_text(program, ") else empty end,\n");
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
	add_header(&program, knowledge);
	add_finding(&program, finding, 0);
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
	predicates->n_tools = list_tools(knowledge, predicates->tools);
	if (predicates->n_tools < MAX_TOOLS)
		return predicates;
	free(predicates);
	error_set(err, -E2BIG, "findings name more than %d tools", MAX_TOOLS - 1);
	return NULL;
}

static bool is_among(const char *tool, const char *const *tools, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(tools[i], tool) == 0)
			return true;
	return !tools;
}

static int explain_failure(const struct predicates *predicates, const struct buf *complaint,
			   struct error *err)
{
	int r = for_each_finding(predicates->knowledge, blame_one, err);

	return r < 0 ? r
		     : error_set(err, -EINVAL, "jq cannot compile the findings: %s",
				 buf_text(complaint));
}

int predicates_prepare(struct predicates *predicates, const char *const *tools, size_t n,
		       struct error *err)
{
	CLEANUP(buf) struct buf program = { 0 };
	CLEANUP(buf) struct buf complaint = { 0 };
	bool is_new[MAX_TOOLS] = { false };
	size_t n_new = 0;
	jq_state *jq;

	buf_init(&program, PROGRAM_MAX_BYTES);
	buf_init(&complaint, 256);
	add_header(&program, predicates->knowledge);
	for (size_t i = 0; i < predicates->n_tools; i++) {
		if (predicates->of_tool[i] || !is_among(predicates->tools[i], tools, n))
			continue;
		is_new[i] = true;
		n_new++;
		add_tool(&program, predicates->knowledge, predicates->tools[i]);
	}
	buf_add_text(&program, "empty\n");
	if (!n_new)
		return 0;
	if (predicates->n_programs == MAX_PROGRAMS || program.dropped)
		return error_set(err, -E2BIG, "the findings make too large a program");
	jq = compile(buf_text(&program), &complaint);
	if (!jq)
		return explain_failure(predicates, &complaint, err);
	predicates->programs[predicates->n_programs++] = jq;
	for (size_t i = 0; i < predicates->n_tools; i++)
		if (is_new[i])
			predicates->of_tool[i] = jq;
	return 0;
}

void predicates_free(struct predicates *predicates)
{
	if (!predicates)
		return;
	for (size_t i = 0; i < predicates->n_programs; i++)
		jq_teardown(&predicates->programs[i]);
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

json_t *predicates_run(struct predicates *predicates, const struct predicates_input *input)
{
	jq_state *jq = find_program(predicates, input->tool);
	json_t *results = json_array();
	jv document = jv_object();
	jv output;

	if (!jq) {
		jv_free(document);
		return results;
	}
	document = with(document, "tool", jv_string(input->tool));
	document = with(document, "cross", jv_bool(input->scope == PREDICATES_CROSS));
	document = with(document, "args", value_to_jq(input->args));
	document = with(document, "result", value_to_jq(input->result));
	document = with(document, "all", value_to_jq(input->all));
	document = with(document, "asked", value_to_jq(input->asked));
	jq_start(jq, document, 0);
	for (output = jq_next(jq); jv_is_valid(output); output = jq_next(jq))
		json_push(results, value_from_jq(output));
	jv_free(output);
	return results;
}
