#include "tools/web/nginx_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/web/command.h"

#define OUTPUT_MAX_BYTES (64 * KIB)
#define TEST_NS (10 * NS_PER_SEC)

/*
 * A test also opens logs and pid file, makes folders, binds ports and looks up
 * names; behind our walls these fail, which says nothing of the configuration.
 * They come after the grammar is through, so nothing real hides behind them.
 */
static bool is_artefact(const char *text)
{
	static const char *const needs[][2] = {
		{ "open() \"", "Read-only file system" },
		{ "mkdir() \"", "failed" },
		{ "chown(\"", "failed" },
		{ "chmod() \"", "failed" },
		{ "bind() to ", "failed" },
		{ "socket() ", "failed" },
		{ "could not open error log file", "" },
		{ "host not found in ", "" },
		{ "io_setup() failed", "" },
		{ "getaddrinfo", "" },
		{ "setrlimit", "" },
		{ "the \"user\" directive makes sense only", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (strstr(text, needs[i][0]) && strstr(text, needs[i][1]))
			return true;
	/* Logs and pid file, not what the configuration includes or names. */
	return strstr(text, "open() \"") && strstr(text, "Permission denied") &&
	       !strstr(text, " in /") &&
	       (strstr(text, ".log\"") || strstr(text, ".pid\"") || strstr(text, "/log/") ||
		strstr(text, "/run/"));
}

/* "... in /etc/nginx/nginx.conf:12" */
static json_t *error_json(const char *text)
{
	json_t *error = json_pack("{s:o}", "text", json_text(text, strlen(text)));
	const char *in = NULL, *at = text;
	char *colon;

	while ((at = strstr(at, " in /")) != NULL)
		in = at++;
	colon = in ? strrchr(in, ':') : NULL;
	if (error && colon) {
		json_put(error, "file", json_text(in + 4, (size_t)(colon - in - 4)));
		json_put(error, "line", json_integer(strtol(colon + 1, NULL, 10)));
	}
	return error;
}

json_t *nginx_test_judge(const char *output, int status)
{
	json_t *errors = json_array(), *warnings = json_array(), *not_judged = json_array();
	bool is_through = strstr(output, "syntax is ok") != NULL;
	struct str line;

	while (scan_line(&output, &line)) {
		char text[2048];
		bool is_error;

		str_copy(line, text, sizeof(text));
		is_error = strstr(text, "[emerg]") || strstr(text, "[crit]") ||
			   strstr(text, "[alert]");
		if (is_artefact(text))
			json_push(not_judged, json_text(text, strlen(text)));
		else if (is_error)
			json_push(errors, error_json(text));
		else if (strstr(text, "[warn]"))
			json_push(warnings, json_text(text, strlen(text)));
	}
	/* Failing without a word we know must not look like success. */
	if (status != 0 && !is_through && !json_array_size(errors) && !json_array_size(not_judged))
		json_push(errors,
			  json_pack("{s:s}", "text", "nginx -t failed without an error line"));
	return json_pack("{s:b, s:s, s:b, s:o, s:o, s:o}", "ok", !json_array_size(errors), "method",
			 "nginx -t", "syntax_ok", is_through, "errors", errors, "warnings",
			 warnings, "not_judged", not_judged);
}

json_t *nginx_test_run(struct task *task, const char *binary, const char *conf_path,
		       const char *prefix, struct error *err)
{
	CLEANUP(buf) struct buf output = { 0 };
	uint64_t deadline_ns = clock_monotonic_ns() + TEST_NS;
	const char *argv[8] = { binary, "-t", "-c", conf_path };
	int status;

	if (prefix) {
		argv[4] = "-p";
		argv[5] = prefix;
	}
	if (deadline_ns > task->deadline_ns)
		deadline_ns = task->deadline_ns;
	buf_init(&output, OUTPUT_MAX_BYTES);
	/* exec takes its arguments as it always did: not const, never written. */
	status = command_run((char *const *)(uintptr_t)argv, deadline_ns, &output, err);
	return status < 0 ? NULL : nginx_test_judge(buf_text(&output), status);
}
