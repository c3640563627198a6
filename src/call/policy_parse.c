#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

#define LINE_MAX_WORDS 64
#define WORD_MAX_BYTES 4096

/* The line being read, cut into words, and where it stands. */
struct line {
	const char *name;
	unsigned number;
	struct str whole;
	struct str words[LINE_MAX_WORDS];
	size_t n_words;
};

static int refuse(const struct line *line, struct error *err, const char *what, struct str word)
{
	char shown[64];

	str_copy(word, shown, sizeof(shown));
	return error_set(err, -EINVAL, "%s:%u: %s '%s'", line->name, line->number, what, shown);
}

static int complain(const struct line *line, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "%s:%u: %s", line->name, line->number, what);
}

/* Copies, so that a word can be looked up as text. False if it does not fit. */
static bool word_text(struct str word, char *out, size_t size)
{
	if (word.len >= size)
		return false;
	str_copy(word, out, size);
	return true;
}

static bool parse_number(const char *text, uint32_t *value_out)
{
	const char *at = text;
	uint64_t value;

	if (!isdigit((unsigned char)*at) || !scan_u64(&at, &value) || *at || value >= UINT32_MAX)
		return false;
	*value_out = (uint32_t)value;
	return true;
}

static int parse_user(const struct line *line, struct str word, struct subject *subject,
		      struct error *err)
{
	char name[POLICY_NAME_BYTES];
	struct passwd *user;

	subject->kind = SUBJECT_USER;
	if (!word_text(word, name, sizeof(name)))
		return refuse(line, err, "no such user:", word);
	if (parse_number(name, &subject->uid))
		return 0;
	user = getpwnam(name);
	if (!user)
		return refuse(line, err, "no such user:", word);
	subject->uid = user->pw_uid;
	return 0;
}

/* A member without an account can call nothing: it is left out. */
static void add_members(struct subject *subject, char *const *names)
{
	size_t n = 0;

	while (names[n] && n < POLICY_MAX_MEMBERS)
		n++;
	if (!n)
		return;
	subject->members = calloc(n, sizeof(*subject->members));
	if (!subject->members)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct passwd *user = getpwnam(names[i]);

		if (user)
			subject->members[subject->n_members++] = user->pw_uid;
	}
}

static int parse_group(const struct line *line, struct str word, struct subject *subject,
		       struct error *err)
{
	char name[POLICY_NAME_BYTES];
	const struct group *group;
	bool is_number;

	subject->kind = SUBJECT_GROUP;
	if (!word_text(word, name, sizeof(name)))
		return refuse(line, err, "no such group:", word);
	is_number = parse_number(name, &subject->gid);
	group = is_number ? getgrgid(subject->gid) : getgrnam(name);
	if (!group && is_number)
		return 0;
	if (!group)
		return refuse(line, err, "no such group:", word);
	subject->gid = group->gr_gid;
	add_members(subject, group->gr_mem);
	return 0;
}

static int parse_subject(const struct line *line, struct subject *subject, struct error *err)
{
	const struct str *words = line->words;

	if (line->n_words == 2)
		return 0; /* anyone */
	if (!str_is(words[2], "to"))
		return refuse(line, err, "expected 'to', not", words[2]);
	if (line->n_words == 4 && str_is(words[3], "anyone"))
		return 0;
	if (line->n_words == 4 && str_is(words[3], "root")) {
		subject->kind = SUBJECT_USER;
		return 0;
	}
	if (line->n_words == 4 && str_is(words[3], "link")) {
		subject->kind = SUBJECT_LINK;
		return 0;
	}
	if (line->n_words == 5 && str_is(words[3], "user"))
		return parse_user(line, words[4], subject, err);
	if (line->n_words == 5 && str_is(words[3], "group"))
		return parse_group(line, words[4], subject, err);
	return complain(line, err,
			"after 'to' comes root, link, anyone, user NAME or group NAME, and then "
			"nothing");
}

static bool is_tool_name(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!islower((unsigned char)word.data[i]) &&
		    !isdigit((unsigned char)word.data[i]) && word.data[i] != '_')
			return false;
	return word.len < POLICY_NAME_BYTES;
}

static int parse_object(const struct line *line, struct rule *rule, struct error *err)
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
			return refuse(line, err, "with an 's' it is a risk:", word);
	}
	if (!is_tool_name(word))
		return refuse(line, err, "expected reads, traces, changes or a tool, not", word);
	str_copy(word, rule->tool, sizeof(rule->tool));
	return 0;
}

static void write_rule_text(const struct line *line, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < line->n_words && len + 1 < size; i++) {
		struct str word = line->words[i];
		int n = snprintf(out + len, size - len, "%s%.*s", i ? " " : "", (int)word.len,
				 word.data);

		len += (size_t)n;
	}
}

static int parse_rule(struct policy *policy, const struct line *line, enum policy_answer answer,
		      struct error *err)
{
	struct rule rule = { .answer = answer, .line = line->number };
	int r;

