/*
 * The policy: who may call what on this host.
 *
 * A readable file of rules, one a line; the last rule that matches decides (as
 * in pf.conf and doas.conf). Without a file the default below holds:
 *
 *	allow reads
 *	allow traces to root
 *	allow traces to link
 *	ask   changes
 *
 * Grammar ('#' begins a comment):
 *	allow|ask|deny  RISK|TOOL  [to root|link|user NAME|group NAME|CLIENT|anyone]
 *	roots PATH... [to CLIENT]	what diagnose-root may read (default /); for a
 *				client with lines of its own, only what those name
 *	readonly COMMAND [ARG...]	exactly this argv, run by execute_shell_command
 *				without writing anything, is judged as 'reads'
 *	scripts SHA256...	a script of a skill with exactly these bytes (run_script) is judged
 *				as 'reads', as those that we ship are; any other as 'changes'
 *				though it can change nothing either: it is foreign text
 *	namespaces NAME...	of the pods on this host, the logs of no other Kubernetes
 *				namespaces are read, whoever asks; lines add up
 *	log-groups NAME...	the same of a cloud's log groups
 *	without landlock		accept a kernel that lacks that wall
 *	without process-iterator	list processes from /proc alone: put no program into
 *				the kernel for it
 * 'link' is whoever asks through the server, on another's behalf (struct caller): rules for
 * a user or a group, root too, do not speak of it, those for anyone do.
 * CLIENT is who asks through the agent's local API and was recognised there: certificate NAME,
 * key NAME, oauth SUBJECT, oauth-client ID, or token (of the agent's own folder); or registry, for
 * which the agent applies and removes signed programs. It is no user either, but for the token,
 * which is the agent's user's own. In a NAME, and in a TOOL, '*' stands for any characters.
 * A kept investigation (read_case) has results of any tool: to the link and to a CLIENT only a rule
 * that names read_case itself allows it, neither one about reads nor a pattern.
 * RISK is reads, traces or changes. 'ask' means: only with an approval. A rule
 * never lowers a tool's own risk; an unknown word is an error with its line.
 *
 * A file with rules replaces the default's rules, and what none of them matches
 * is denied; one without rules (only roots, say) keeps them. Names are
 * resolved once, on loading: afterwards no judgement asks a directory service.
 */
#pragma once

#include "call/caller.h"
#include "call/tool.h"

#define POLICY_MAX_BYTES (64 * KIB)

enum policy_answer {
	POLICY_DENIES,
	POLICY_ASKS, /* an approval would do */
	POLICY_ALLOWS,
};

struct policy;

/*
 * 'path' NULL, or no such file: the default. NULL with 'err' ("policy.conf:3: ...")
 * on a bad file, and on one that others than root and we could have written.
 */
struct policy *policy_load(const char *path, struct error *err);

/* The same from its text; 'name' is what the rules and errors call it. */
struct policy *policy_parse(const char *name, const char *text, size_t len, struct error *err);
void policy_free(struct policy *policy);
void policy_cleanup(struct policy **policy);

/*
 * 'args' decides for execute_shell_command, and where it names what the host limits; 'why_out'
 * names the rule: "policy.conf:4: ask changes" or "default: allow reads".
 */
enum policy_answer policy_judge(const struct policy *policy, const struct caller *caller,
				const struct tool_info *tool, const json_t *args,
				char why_out[ERROR_TEXT_BYTES]);

/* What rules about a risk take the call for: of these arguments, of this caller. */
enum tool_risk policy_risk(const struct policy *policy, const struct caller *caller,
			   const struct tool_info *tool, const json_t *args);

/*
 * Whether args.command is one of the read-only command lines, and runs as such.
 * A command with anything a shell would interpret never is.
 */
bool policy_is_readonly_command(const struct policy *policy, const json_t *args);

/* Whether its calls may name another on whose behalf they are made: the user "constable", root,
 * and whom we run as. */
bool policy_may_speak(const struct policy *policy, const struct caller *caller);

bool policy_allows_without_landlock(const struct policy *policy);
bool policy_forbids_process_iterator(const struct policy *policy);

/* The namespaces whose pods' logs may be read, NULL at the end; NULL: any. */
const char *const *policy_namespaces(const struct policy *policy);

/*
 * What diagnose-root may read: absolute paths, NULL at the end; of set 0, the host's, or of a
 * client's own. NULL: there are no more sets.
 */
const char *const *policy_roots(const struct policy *policy, unsigned set);
/* All of them, NULL at the end. */
const char *const *const *policy_root_sets(const struct policy *policy);
/* Which of them holds for this caller. */
unsigned policy_root_set(const struct policy *policy, const struct caller *caller);
