/*
 * Help for a model at work: skills it reads when it needs them, and subagents that do a part
 * of the work at the same time, with a conversation and tools of their own.
 *
 * Own tools of the loop (loop.h): read_skill for everybody, ask_subagent for who drives, and
 * run_skill_script where a skill has a script and the host can run one. A
 * subagent shares ledger, budget, models and fence with the others; its answer is text, which
 * is handed on fenced, since a host may have put words into it. It has no subagents itself.
 *
 * A question that begins with "@NAME" (a subagent's) is driven by that one: its rules, its tools.
 */
#pragma once

#include "investigation/loop.h"
#include "investigation/skill.h"

#define HELPERS_MAX 8 /* subagents of one investigation, one after another too */
#define HELPER_MAX_ROUNDS 8
#define HELPER_TASK_MAX_BYTES 2000

/* A kind of subagent. */
struct role {
	const char *name;         /* "log-analyst" */
	const char *summary;      /* what it is asked for */
	const char *rules;        /* after those of everybody */
	const char *const *tools; /* names, NULL-terminated; NULL: every tool that reads */
};

/* NULL for an unknown name. */
const struct role *role_find(const char *name);

/* The role that a question begins with; NULL if there is none. */
const struct role *role_named(const char *question);

/* The tools of a role, among those of 'tools' ({name: ...}); a new reference. */
json_t *role_tools(const struct role *role, const json_t *tools);

struct helper;

/* Owner of the loops that it helps (loop->owner). */
struct helpers {
	struct crew *crew;
	const struct skills *skills; /* may be empty */
	const json_t *tools;         /* of the host: what reads */
	json_t *use; /* of skills, for the report: as skills_join() says, and "read": [names] */

	/* private */
	struct helper *items[HELPERS_MAX];
	size_t n;
};

extern const struct loop_tool loop_read_skill;
extern const struct loop_tool loop_ask_subagent;

/* Runs a script of a skill on the host by SCRIPT_TOOL, which takes its bytes. */
#define SCRIPT_TOOL "run_script"
extern const struct loop_tool loop_run_skill_script;
bool helpers_can_run(const struct helpers *helpers);

/* Which subagents there are, for the rules: a line each. */
void roles_introduce(struct buf *out);

/* Which skills there are, for the rules: names and descriptions, in at most 'max_bytes'. */
void helpers_introduce(const struct helpers *helpers, size_t max_bytes, struct buf *out);

/* After crew_finish(). */
void helpers_finish(struct helpers *helpers);
