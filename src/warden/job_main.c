/*
 * The main of every job executable: one tool run, then gone.
 *
 *	constable-job TOOL [--root DIR] [--broker FD] [--processes FD] [--deadline-ms N]
 *[--progress] <args.json >result.json constable-job --catalogue
 *
 * Behind the arguments and a NUL may come what a tool with TOOL_NEEDS_CASES is given.
 * With --progress the output is as call/progress.h has it. Exit status 0: the result is on standard
 *output. 1: standard output holds
 * {"error": {"code", "text"}}. 2: wrong use. Runs behind the sandbox's walls when
 * the launcher starts it; started by hand it is an ordinary program with the
 * caller's rights.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/step.h"
#include "call/broker.h"
#include "call/cases.h"
#include "call/progress.h"
#include "call/redact.h"
#include "tools/catalogue.h"

#define ARGS_MAX_BYTES (1 * MIB)
#define DEFAULT_DEADLINE_MS 30000

struct options {
	const char *tool;
	const char *root;
	int broker_fd, processes_fd;
	uint64_t deadline_ms;
	bool wants_progress;
};

static int write_json(const json_t *json)
{
	CLEANUP(text) char *text = json_canonical(json);

	return fd_write_all(STDOUT_FILENO, text, strlen(text));
}

static int print_catalogue(void)
{
	CLEANUP(json) json_t *list = json_array();

	for (const struct tool *const *at = tools_of_this_job; *at; at++) {
		struct tool_info one[2] = { (*at)->info };
		CLEANUP(json) json_t *entry = catalogue_json(one);

		if (!entry) {
			log_error("the schema or the plan of '%s' is not JSON", one->name);
			return 1;
		}
		if (!(*at)->run != !!json_object_get(json_array_get(entry, 0), "plan")) {
			log_error("'%s' needs either a run or a plan", one->name);
			return 1;
		}
		json_push(list, json_incref(json_array_get(entry, 0)));
	}
	return write_json(list) < 0;
}

/* 'given_out' has what comes behind them, if anything does. */
static json_t *read_args(struct buf *given_out, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	const char *end;
	size_t len;
	json_t *args;
	int r;

	buf_init(&text, ARGS_MAX_BYTES + 1 + CASES_MAX_BYTES);
	r = buf_read_fd(&text, STDIN_FILENO);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "cannot read the arguments");
		return NULL;
	}
	end = memchr(buf_text(&text), '\0', text.len);
	len = end ? (size_t)(end - buf_text(&text)) : text.len;
	if (end) {
		buf_init(given_out, CASES_MAX_BYTES);
		buf_add(given_out, end + 1, text.len - len - 1);
	}
	args = len ? json_parse(buf_text(&text), len, ARGS_MAX_BYTES, err) : json_object();
	if (args && !json_is_object(args)) {
		json_decref(args);
		error_set(err, -EINVAL, "the arguments are not a JSON object");
		return NULL;
	}
	return args;
}

static int run_tool(const struct options *options, struct task *task, json_t *result,
		    struct error *err)
{
	const struct tool *tool = tool_find(tools_of_this_job, options->tool);
	CLEANUP(json) json_t *args = NULL;
	CLEANUP(buf) struct buf given = { 0 };
	CLEANUP(host) struct host host = HOST_CLOSED;
	int r;

	if (!tool)
		return error_set(err, -ENOENT, "no tool named '%s' in this executable",
				 options->tool);
	if (!tool->run)
		return error_set(err, -EINVAL, "'%s' is a plan: the calls that it lists are made",
				 options->tool);
	args = read_args(&given, err);
	if (!args)
		return err->code;
	step_reached("job-read");
	r = host_init(&host, options->root, err);
	if (r < 0)
		return r;
	if (!host.is_fixture)
		host.processes_fd = options->processes_fd;
	if (options->broker_fd >= 0)
		task->broker = broker_new(options->broker_fd);
	task->host = &host;
	task->given = given.max ? &given : NULL;
	task->deadline_ns = clock_monotonic_ns() + options->deadline_ms * NS_PER_MS;
	r = tool->run(task, args, result, err);
	step_reached("job-ran");
	broker_free(task->broker);
	return r;
}

static int write_answer(struct progress *progress, const json_t *answer)
{
	CLEANUP(text) char *text = NULL;

	if (!progress)
		return write_json(answer);
	text = json_canonical(answer);
	return progress_end(progress, text, strlen(text));
}

static int answer(const struct options *options, json_t *result)
{
	struct task task = { .redactor = redactor_new() };
	struct error err = { 0 };
	int status = 0;

	step_reached("job-started");
	if (options->wants_progress)
		task.progress = progress_new(STDOUT_FILENO, task.redactor);
	if (run_tool(options, &task, result, &err) < 0) {
		json_object_clear(result);
		json_put(result, "error",
			 json_pack("{s:i, s:o}", "code", err.code, "text",
				   json_text(err.text, strlen(err.text))));
		status = 1;
	}
	redact_json(task.redactor, result);
	if (write_answer(task.progress, result) < 0)
		status = 1;
	step_reached("job-written");
	progress_free(task.progress);
	redactor_free(task.redactor);
	return status;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-' && !options->tool) {
			options->tool = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--progress") == 0) {
			options->wants_progress = true;
			continue;
		}
		if (i + 1 == argc)
			return -EINVAL;
		if (strcmp(argv[i], "--root") == 0)
			options->root = argv[++i];
		else if (strcmp(argv[i], "--broker") == 0)
			options->broker_fd = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--processes") == 0)
			options->processes_fd = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--deadline-ms") == 0)
			options->deadline_ms = strtoull(argv[++i], NULL, 10);
		else
			return -EINVAL;
	}
	return options->tool ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct options options = {
		.root = "/",
		.broker_fd = -1,
		.processes_fd = -1,
		.deadline_ms = DEFAULT_DEADLINE_MS,
	};

	log_set("constable-job", LOG_LEVEL_WARN);
	json_seed();
	if (argc == 2 && strcmp(argv[1], "--catalogue") == 0)
		return print_catalogue();
	if (parse_options(argc, argv, &options) < 0) {
		log_error("usage: constable-job TOOL [--root DIR] [--broker FD] [--processes FD] "
			  "[--deadline-ms N] [--progress]");
		return 2;
	}
	/* A large result takes longer to free than the kernel takes to forget it. */
	_exit(answer(&options, json_object()));
}
