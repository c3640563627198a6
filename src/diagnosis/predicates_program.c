#include "diagnosis/predicates_program.h"

#include <string.h>

/*
 * The shapes that all findings share are functions of the programs: what jq binds
 * names in is what its compilation costs, and this keeps it short.
 */
#define CONDITION                                   \
	"def condition($number; where): .result | " \
	"[$number, [limit(4; try path(where) catch empty)]];\n"
#define WORDS                                                          \
	"def words($number; says; values): select(.[0] == $number) | " \
	"[$number, [.[1][] as $path | $result | getpath($path) | "     \
	"[$path, (try says catch null), (try values catch null)]]];\n"
#define GIVEN ".all as $all | .asked as $asked | .args as $args |\n"

bool predicates_is_cross(const struct finding *finding)
{
	return strstr(finding->where, "$all") || strstr(finding->says, "$all") ||
	       (finding->values && strstr(finding->values, "$all"));
}

void program_begin_conditions(struct buf *program, const struct knowledge *knowledge)
{
	buf_add_text(program, knowledge->functions);
	buf_add_text(program, "\n" CONDITION GIVEN);
}

void program_add_condition(struct buf *program, const struct finding *finding, size_t number)
{
	buf_add_format(program, "condition(%zu; %s\n),\n", number, finding->where);
}

/* The findings of one tool that are cross or not. */
static void add_conditions(struct buf *program, const struct knowledge *knowledge, const char *tool,
			   enum predicates_scope scope)
{
	for (size_t c = 0; c < knowledge->n_causes; c++) {
		const struct cause *cause = &knowledge->causes[c];

		for (size_t f = 0; f < cause->n_findings; f++) {
			const struct finding *finding = &cause->findings[f];

			if (strcmp(finding->tool, tool) == 0 &&
			    predicates_is_cross(finding) == (scope == PREDICATES_CROSS))
				program_add_condition(program, finding, cause->first + f);
		}
	}
	program_end(program);
}

void program_add_tool(struct buf *program, const struct knowledge *knowledge, const char *tool)
{
	buf_add_format(program, "if .tool == \"%s\" then (if .cross then empty else (\n", tool);
	add_conditions(program, knowledge, tool, PREDICATES_ALL);
	buf_add_text(program, ") end), (\n");
	add_conditions(program, knowledge, tool, PREDICATES_CROSS);
	buf_add_text(program, ") else empty end,\n");
}

void program_begin_words(struct buf *program, const struct knowledge *knowledge)
{
	buf_add_text(program, knowledge->functions);
	buf_add_text(program, "\n" GIVEN ".result as $result |\n" WORDS ".found[] |\n");
}

void program_add_words(struct buf *program, const struct finding *finding, size_t number)
{
	buf_add_format(program, "words(%zu; \"%s\"; %s\n),\n", number, finding->says,
		       finding->values ? finding->values : "null");
}

void program_end(struct buf *program)
{
	buf_add_text(program, "empty\n");
}
