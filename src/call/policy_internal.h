/* What policy_parse.c fills and policy.c judges by. */
#pragma once

#include "call/hash.h"
#include "call/policy.h"
#include "call/sandbox/launcher.h"

#define POLICY_MAX_RULES 1024
#define POLICY_MAX_ROOTS 64
#define POLICY_MAX_COMMANDS 256
#define POLICY_MAX_MEMBERS 1024
#define POLICY_MAX_SCOPE 256
#define POLICY_MAX_SCRIPTS 1024
#define POLICY_NAME_BYTES 64
#define POLICY_LINE_MAX_WORDS 64

enum subject_kind {
	SUBJECT_ANYONE,
	SUBJECT_USER, /* root too */
	SUBJECT_GROUP,
	SUBJECT_LINK,
	SUBJECT_CLIENT,
};

struct subject {
	enum subject_kind kind;
	uid_t uid;
	gid_t gid;
	uid_t *members; /* beside those whose own group it is */
	size_t n_members;
	char client[CALLER_CLIENT_BYTES]; /* "key graf*" */
};

struct rule {
	enum policy_answer answer;
	bool has_risk; /* else it names a tool */
	enum tool_risk risk;
	char tool[POLICY_NAME_BYTES]; /* or a pattern of names */
	struct subject subject;
	unsigned line;  /* 0: of the default */
	char text[128]; /* as written, for people */
};

/* What the host limits by name; an empty list limits nothing. */
enum policy_scope {
	POLICY_NAMESPACES,
	POLICY_LOG_GROUPS,
	POLICY_N_SCOPES,
};

struct scope {
	char **names; /* NULL at the end; NULL without one */
	size_t n;
};

/* What one client, or the host for all others, lets be read. */
struct root_set {
	struct subject subject; /* of set 0: anyone */
	char **paths;           /* NULL at the end */
	size_t n;
};

/* The line being read, cut into words, and where it stands. */
struct policy_line {
	const char *name;
	unsigned number;
	struct str whole;
	struct str words[POLICY_LINE_MAX_WORDS];
	size_t n_words;
};

struct policy {
	char name[POLICY_NAME_BYTES]; /* of the file, without its folders */
	struct rule *rules;
	size_t n_rules;
	struct root_set roots[LAUNCHER_MAX_ROOT_SETS];
	unsigned n_root_sets;                                      /* at least 1 */
	const char *const *root_lists[LAUNCHER_MAX_ROOT_SETS + 1]; /* the same, NULL at the end */
	char **commands;                                           /* words joined by one blank */
	size_t n_commands;
	struct scope scopes[POLICY_N_SCOPES];
	char (*scripts)[HASH_TEXT_BYTES];
	size_t n_scripts;
	bool without_landlock;
	bool without_process_iterator;
	bool has_link_user;
	uid_t link_uid; /* the agent's */
};

/*
 * Writes the words of a command line joined by one blank. False if it has none,
 * does not fit, or holds a byte that a shell would interpret.
 */
bool policy_plain_command(const char *line, size_t len, char *out, size_t size);

/* policy.c: whose process the agent is, where it is installed. */
void policy_find_link_user(struct policy *policy);

/* policy_scope.c: which list a word of the policy names; adding to it (-E2BIG); and whether what
 * the arguments name is among the names of each list. */
bool policy_scope_find(struct str word, enum policy_scope *scope_out);
int policy_scope_add(struct policy *policy, enum policy_scope scope, struct str name) MUST_CHECK;
void policy_scope_finish(struct policy *policy);
bool policy_scope_allows(const struct policy *policy, const json_t *args,
			 char why_out[ERROR_TEXT_BYTES]);

/*
 * policy_subject.c: reads "to ..." from words[at] on; nothing there is anyone. With an error that
 * names line and word.
 */
int policy_parse_subject(const struct policy_line *line, size_t at, struct subject *subject,
			 struct error *err) MUST_CHECK;
bool subject_includes(const struct subject *subject, const struct caller *caller);
void subject_finish(struct subject *subject);
/* Whether a text fits a pattern in which '*' stands for any characters. */
bool policy_fits(const char *pattern, const char *text);

/* policy_roots.c: a line "roots PATH... [to CLIENT]". */
int policy_parse_roots(struct policy *policy, const struct policy_line *line,
		       struct error *err) MUST_CHECK;
/* All lines are read. */
void policy_roots_settle(struct policy *policy);
void policy_roots_finish(struct policy *policy);

/* policy_parse.c: -EINVAL with the place. */
int policy_refuse(const struct policy_line *line, struct error *err, const char *what,
		  struct str word);
int policy_complain(const struct policy_line *line, struct error *err, const char *what);
void policy_add_text(char ***list, size_t *n, const char *text, size_t len);

/*
 * policy_script.c: adding one (-EINVAL, -E2BIG); whether "sha256" of a call is that of its
 * "source", else 'why_out' says so; and whether it is one of those that we ship or a line names.
 */
int policy_script_add(struct policy *policy, struct str sha256) MUST_CHECK;
bool policy_script_is_itself(const json_t *args, char why_out[ERROR_TEXT_BYTES]);
bool policy_script_is_known(const struct policy *policy, const json_t *args);

/* Of the scripts in our skills, NULL at the end; printed when the tree is built. */
extern const char *const shipped_scripts[];
