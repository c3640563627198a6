#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

#define WORD_MAX_BYTES 4096

int policy_refuse(const struct policy_line *line, struct error *err, const char *what,
		  struct str word)
{
	char shown[64];

	str_copy(word, shown, sizeof(shown));
	return error_set(err, -EINVAL, "%s:%u: %s '%s'", line->name, line->number, what, shown);
}

int policy_complain(const struct policy_line *line, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "%s:%u: %s", line->name, line->number, what);
}

static bool is_tool_name(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!islower((unsigned char)word.data[i]) &&
		    !isdigit((unsigned char)word.data[i]) && word.data[i] != '_' &&
		    word.data[i] != '*')
			return false;
	return word.len < POLICY_NAME_BYTES;
}

static int parse_object(const struct policy_line *line, struct rule *rule, struct error *err)
{
	struct str word = line->words[1];

	for (enum tool_risk risk = TOOL_READS; risk <= TOOL_CHANGES; risk++) {
		const char *name = tool_risk_name(risk);

		if (str_is(word, name)) {
			rule->has_risk = true;
			rule->risk = risk;
			return 0;
		}
		/* Taken for a tool, "deny change" would silently deny nothing. */
		if (word.len + 1 == strlen(name) && memcmp(name, word.data, word.len) == 0)
			return policy_refuse(line, err, "with an 's' it is a risk:", word);
	}
	if (!is_tool_name(word))
		return policy_refuse(line, err, "expected reads, traces, changes or a tool, not",
				     word);
	str_copy(word, rule->tool, sizeof(rule->tool));
	return 0;
}

static void write_rule_text(const struct policy_line *line, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < line->n_words && len + 1 < size; i++) {
		struct str word = line->words[i];
		int n = snprintf(out + len, size - len, "%s%.*s", i ? " " : "", (int)word.len,
				 word.data);

		len += (size_t)n;
	}
}

static int parse_rule(struct policy *policy, const struct policy_line *line,
		      enum policy_answer answer, struct error *err)
{
	struct rule rule = { .answer = answer, .line = line->number };
	int r;

	if (line->n_words < 2)
		return policy_complain(line, err, "expected reads, traces, changes or a tool");
	if (policy->n_rules == POLICY_MAX_RULES)
		return policy_complain(line, err, "too many rules");
	r = parse_object(line, &rule, err);
	if (r == 0)
		r = policy_parse_subject(line, 2, &rule.subject, err);
	if (r < 0)
		return r;
	write_rule_text(line, rule.text, sizeof(rule.text));
	policy->rules = reallocarray(policy->rules, policy->n_rules + 1, sizeof(rule));
	if (!policy->rules)
		abort();
	policy->rules[policy->n_rules++] = rule;
	return 0;
}

void policy_add_text(char ***list, size_t *n, const char *text, size_t len)
{
	*list = reallocarray(*list, *n + 2, sizeof(char *));
	if (!*list)
		abort();
	(*list)[*n] = strndup(text, len);
	if (!(*list)[*n])
		abort();
	(*list)[++*n] = NULL;
}

static int parse_scripts(struct policy *policy, const struct policy_line *line, struct error *err)
{
	if (line->n_words < 2)
		return policy_complain(line, err, "expected the SHA-256 of a script");
	for (size_t i = 1; i < line->n_words; i++) {
		int r = policy_script_add(policy, line->words[i]);

		if (r == -EINVAL)
			return policy_refuse(line, err, "a script is named by its SHA-256, not",
					     line->words[i]);
		if (r < 0)
			return policy_complain(line, err, "too many scripts");
	}
	return 0;
}

static int parse_readonly(struct policy *policy, const struct policy_line *line, struct error *err)
{
	char command[WORD_MAX_BYTES];
	const struct str *last = &line->words[line->n_words - 1];
	const char *start;

	if (line->n_words < 2)
		return policy_complain(line, err, "expected a command");
	start = line->words[1].data;
	if (!policy_plain_command(start, (size_t)(last->data + last->len - start), command,
				  sizeof(command)))
		return policy_complain(line, err,
				       "a read-only command is plain words, nothing for a shell");
	if (policy->n_commands == POLICY_MAX_COMMANDS)
		return policy_complain(line, err, "too many commands");
	policy_add_text(&policy->commands, &policy->n_commands, command, strlen(command));
	return 0;
}

