#include "kernel/trace/session_internal.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/test.h"
#include "kernel/trace/trace.h"

static const struct trace_owner nobody = { 0 };

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void parse(const char *text, struct trace_request *request)
{
	CLEANUP(json) json_t *args = NULL;
	struct error err = { 0 };

	args = json_parse(text, strlen(text), 64 * KIB, &err);
	CHECK(args);
	CHECK_OK(trace_request_parse(args, request, &err), err);
}

/* What a test of the kernel cannot do without; a chroot without /sys lacks the second. */
static void require_kernel(void)
{
	static const ino_t first =
		0xeffffffc; /* of the first namespace of processes: linux/proc_ns.h */
	struct stat here;

	if (stat("/proc/self/ns/pid", &here) < 0 || here.st_ino != first)
		SKIP("this container numbers processes otherwise than the kernel");
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		SKIP("the kernel's own types are not to be seen here");
}

/* False where this process may not load programs. */
static bool open_session(struct session *session, const struct trace_request *request,
			 uint64_t end_ns)
{
	struct error err = { 0 };
	int r = session_open(session, request, &nobody, boot_ns(), end_ns, &err);

	if (r != -EPERM && r != -ENOSYS)
		CHECK_OK(r, err);
	return r == 0;
}

static struct tally tally_of(const struct session *session)
{
	struct tally tally = { 0 };
	uint32_t zero = 0;

	CHECK_INT(bpf_map_lookup_elem(session->maps.tally, &zero, &tally), 0);
	return tally;
}

/* 'own' is what tells this process from all others. */
static void request_of_own_calls(const char *rest, struct trace_request *request)
{
	char text[512];

	text_format(text, sizeof(text), "{\"target\":\"syscalls:sys_enter_getppid\",\"pid\":%d,%s}",
		    (int)getpid(), rest);
	parse(text, request);
}

static void make_calls(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)syscall(SYS_getppid);
}

TEST(after_its_time_a_program_that_still_hangs_there_does_nothing)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;

	require_kernel();
	request_of_own_calls("\"key\":\"comm\"", &request);
	if (!open_session(&session, &request, boot_ns() + 60 * NS_PER_SEC))
		SKIP("loading a program into the kernel needs root");
	make_calls(100);
	CHECK_INT(tally_of(&session).n_events, 100);
	session_cleanup(&session);
	CHECK(open_session(&session, &request, boot_ns()));
	make_calls(100);
	CHECK_INT(tally_of(&session).n_events, 0);
}

TEST(what_is_detached_counts_no_more)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;

	require_kernel();
	request_of_own_calls("\"key\":\"comm\"", &request);
	if (!open_session(&session, &request, boot_ns() + 60 * NS_PER_SEC))
		SKIP("loading a program into the kernel needs root");
	make_calls(10);
	session_detach(&session);
	make_calls(10);
	CHECK_INT(tally_of(&session).n_events, 10);
}

TEST(too_many_events_in_a_second_are_lost_and_counted)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct tally tally;

	require_kernel();
	request_of_own_calls("\"limits\":{\"events_per_second\":10}", &request);
	if (!open_session(&session, &request, boot_ns() + 60 * NS_PER_SEC))
		SKIP("loading a program into the kernel needs root");
	make_calls(1000);
	tally = tally_of(&session);
	CHECK_INT(tally.n_events, 1000);
	/* The second may have turned meanwhile. */
	CHECK(tally.lost_events >= 970 && tally.lost_events <= 990);
}

TEST(keys_beyond_the_limit_are_lost_and_counted)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct tally tally;
	char text[256];

	text_format(text, sizeof(text),
		    "{\"type\":\"raw\",\"target\":\"sys_enter\",\"pid\":%d,\"key\":\"arg0\","
		    "\"filters\":[{\"field\":\"id:syscall\",\"value\":\"getppid\"}],"
		    "\"limits\":{\"keys\":4}}",
		    (int)getpid());
	require_kernel();
	parse(text, &request);
	if (!open_session(&session, &request, boot_ns() + 60 * NS_PER_SEC))
		SKIP("loading a program into the kernel needs root");
	for (long i = 0; i < 100; i++)
		(void)syscall(SYS_getppid, i);
	tally = tally_of(&session);
	CHECK_INT(tally.n_events, 100);
	CHECK_INT(tally.lost_keys, 96);
}