	if (line->n_words < 2)
		return complain(line, err, "expected reads, traces, changes or a tool");
	if (policy->n_rules == POLICY_MAX_RULES)
		return complain(line, err, "too many rules");
	r = parse_object(line, &rule, err);
	if (r == 0)
		r = parse_subject(line, &rule.subject, err);
	if (r < 0)
		return r;
	write_rule_text(line, rule.text, sizeof(rule.text));
	policy->rules = reallocarray(policy->rules, policy->n_rules + 1, sizeof(rule));
	if (!policy->rules)
		abort();
	policy->rules[policy->n_rules++] = rule;
	return 0;
}

static void add_text(char ***list, size_t *n, const char *text, size_t len)
{
	*list = reallocarray(*list, *n + 2, sizeof(char *));
	if (!*list)
		abort();
	(*list)[*n] = strndup(text, len);
	if (!(*list)[*n])
		abort();
	(*list)[++*n] = NULL;
}

static int parse_roots(struct policy *policy, const struct line *line, struct error *err)
{
	if (line->n_words < 2)
		return complain(line, err, "expected a path");
	for (size_t i = 1; i < line->n_words; i++) {
		struct str path = line->words[i];

		if (path.data[0] != '/' || path.len >= PATH_MAX)
			return refuse(line, err, "a root is an absolute path, not", path);
		if (policy->n_roots == POLICY_MAX_ROOTS)
			return complain(line, err, "too many roots");
		add_text(&policy->roots, &policy->n_roots, path.data, path.len);
	}
	return 0;
}

static int parse_readonly(struct policy *policy, const struct line *line, struct error *err)
{
	char command[WORD_MAX_BYTES];
	const struct str *last = &line->words[line->n_words - 1];
	const char *start;

	if (line->n_words < 2)
		return complain(line, err, "expected a command");
	start = line->words[1].data;
	if (!policy_plain_command(start, (size_t)(last->data + last->len - start), command,
				  sizeof(command)))
		return complain(line, err,
				"a read-only command is plain words, nothing for a shell");
	if (policy->n_commands == POLICY_MAX_COMMANDS)
		return complain(line, err, "too many commands");
	add_text(&policy->commands, &policy->n_commands, command, strlen(command));
	return 0;
}

static int parse_scope(struct policy *policy, const struct line *line, enum policy_scope scope,
		       struct error *err)
{
	if (line->n_words < 2)
		return complain(line, err, "expected a name");
	for (size_t i = 1; i < line->n_words; i++)
		if (policy_scope_add(policy, scope, line->words[i]) < 0)
			return complain(line, err, "too many names");
	return 0;
}

static int parse_line(struct policy *policy, const struct line *line, struct error *err)
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
		return parse_roots(policy, line, err);
	if (str_is(verb, "readonly"))
		return parse_readonly(policy, line, err);
	if (policy_scope_find(verb, &scope))
		return parse_scope(policy, line, scope, err);
	if (line->n_words == 2 && str_is(verb, "without") && str_is(line->words[1], "landlock")) {
		policy->without_landlock = true;
		return 0;
	}
	return refuse(line, err, "unknown word", verb);
}

static int split_words(struct line *line, struct error *err)
{
	const char *at = line->whole.data, *end = at + line->whole.len;

	line->n_words = 0;
	while (at < end) {
		const char *start = at;

		if (*at == '#')
			break;
		if ((unsigned char)*at < ' ' && *at != '\t' && *at != '\r')
			return complain(line, err, "holds a control character");
		while (at < end && (unsigned char)*at > ' ')
			at++;
		if (at == start) {
			at++;
			continue;
		}
		if (line->n_words == LINE_MAX_WORDS)
			return complain(line, err, "too many words");
		line->words[line->n_words++] = (struct str) { start, (size_t)(at - start) };
	}
	return 0;
}

static int parse_lines(struct policy *policy, const char *path, const char *text, size_t len,
		       struct error *err)
{
	struct line line = { .name = path };
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

static void find_link_user(struct policy *policy)
{
	const struct passwd *user = getpwnam("constable");

	policy->has_link_user = user;
	if (user)
		policy->link_uid = user->pw_uid;
}

struct policy *policy_parse(const char *name, const char *text, size_t len, struct error *err)
{
	CLEANUP(policy) struct policy *policy = calloc(1, sizeof(*policy));
	const char *slash = strrchr(name, '/');

	if (!policy)
		abort();
	(void)snprintf(policy->name, sizeof(policy->name), "%s", slash ? slash + 1 : name);
	if (len > POLICY_MAX_BYTES) {
		error_set(err, -E2BIG, "%s: is longer than %zu KiB", name, POLICY_MAX_BYTES / KIB);
		return NULL;
	}
	if (parse_lines(policy, name, text, len, err) < 0)
		return NULL;
	if (!policy->n_rules && keep_default_rules(policy, err) < 0)
		return NULL;
	find_link_user(policy);
	return TAKE(policy);
}