static int parse_scope(struct policy *policy, const struct policy_line *line,
		       enum policy_scope scope, struct error *err)
{
	if (line->n_words < 2)
		return policy_complain(line, err, "expected a name");
	for (size_t i = 1; i < line->n_words; i++)
		if (policy_scope_add(policy, scope, line->words[i]) < 0)
			return policy_complain(line, err, "too many names");
	return 0;
}

static bool parse_without(struct policy *policy, struct str what)
{
	if (str_is(what, "landlock"))
		policy->without_landlock = true;
	else if (str_is(what, "process-iterator"))
		policy->without_process_iterator = true;
	else
		return false;
	return true;
}

static int parse_line(struct policy *policy, const struct policy_line *line, struct error *err)
{
	struct str verb = line->words[0];
	enum policy_scope scope;

	if (str_is(verb, "allow"))
		return parse_rule(policy, line, POLICY_ALLOWS, err);
	if (str_is(verb, "ask"))
		return parse_rule(policy, line, POLICY_ASKS, err);
	if (str_is(verb, "deny"))
		return parse_rule(policy, line, POLICY_DENIES, err);
	if (str_is(verb, "roots"))
		return policy_parse_roots(policy, line, err);
	if (str_is(verb, "scripts"))
		return parse_scripts(policy, line, err);
	if (str_is(verb, "readonly"))
		return parse_readonly(policy, line, err);
	if (policy_scope_find(verb, &scope))
		return parse_scope(policy, line, scope, err);
	if (line->n_words == 2 && str_is(verb, "without") && parse_without(policy, line->words[1]))
		return 0;
	return policy_refuse(line, err, "unknown word", verb);
}

static int split_words(struct policy_line *line, struct error *err)
{
	const char *at = line->whole.data, *end = at + line->whole.len;

	line->n_words = 0;
	while (at < end) {
		const char *start = at;

		if (*at == '#')
			break;
		if ((unsigned char)*at < ' ' && *at != '\t' && *at != '\r')
			return policy_complain(line, err, "holds a control character");
		while (at < end && (unsigned char)*at > ' ')
			at++;
		if (at == start) {
			at++;
			continue;
		}
		if (line->n_words == POLICY_LINE_MAX_WORDS)
			return policy_complain(line, err, "too many words");
		line->words[line->n_words++] = (struct str) { start, (size_t)(at - start) };
	}
	return 0;
}

static int parse_lines(struct policy *policy, const char *path, const char *text, size_t len,
		       struct error *err)
{
	struct policy_line line = { .name = path };
	const char *at = text, *end = text + len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		int r;

		line.number++;
		line.whole = (struct str) { at, (size_t)((newline ? newline : end) - at) };
		at += line.whole.len + 1;
		r = split_words(&line, err);
		if (r == 0 && line.n_words)
			r = parse_line(policy, &line, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A file that says nothing about calls leaves them as they are without it. */
static int keep_default_rules(struct policy *policy, struct error *err)
{
	static const char rules[] = "allow reads\n"
				    "allow traces to root\n"
				    "allow traces to link\n"
				    "ask changes\n";
	int r = parse_lines(policy, "default", rules, sizeof(rules) - 1, err);

	for (size_t i = 0; i < policy->n_rules; i++)
		policy->rules[i].line = 0;
	return r;
}

struct policy *policy_parse(const char *name, const char *text, size_t len, struct error *err)
{
	CLEANUP(policy) struct policy *policy = calloc(1, sizeof(*policy));
	const char *slash = strrchr(name, '/');

	if (!policy)
		abort();
	policy->n_root_sets = 1;
	(void)snprintf(policy->name, sizeof(policy->name), "%s", slash ? slash + 1 : name);
	if (len > POLICY_MAX_BYTES) {
		error_set(err, -E2BIG, "%s: is longer than %zu KiB", name, POLICY_MAX_BYTES / KIB);
		return NULL;
	}
	if (parse_lines(policy, name, text, len, err) < 0)
		return NULL;
	if (!policy->n_rules && keep_default_rules(policy, err) < 0)
		return NULL;
	policy_roots_settle(policy);
	policy_find_link_user(policy);
	return TAKE(policy);
}