TEST(a_target_that_is_not_there_is_named)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct error err = { 0 };
	int r;

	require_kernel();
	parse("{\"target\":\"sched:sched_nonesuch\",\"key\":\"comm\"}", &request);
	r = session_open(&session, &request, &nobody, boot_ns(), boot_ns() + NS_PER_SEC, &err);
	if (r == -EPERM || r == -ENOSYS)
		SKIP("loading a program into the kernel needs root");
	CHECK(r < 0);
	CHECK(strstr(err.text, "sched:sched_nonesuch cannot be traced here (raw: "));
	CHECK(strstr(err.text, "; btf: this kernel has no 'sched_nonesuch'"));
}

TEST(a_field_that_is_not_there_is_named)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct error err = { 0 };
	int r;

	require_kernel();
	parse("{\"target\":\"sched:sched_switch\",\"key\":\"next.nonesuch\"}", &request);
	r = session_open(&session, &request, &nobody, boot_ns(), boot_ns() + NS_PER_SEC, &err);
	if (r == -EPERM || r == -ENOSYS)
		SKIP("loading a program into the kernel needs root");
	CHECK_INT(r, -ENOENT);
	CHECK(strstr(err.text, "has no field 'next.nonesuch' on this kernel; it has "));
	CHECK(strstr(err.text, "prev, next, prev_state"));
}

/* Kept apart, so that it is called. */
int trace_probed(int number);

__attribute__((noinline)) int trace_probed(int number)
{
	__asm__ volatile("" ::: "memory");
	return number + 1;
}

static void request_of_own_function(const char *rest, struct trace_request *request)
{
	char path[128], text[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	CHECK(len > 0);
	text_format(text, sizeof(text), "{\"target\":\"%.*s:trace_probed\",\"pid\":%d,%s}",
		    (int)len, path, (int)getpid(), rest);
	parse(text, request);
}

TEST(calls_of_a_program_s_own_function_are_counted)
{
	static const char *const rests[] = {
		"\"type\":\"uprobe\",\"key\":\"arg0\",\"filters\":[{\"field\":\"arg0\",\"op\":"
		"\"lt\",\"value\":25}]",
		"\"type\":\"uretprobe\",\"key\":\"ret\",\"filters\":[{\"field\":\"ret\",\"op\":"
		"\"le\",\"value\":25}]",
	};

	require_kernel();
	for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
		CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
		struct trace_request request;
		int sum = 0;

		request_of_own_function(rests[i], &request);
		if (!open_session(&session, &request, boot_ns() + 60 * NS_PER_SEC))
			SKIP("loading a program into the kernel needs root");
		for (int n = 0; n < 100; n++)
			sum += trace_probed(n);
		CHECK_INT(sum, 5050);
		CHECK_INT(tally_of(&session).n_events, 25);
		session_detach(&session);
		CHECK_INT(trace_probed(1), 2);
		CHECK_INT(tally_of(&session).n_events, 25);
	}
}

TEST(a_function_that_a_program_lacks_is_named)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct error err = { 0 };
	int r;

	require_kernel();
	parse("{\"type\":\"uprobe\",\"target\":\"/bin/true:nonesuch\",\"key\":\"comm\"}", &request);
	r = session_open(&session, &request, &nobody, boot_ns(), boot_ns() + NS_PER_SEC, &err);
	if (r == -EPERM || r == -ENOSYS)
		SKIP("loading a program into the kernel needs root");
	CHECK(r < 0);
	CHECK(strstr(err.text, "/bin/true: it has no function 'nonesuch'"));
}

TEST(a_probe_goes_where_a_function_begins_and_nowhere_else)
{
	CLEANUP(session) struct session session = { .maps = PROGRAM_NO_MAPS };
	struct trace_request request;
	struct error err = { 0 };
	char path[128], text[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int r;

	require_kernel();
	CHECK(len > 0);
	text_format(text, sizeof(text),
		    "{\"type\":\"uprobe\",\"target\":\"%.*s:0x1\",\"key\":\"pid\"}", (int)len,
		    path);
	parse(text, &request);
	r = session_open(&session, &request, &nobody, boot_ns(), boot_ns() + NS_PER_SEC, &err);
	if (r == -EPERM || r == -ENOSYS)
		SKIP("loading a program into the kernel needs root");
	CHECK(r < 0);
	CHECK(strstr(err.text, "no function begins at 0x1"));
}
