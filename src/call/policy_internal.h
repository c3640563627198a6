/* What policy_parse.c fills and policy.c judges by. */
#pragma once

#include "call/policy.h"

#define POLICY_MAX_RULES 1024
#define POLICY_MAX_ROOTS 64
#define POLICY_MAX_COMMANDS 256
#define POLICY_MAX_MEMBERS 1024
#define POLICY_MAX_SCOPE 256
#define POLICY_NAME_BYTES 64

enum subject_kind {
	SUBJECT_ANYONE,
	SUBJECT_USER, /* root too */
	SUBJECT_GROUP,
	SUBJECT_LINK,
};

struct subject {
	enum subject_kind kind;
	uid_t uid;
	gid_t gid;
	uid_t *members; /* beside those whose own group it is */
	size_t n_members;
};

struct rule {
	enum policy_answer answer;
	bool has_risk; /* else it names a tool */
	enum tool_risk risk;
	char tool[POLICY_NAME_BYTES];
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

struct policy {
	char name[POLICY_NAME_BYTES]; /* of the file, without its folders */
	struct rule *rules;
	size_t n_rules;
	char **roots; /* NULL at the end */
	size_t n_roots;
	char **commands; /* words joined by one blank */
	size_t n_commands;
	struct scope scopes[POLICY_N_SCOPES];
	bool without_landlock;
	bool has_link_user;
	uid_t link_uid; /* the agent's */
};

/*
 * Writes the words of a command line joined by one blank. False if it has none,
 * does not fit, or holds a byte that a shell would interpret.
 */
bool policy_plain_command(const char *line, size_t len, char *out, size_t size);

/* policy_scope.c: which list a word of the policy names; adding to it (-E2BIG); and whether what
 * the arguments name is among the names of each list. */
bool policy_scope_find(struct str word, enum policy_scope *scope_out);
int policy_scope_add(struct policy *policy, enum policy_scope scope, struct str name) MUST_CHECK;
void policy_scope_finish(struct policy *policy);
bool policy_scope_allows(const struct policy *policy, const json_t *args,
			 char why_out[ERROR_TEXT_BYTES]);
