/* How a program ended, as JSON: the same members for every tool that runs one. */
#pragma once

#include "call/tool.h"
#include "tools/exec/run_program.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define OUTCOME_RESULT                                                                  \
	"exit_code: integer|null, signal: string|null, timed_out: boolean, "            \
	"flooded: boolean, elapsed_ms: number, stdout: string, stdout_bytes: integer, " \
	"stderr: string, stderr_bytes: integer"

/* Most bytes kept of each stream. */
#define OUTPUT_MAX_BYTES (256 * KIB)

/*
 * Runs argv until 'timeout_s' passes or the task's deadline comes near, with 'stdin' or, at
 * RUN_SCRIPT_PATH, 'source' of the arguments; puts
 * exit_code, signal, timed_out, stdout, stderr, stdout_bytes, stderr_bytes,
 * truncated, elapsed_ms.
 */
int outcome_run(struct task *task, char *const *argv, const json_t *args, json_t *result,
		struct error *err) MUST_CHECK;
