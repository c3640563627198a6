/*
 * The policy: who may call what on this host.
 *
 * A readable file of rules, one a line; the last rule that matches decides (as
 * in pf.conf and doas.conf). Without a file the default below holds:
 *
 *	allow reads
 *	allow traces to root
 *	ask   changes
 *
 * Grammar ('#' begins a comment):
 *	allow|ask|deny  RISK|TOOL  [to root|user NAME|group NAME|anyone]
 *	roots PATH...		what diagnose-root may read (default /)
 *	readonly COMMAND [ARG...]	argv that execute_shell_command may run unasked, read-only
 *	without landlock		accept a kernel that lacks that wall
 * RISK is reads, traces or changes. 'ask' means: only with an approval. A rule
 * never lowers a tool's own risk; an unknown word is an error with its line.
 */
#pragma once

#include "call/tool.h"

enum policy_answer {
	POLICY_DENIES,
	POLICY_ASKS, /* an approval would do */
	POLICY_ALLOWS,
};

/* Who calls: from the peer credentials of the socket, never from its bytes. */
struct caller {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char who[64]; /* for people: "uid 0 (root)" */
};

struct policy;

/* 'path' NULL: the default. NULL with 'err' ("policy.conf:3: ...") on a bad file. */
struct policy *policy_load(const char *path, struct error *err);
void policy_free(struct policy *policy);
void policy_cleanup(struct policy **policy);

/*
 * 'args' decides for execute_shell_command only; 'why_out' names the rule:
 * "policy.conf:4: ask changes" or "default: allow reads".
 */
enum policy_answer policy_judge(const struct policy *policy, const struct caller *caller,
				const struct tool_info *tool, const json_t *args,
				char why_out[ERROR_TEXT_BYTES]);

/* Whether the call is one of the read-only command lines, and runs as such. */
bool policy_is_readonly_command(const struct policy *policy, const json_t *args);

bool policy_allows_without_landlock(const struct policy *policy);
