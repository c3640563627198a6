#include "kernel/trace/request.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/test.h"
#include "kernel/trace/names.h"
#include "kernel/trace/preset.h"

static int parse(const char *text, struct trace_request *request, struct error *err)
{
	CLEANUP(json) json_t *args = json_parse(text, strlen(text), 64 * KIB, err);

	CHECK(args);
	return trace_request_parse(args, request, err);
}

static void check_refused(const char *text, const char *words)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_INT(parse(text, &request, &err), -EINVAL);
	if (!strstr(err.text, words))
		FAIL("'%s' does not say '%s'", err.text, words);
}

TEST(the_documented_shape_becomes_single_events)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"name\":\"disk\",\"type\":\"tracepoint\","
		       "\"target\":\"syscalls:sys_enter_openat\",\"duration\":15,"
		       "\"filters\":{\"comm\":\"nginx\",\"pid\":\"42\"}}",
		       &request, &err),
		 err);
	CHECK_TEXT(request.name, "disk");
	CHECK_INT(request.aggregate, TRACE_EVENTS);
	CHECK_INT(request.duration_ns, 15 * NS_PER_SEC);
	CHECK_INT(request.n_probes, 1);
	CHECK_INT(request.probes[0].n_filters, 2);
	CHECK_TEXT(request.probes[0].filters[0].text, "nginx");
	CHECK_INT(request.probes[0].filters[1].values[0], 42);
	CHECK_TEXT(request.keys[0].path, "comm");
}

TEST(a_field_has_name_path_and_format)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"type\":\"btf\",\"target\":\"x\",\"key\":\"to=sk.a|arg0:peer\"}",
		       &request, &err),
		 err);
	CHECK_TEXT(request.keys[0].name, "to");
	CHECK_TEXT(request.keys[0].path, "sk.a|arg0");
	CHECK_INT(request.keys[0].format, TRACE_PEER);
	CHECK_INT(request.aggregate, TRACE_COUNT);
}

TEST(names_of_calls_and_signals_are_numbers)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"type\":\"raw\",\"target\":\"sys_enter\",\"key\":\"comm\",\"filters\":["
		       "{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":[\"openat\",\"nonesuch\"]"
		       "},"
		       "{\"field\":\"arg1:signal\",\"value\":\"KILL\"}]}",
		       &request, &err),
		 err);
	/* What this architecture lacks is left out of a list. */
	CHECK_INT(request.probes[0].filters[0].n_values, 1);
	CHECK_INT(request.probes[0].filters[0].values[0], names_find_syscall("openat"));
	CHECK_INT(request.probes[0].filters[1].values[0], SIGKILL);
	check_refused(
		"{\"target\":\"x\",\"filters\":[{\"field\":\"id:syscall\",\"value\":\"fly\"}]}",
		"'fly' is not known here");
}

TEST(text_that_is_no_name_is_refused)
{
	check_refused("{\"target\":\"a b\"}", "'a b' is no name");
	check_refused("{\"target\":\"a;b\"}", "no name");
	check_refused("{\"target\":\"\"}", "1 to 255 letters");
	check_refused("{}", "1 to 255 letters");
	check_refused("{\"target\":\"x\",\"key\":\"../x\"}", "no name");
	check_refused("{\"target\":\"x\",\"key\":\"a:b\"}", "there is no format 'b'");
	check_refused("{\"target\":\"x\",\"key\":\"=a\"}", "1 to 63 letters");
	check_refused("{\"target\":\"x\",\"type\":\"usdt\"}", "there is no type 'usdt'");
}

TEST(what_does_not_fit_together_is_refused)
{
	check_refused("{\"target\":\"x\",\"aggregate\":\"latency\"}", "go together");
	check_refused("{\"target\":\"x\",\"aggregate\":\"hist\"}", "needs a 'value'");
	check_refused("{\"target\":\"x\",\"start\":[{\"target\":\"y\",\"join\":\"tid\"}]}",
		      "needs 'join' at both ends");
	check_refused("{\"probes\":[]}", "needs a target");
	check_refused("{\"target\":\"x\",\"subject\":\"none\",\"pid\":1}", "are of no process");
	check_refused("{\"target\":\"x\",\"subject\":\"p.tgid\",\"cgroup\":1}",
		      "do not tell their control group");
	check_refused("{\"target\":\"x\",\"filters\":{\"comm\":\"0123456789abcdef\"}}",
		      "1 to 15 bytes");
	check_refused("{\"target\":\"x\",\"filters\":{\"pid\":true}}", "a number or a name");
	check_refused("{\"target\":\"x\",\"filters\":[{\"field\":\"pid\",\"op\":\"lt\","
		      "\"value\":[1,2]}]}",
		      "several values go with 'in'");
}

TEST(everything_has_a_ceiling)
{
	struct trace_request request;
	struct error err = { 0 };

	check_refused("{\"target\":\"x\",\"duration\":301}", "at most 300 seconds");
	check_refused("{\"target\":\"x\",\"key\":[\"a\",\"b\",\"c\",\"d\"]}", "at most 3 fields");
	check_refused("{\"target\":\"x\",\"filters\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,"
		      "\"f\":1,\"g\":1}}",
		      "at most 6 filters");
	check_refused(
		"{\"target\":\"x\",\"filters\":{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
		"17]}}",
		"at most 16 values");
	check_refused("{\"probes\":[{\"target\":\"x\"},{\"target\":\"x\"},{\"target\":\"x\"},"
		      "{\"target\":\"x\"},{\"target\":\"x\"},{\"target\":\"x\"},{\"target\":\"x\"},"
		      "{\"target\":\"x\"},{\"target\":\"x\"}]}",
		      "at most 8 probes");
	CHECK_OK(parse("{\"target\":\"x\",\"limits\":{\"keys\":99999999,\"events\":-1,"
		       "\"events_per_second\":99999999}}",
		       &request, &err),
		 err);
	CHECK_INT(request.max_rows, TRACE_MAX_ROWS);
	CHECK_INT(request.max_events, 1);
	CHECK_INT(request.max_events_per_s, TRACE_MAX_EVENTS_PER_S);
}

