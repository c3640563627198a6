#include "base/reap.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
		for (;;)
			(void)pause();
	}
	CHECK(pid > 0);
	return pid;
}

TEST(a_child_that_is_killed_is_reaped_at_once)
{
	uint64_t began_ns = clock_monotonic_ns();
	struct rusage usage = { 0 };
	pid_t pid = start_sleeper();

	CHECK(reap_killed(pid, 30 * NS_PER_SEC, &usage));
	CHECK(usage.ru_maxrss > 0);
	CHECK(clock_monotonic_ns() - began_ns < 20 * NS_PER_SEC);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), -1);
}

/* Its tracer gets its end first, as if the kernel would not let go of it. */
TEST(one_that_does_not_end_is_not_waited_for)
{
	pid_t pid = start_sleeper(), tracer;
	int held[2], let_go[2];
	char byte;

	CHECK(pipe(held) == 0 && pipe(let_go) == 0);
	tracer = fork();
	if (tracer == 0) {
		close(let_go[1]);
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || write(held[1], "x", 1) != 1)
			_exit(1);
		_exit(read(let_go[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(let_go[0]);
	close(held[1]);
	if (read(held[0], &byte, 1) != 1) {
		CHECK(reap_killed(pid, 30 * NS_PER_SEC, NULL));
		CHECK_INT(waitpid(tracer, NULL, 0), tracer);
		SKIP("no process may be traced here");
	}
	CHECK(!reap_killed(pid, NS_PER_SEC, NULL));
	close(let_go[1]);
	close(held[0]);
	CHECK_INT(waitpid(tracer, NULL, 0), tracer);
	CHECK_INT(waitpid(pid, NULL, 0), pid); /* still a child */
}
