#include "tools/exec/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "call/redact.h"

/* Left of the task's time for the result to be written. */
#define MARGIN_NS (300 * NS_PER_MS)
/* Kept beyond the limit while reading, so that the cut is made after redaction. */
#define BEYOND_BYTES (16 * KIB)

static uint64_t deadline(const struct task *task, const json_t *args)
{
	uint64_t wanted =
		clock_monotonic_ns() +
		(uint64_t)json_get_int(args, "timeout_s", json_get_int(args, "timeout", 30)) *
			NS_PER_SEC;
	uint64_t last = task->deadline_ns > MARGIN_NS ? task->deadline_ns - MARGIN_NS : 0;

	return wanted < last ? wanted : last;
}

static void put_stream(const struct task *task, const struct buf *stream, const char *name,
		       json_t *result)
{
	CLEANUP(buf) struct buf redacted = { 0 };
	char n_name[32];

	(void)snprintf(n_name, sizeof(n_name), "%s_bytes", name);
	json_put(result, n_name, json_integer((json_int_t)(stream->len + stream->dropped)));
	if (stream->len <= OUTPUT_MAX_BYTES) {
		json_put(result, name, json_text(buf_text(stream), stream->len));
		return;
	}
	buf_init(&redacted, OUTPUT_MAX_BYTES);
	(void)redact_text(task->redactor, stream->data, stream->len, &redacted);
	json_put(result, name, json_text(buf_text(&redacted), redacted.len));
	json_put(result, "truncated", json_true());
}

static json_t *signal_json(int number)
{
	const char *name = number ? sigabbrev_np(number) : NULL;
	char text[32];

	if (!number)
		return json_null();
	(void)snprintf(text, sizeof(text), "SIG%s", name ? name : "?");
	return json_string(text);
}

static void put_outcome(const struct task *task, const struct run_outcome *outcome, json_t *result)
{
	json_put(result, "exit_code",
		 outcome->exit_status < 0 ? json_null() : json_integer(outcome->exit_status));
	json_put(result, "signal", signal_json(outcome->signal));
	json_put(result, "timed_out", json_boolean(outcome->timed_out));
	json_put(result, "flooded", json_boolean(outcome->flooded));
	json_put(result, "elapsed_ms",
		 json_figure((double)outcome->elapsed_ns / (double)NS_PER_MS));
	json_put(result, "truncated", json_false());
	put_stream(task, &outcome->output, "stdout", result);
	put_stream(task, &outcome->errors, "stderr", result);
}

int outcome_run(struct task *task, char *const *argv, const json_t *args, json_t *result,
		struct error *err)
{
	const char *input = json_get_text(args, "stdin", NULL);
	struct run_request request = {
		.argv = argv,
		.input = input,
		.n_input = input ? strlen(input) : 0,
		.script = json_get_text(args, "source", NULL),
		.deadline_ns = deadline(task, args),
		.progress = task->progress,
	};
	struct run_outcome outcome = { 0 };
	int r;

	buf_init(&outcome.output, OUTPUT_MAX_BYTES + BEYOND_BYTES);
	buf_init(&outcome.errors, OUTPUT_MAX_BYTES + BEYOND_BYTES);
	r = run_program(&request, &outcome, err);
	if (r == 0)
		put_outcome(task, &outcome, result);
	buf_finish(&outcome.output);
	buf_finish(&outcome.errors);
	return r;
}
