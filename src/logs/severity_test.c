#include <string.h>

#include "base/test.h"
#include "logs/logs.h"

static enum log_severity severity_of(const char *line)
{
	return log_severity((struct str) { line, strlen(line) });
}

TEST(the_level_a_line_names_decides)
{
	static const struct {
		const char *line;
		enum log_severity severity;
	} lines[] = {
		{ "2026/11/22 17:03:25 [error] 7#7: *1 open() failed", LOG_SEVERITY_ERROR },
		{ "2026/11/22 17:03:25 [emerg] 7#7: bind() to 0.0.0.0:80", LOG_SEVERITY_FATAL },
		{ "[Sun Nov 22 17:03:25 2026] [core:error] [pid 1] x", LOG_SEVERITY_ERROR },
		{ "2026-11-22 17:03:25 UTC [881] FATAL:  too many clients", LOG_SEVERITY_FATAL },
		{ "2026-11-22 17:03:25 UTC [881] LOG:  checkpoint starting", LOG_SEVERITY_INFO },
		{ "time=\"x\" level=error msg=\"y\"", LOG_SEVERITY_ERROR },
		{ "{\"level\":\"warn\",\"msg\":\"slow\"}", LOG_SEVERITY_WARNING },
		{ "E1122 17:03:25.1 1 f.go:1] boom", LOG_SEVERITY_ERROR },
		{ "I1122 17:03:25.1 1 f.go:1] error count is fine", LOG_SEVERITY_INFO },
		{ "2026-11-22 INFO retry after error", LOG_SEVERITY_INFO },
		{ "level=info msg=\"no error here\"", LOG_SEVERITY_INFO },
		{ "2026-11-22 17:03:25 0 [ERROR] InnoDB: x", LOG_SEVERITY_ERROR },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (severity_of(lines[i].line) != lines[i].severity)
			fail_msg("%s", lines[i].line);
}

TEST(without_a_level_the_words_of_failure_decide)
{
	CHECK_INT(severity_of("sshd: connect to db port 5432: Connection refused"),
		  LOG_SEVERITY_ERROR);
	CHECK_INT(severity_of("write: No space left on device"), LOG_SEVERITY_ERROR);
	CHECK_INT(severity_of("java.lang.IllegalStateException: x"), LOG_SEVERITY_ERROR);
	CHECK_INT(severity_of("Started nightly backup."), LOG_SEVERITY_INFO);
}

TEST(nothing_that_did_not_happen_is_an_error)
{
	CHECK_INT(severity_of("finished, 0 errors"), LOG_SEVERITY_INFO);
	CHECK_INT(severity_of("done errors=0 failed: 0"), LOG_SEVERITY_INFO);
	CHECK_INT(severity_of("no error"), LOG_SEVERITY_INFO);
	CHECK_INT(severity_of("served /var/www/error.html"), LOG_SEVERITY_INFO);
}

TEST(a_request_answered_with_5xx_is_an_error_and_404_is_not)
{
	CHECK_INT(severity_of("1.2.3.4 - - [22/Nov/2026:17:03:25 +0000] \"GET / HTTP/1.1\" 502 7 "
			      "\"-\""),
		  LOG_SEVERITY_ERROR);
	CHECK_INT(severity_of("1.2.3.4 - - [22/Nov/2026:17:03:25 +0000] \"GET /error HTTP/1.1\" "
			      "404 7 \"-\""),
		  LOG_SEVERITY_INFO);
}

static void skeleton_is(const char *line, const char *expected)
{
	char text[200];

	(void)log_skeleton((struct str) { line, strlen(line) }, text, sizeof(text));
	CHECK_TEXT(text, expected);
}

TEST(lines_of_one_event_have_one_skeleton)
{
	skeleton_is("2026-11-22 17:03:25 conn to 10.0.0.3:5432 failed", "* conn to * failed");
	skeleton_is("2026-11-22 17:03:26 conn to 10.0.0.44:99 failed", "* conn to * failed");
	skeleton_is("delete blk_1, blk_2, blk_3 done", "delete * done");
	skeleton_is("delete blk_1 done", "delete * done");
	skeleton_is("", "");
}

TEST(a_skeleton_is_cut_to_its_buffer)
{
	char text[5];

	CHECK_INT(log_skeleton((struct str) { "abcdefgh", 8 }, text, sizeof(text)), 4);
	CHECK_TEXT(text, "abcd");
}
