#include "diagnosis/predicates.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define MAX_NESTING 64

/* Words that reach for a clock, the environment, input, other files or the end of the process. */
static const char *const forbidden[] = {
	"now",
	"env",
	"input",
	"inputs",
	"debug",
	"stderr",
	"halt",
	"halt_error",
	"import",
	"include",
	"localtime",
	"strflocaltime",
	"mktime",
	"gmtime",
	"input_filename",
	"input_line_number",
	"modulemeta",
	"get_search_list",
	"getpath_env",
	"$ENV",
	"$__loc__",
	"$__prog_args",
	"repeat",
};

enum piece {
	EXPRESSION,
	DEFINITIONS, /* of functions: with ';' between them, and comments */
};

/* A cursor over jq text; 'open' is the stack of what has to be closed, '"' for a string. */
struct scanner {
	const char *at;
	char open[MAX_NESTING];
	size_t depth;
	enum piece piece;
	struct error *err;
};

static int push(struct scanner *scanner, char closer)
{
	if (scanner->depth == MAX_NESTING)
		return error_set(scanner->err, -EINVAL, "nested too deeply");
	scanner->open[scanner->depth++] = closer;
	return 0;
}

static bool in_string(const struct scanner *scanner)
{
	return scanner->depth && scanner->open[scanner->depth - 1] == '"';
}

static bool is_word_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

static int scan_string_byte(struct scanner *scanner)
{
	char byte = *scanner->at++;

	if (byte == '"')
		scanner->depth--;
	else if (byte == '\\' && *scanner->at == '(')
		return scanner->at++, push(scanner, ')');
	else if (byte == '\\' && *scanner->at)
		scanner->at++;
	return 0;
}

static int scan_name(struct scanner *scanner, bool is_member)
{
	const char *start = scanner->at;
	size_t len;

	scanner->at++;
	while (is_word_byte(*scanner->at))
		scanner->at++;
	len = (size_t)(scanner->at - start);
	for (size_t i = 0; i < ARRAY_LEN(forbidden) && !is_member; i++)
		if (strlen(forbidden[i]) == len && memcmp(forbidden[i], start, len) == 0)
			return error_set(scanner->err, -EINVAL,
					 "'%s' is not allowed: predicates "
					 "see only evidence",
					 forbidden[i]);
	return 0;
}

static int scan_closer(struct scanner *scanner, char closer)
{
	if (!scanner->depth || scanner->open[scanner->depth - 1] != closer)
		return error_set(scanner->err, -EINVAL, "'%c' closes nothing", closer);
	scanner->depth--;
	scanner->at++;
	return 0;
}

static int scan_comment(struct scanner *scanner)
{
	if (scanner->piece == EXPRESSION)
		return error_set(scanner->err, -EINVAL, "comments belong into YAML");
	scanner->at += strcspn(scanner->at, "\n");
	return 0;
}

static int scan_semicolon(const struct scanner *scanner)
{
	if (scanner->piece == EXPRESSION && !scanner->depth)
		return error_set(scanner->err, -EINVAL, "a ';' outside a call");
	return 0;
}

static int scan_code_byte(struct scanner *scanner, char before)
{
	char byte = *scanner->at;

	if (byte == '$' || isalpha((unsigned char)byte) || byte == '_')
		return scan_name(scanner, before == '.');
	if (byte == ')' || byte == ']' || byte == '}')
		return scan_closer(scanner, byte);
	scanner->at++;
	switch (byte) {
	case '"':
		return push(scanner, '"');
	case '(':
		return push(scanner, ')');
	case '[':
		return push(scanner, ']');
	case '{':
		return push(scanner, '}');
	case ';':
		return scan_semicolon(scanner);
	case '#':
		return scan_comment(scanner);
	default:
		return 0;
	}
}

static int scan_all(const char *text, size_t depth, enum piece piece, struct error *err)
{
	struct scanner scanner = {
		.at = text, .open = { '"' }, .depth = depth, .piece = piece, .err = err
	};

	while (*scanner.at) {
		char before = scanner.at > text ? scanner.at[-1] : '\0';
		int r = in_string(&scanner) ? scan_string_byte(&scanner)
					    : scan_code_byte(&scanner, before);

		if (r < 0)
			return r;
		if (scanner.depth < depth)
			return error_set(err, -EINVAL, "an unescaped '\"' ends the text");
	}
	return scanner.depth == depth ? 0 : error_set(err, -EINVAL, "something is left open");
}

int predicates_check(const char *expression, struct error *err)
{
	return scan_all(expression, 0, EXPRESSION, err);
}

int predicates_check_template(const char *text, struct error *err)
{
	return scan_all(text, 1, EXPRESSION, err);
}

int predicates_check_functions(const char *text, struct error *err)
{
	return scan_all(text, 0, DEFINITIONS, err);
}
