/* control_service: starts, stops or reloads one unit of systemd, and sees what becomes of it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "tools/catalogue.h"
#include "tools/exec/run_program.h"

#define ACTION_NS (20 * NS_PER_SEC) /* beyond it systemd goes on alone */
#define LOOK_NS (5 * NS_PER_SEC)
#define STEADY_NS (1500 * NS_PER_MS) /* what ends sooner was not started */
#define PAUSE_NS (100 * NS_PER_MS)
#define OUTPUT_BYTES (16 * KIB)
#define STATE_BYTES 32

/* What systemd says of it. */
struct standing {
	char active[STATE_BYTES], sub[STATE_BYTES], result[STATE_BYTES];
};

/* systemd's own rule (unit_name_is_valid()), and no option of its client. */
static bool is_unit(const char *name)
{
	if (*name == '-' || *name == '.')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr(":-_.\\@", *name))
			return false;
	return true;
}

static char *word(const char *text)
{
	return (char *)(uintptr_t)text; /* exec takes no const; it changes nothing */
}

static int ask(const struct task *task, const char *const *argv, uint64_t most_ns,
	       struct run_outcome *outcome, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + most_ns;
	struct run_request request = {
		.argv = (char *const *)(uintptr_t)argv,
		.deadline_ns = until_ns < task->deadline_ns ? until_ns : task->deadline_ns,
	};

	buf_init(&outcome->output, OUTPUT_BYTES);
	buf_init(&outcome->errors, OUTPUT_BYTES);
	return run_program(&request, outcome, err);
}

static void finish(struct run_outcome *outcome)
{
	buf_finish(&outcome->output);
	buf_finish(&outcome->errors);
}

static int act(const struct task *task, const char *action, const char *name, struct error *err)
{
	const char *const argv[] = { "systemctl",  "--no-pager", "--no-ask-password",
				     word(action), "--",         name,
				     NULL };
	struct run_outcome outcome = { 0 };
	int r = ask(task, argv, ACTION_NS, &outcome, err);

	if (r == 0 && outcome.timed_out)
		r = error_set(err, -ETIMEDOUT, "'%s' did not end in time: systemd goes on with it",
			      action);
	else if (r == 0 && outcome.exit_status != 0)
		r = error_set(err, -EIO, "%.*s", (int)strcspn(buf_text(&outcome.errors), "\n"),
			      buf_text(&outcome.errors));
	finish(&outcome);
	return r;
}

static void take(const char *text, const char *key, char value[STATE_BYTES])
{
	const char *at = strstr(text, key);

	*value = '\0';
	if (!at)
		return;
	at += strlen(key);
	str_copy((struct str) { at, strcspn(at, "\n") }, value, STATE_BYTES);
}

static int look(const struct task *task, const char *name, struct standing *standing,
		struct error *err)
{
	const char *const argv[] = { "systemctl", "show", "--property=ActiveState,SubState,Result",
				     "--",        name,   NULL };
	struct run_outcome outcome = { 0 };
	int r = ask(task, argv, LOOK_NS, &outcome, err);

	take(buf_text(&outcome.output), "ActiveState=", standing->active);
	take(buf_text(&outcome.output), "SubState=", standing->sub);
	take(buf_text(&outcome.output), "Result=", standing->result);
	finish(&outcome);
	return r;
}

static bool is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

/* Of one that was started: it runs, or it did what it is for and ended well. */
static bool stands(const struct standing *standing)
{
	if (is(standing->active, "inactive"))
		return is(standing->result, "success");
	return is(standing->active, "active") || is(standing->active, "activating") ||
	       is(standing->active, "reloading");
}

/* Many a daemon ends only after systemd has called it started. */
static int stay(const struct task *task, const char *name, struct standing *standing,
		struct error *err)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t until_ns = clock_monotonic_ns() + STEADY_NS;

	for (;;) {
		int r = look(task, name, standing, err);

		if (r < 0)
			return r;
		if (!stands(standing) || is(standing->sub, "auto-restart"))
			return error_set(err, -EIO, "it was started, and ended again: %s (%s)",
					 standing->active, standing->result);
		if (clock_monotonic_ns() >= until_ns)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	const char *name = json_get_text(args, "name", "");
	const char *action = json_get_text(args, "action", "");
	struct standing before, after;
	int r;

	if (task->host->is_fixture || !host_exists(task->host, "run/systemd/system"))
		return error_set(err, -ENOTSUP, "systemd does not run here");
	if (!is_unit(name))
		return error_set(err, -EINVAL, "'%s' is no name of a unit", name);
	r = look(task, name, &before, err);
	if (r == 0)
		r = act(task, action, name, err);
	if (r == 0)
		r = is(action, "stop") ? look(task, name, &after, err)
				       : stay(task, name, &after, err);
	if (r < 0)
		return r;
	json_put(result, "name", json_string(name));
	json_put(result, "action", json_string(action));
	json_put(result, "active_before", json_string(before.active));
	json_put(result, "active", json_string(after.active));
	json_put(result, "sub", json_string(after.sub));
	return 0;
}

const struct tool tool_control_service = {
	.info = {
		.name = "control_service",
		.summary = "Starts, restarts, reloads or stops one unit of systemd, and fails where it "
			   "does not stay up.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"name\",\"action\"],\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,"
			  "\"description\":\"of the unit, such as nginx.service\"},"
			  "\"action\":{\"type\":\"string\",\"enum\":[\"start\",\"restart\","
			  "\"reload\",\"stop\"]}}}",
		.result = "name: string, action: string, active_before: string, active: string, "
			"sub: string",
		.risk = TOOL_CHANGES,
		.needs = TOOL_NEEDS_HOST,
	},
	.run = run,
};