TEST(one_process_is_chosen_by_the_subject)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"target\":\"sched_switch\",\"subject\":\"next.tgid\",\"key\":\"cpu\","
		       "\"pid\":7,\"comm\":\"x\"}",
		       &request, &err),
		 err);
	CHECK_TEXT(request.probes[0].filters[0].field.path, "next.tgid");
	CHECK_TEXT(request.probes[0].filters[1].field.path, "next.comm");
	CHECK_INT(request.probes[0].filters[1].field.format, TRACE_COMM);
}

TEST(every_preset_is_a_request_and_they_are_sorted)
{
	for (const struct trace_preset *at = trace_presets; at->name; at++) {
		CHECK(trace_preset_find(at->name) == at);
		CHECK(at->requests[0]);
		CHECK(!at[1].name || strcmp(at[0].name, at[1].name) < 0);
		CHECK(at->summary[strlen(at->summary) - 1] == '.');
		for (size_t i = 0; i < PRESET_MAX_REQUESTS && at->requests[i]; i++) {
			struct trace_request request;
			struct error err = { 0 };

			if (parse(at->requests[i], &request, &err) < 0)
				FAIL("%s: %s", at->name, err.text);
		}
	}
	CHECK(!trace_preset_find("nonesuch"));
}

TEST(a_probe_of_a_program_is_a_path_and_a_function)
{
	struct trace_request request;
	struct error err = { 0 };

	check_refused("{\"type\":\"uprobe\",\"target\":\"/opt/a b/x:f\",\"key\":\"pid\"}",
		      "no blanks");
	CHECK_OK(parse("{\"type\":\"uprobe\",\"target\":\"/lib/libc.so.6:malloc\","
		       "\"key\":[\"pid\",\"user_stack\"]}",
		       &request, &err),
		 err);
	CHECK_INT(request.probes[0].type, TRACE_UPROBE);
	CHECK_TEXT(request.probes[0].target, "/lib/libc.so.6:malloc");
	CHECK_INT(request.keys[1].format, TRACE_STACK);
	check_refused("{\"type\":\"uprobe\",\"target\":\"malloc\"}", "/PATH:SYMBOL");
	check_refused("{\"target\":\"x\",\"key\":\"user_stack:number\"}", "are stacks");
	check_refused("{\"target\":\"x\",\"key\":\"pid:stack\"}", "are stacks");
}

TEST(a_depth_begins_and_ends)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"aggregate\":\"depth\",\"start\":[{\"target\":\"a\",\"join\":\"arg0\"}],"
		       "\"target\":\"b\",\"join\":\"arg0\",\"key\":\"arg1\",\"pid\":7}",
		       &request, &err),
		 err);
	/* Whose it is, is known where it begins. */
	CHECK_INT(request.probes[0].n_filters, 1);
	CHECK_INT(request.probes[1].n_filters, 0);
	check_refused("{\"aggregate\":\"depth\",\"target\":\"b\"}", "go together");
	check_refused("{\"aggregate\":\"depth\",\"start\":[{\"target\":\"a\",\"join\":\"arg0\"}],"
		      "\"target\":\"b\",\"join\":\"arg0\",\"filters\":{\"arg1\":1}}",
		      "the beginnings are filtered");
	check_refused("{\"aggregate\":\"depth\",\"start\":[{\"target\":\"a\",\"join\":\"arg0\"}],"
		      "\"target\":\"b\",\"join\":\"arg0\",\"key\":\"kernel_stack\"}",
		      "not by stacks");
}

TEST(a_text_is_compared_whole)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"target\":\"x\",\"filters\":[{\"field\":\"arg1:user_string\","
		       "\"value\":\"/etc/resolv.conf\"}]}",
		       &request, &err),
		 err);
	CHECK_TEXT(request.probes[0].filters[0].text, "/etc/resolv.conf");
	check_refused("{\"target\":\"x\",\"filters\":[{\"field\":\"arg1:string\",\"op\":\"lt\","
		      "\"value\":\"a\"}]}",
		      "is eq or ne");
}

TEST(stacks_are_keys_beside_the_others)
{
	struct trace_request request;
	struct error err = { 0 };

	CHECK_OK(parse("{\"target\":\"x\",\"key\":[\"pid\",\"comm\",\"cpu\"],\"stacks\":\"both\"}",
		       &request, &err),
		 err);
	CHECK_INT(request.n_keys, 5);
	CHECK_TEXT(request.keys[3].path, "kernel_stack");
	CHECK_TEXT(request.keys[4].path, "user_stack");
	check_refused("{\"aggregate\":\"depth\",\"start\":[{\"target\":\"a\",\"join\":\"arg0\"}],"
		      "\"target\":\"b\",\"join\":\"arg0\",\"stacks\":\"user\"}",
		      "has no stacks");
}
