#include "host/cpu_stat.h"

#include <errno.h>

#include "base/test.h"

static struct cpu_stat parse(const char *text)
{
	struct cpu_stat stat = { 0 };
	struct error err = { 0 };

	CHECK_OK(cpu_stat_parse(text, &stat, &err), err);
	return stat;
}

TEST(processors_need_not_be_numbered_densely)
{
	CLEANUP(cpu_stat)
	struct cpu_stat stat = parse("cpu  4 4 4 4 4 4 4 4 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\n"
				     "cpu127 3 3 3 3 3 3 3 3 0 0\nctxt 99\nbtime 1700000000\n"
				     "processes 5\nprocs_running 2\nprocs_blocked 1\n");

	CHECK_INT(stat.n_cpus, 2);
	CHECK(!cpu_stat_find(&stat, 0));
	CHECK_INT(cpu_stat_find(&stat, 127)->user, 6);
	CHECK_INT(stat.n_switches, 99);
	CHECK_INT(stat.boot_time_s, 1700000000);
	CHECK_INT(stat.n_forks, 5);
	CHECK_INT(stat.n_runnable, 2);
	CHECK_INT(stat.n_blocked, 1);
}

TEST(old_kernels_have_fewer_columns)
{
	CLEANUP(cpu_stat) struct cpu_stat stat = parse("cpu  10 0 5 100\n");

	CHECK_INT(stat.all.idle, 100);
	CHECK_INT(stat.all.steal, 0);
}

TEST(a_text_without_the_whole_machine_is_refused)
{
	static const char *const texts[] = { "",      "cpu0 1 2 3 4\n", "cpu  1 2 3\n",
					     "cpu\n", "cpu  x\n",       "garbage" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct cpu_stat stat = { .n_cpus = 77 };
		struct error err = { 0 };

		CHECK_INT(cpu_stat_parse(texts[i], &stat, &err), -EBADMSG);
		CHECK_INT(stat.n_cpus, 77);
	}
}

TEST(a_processor_number_beyond_reason_is_left_out)
{
	CLEANUP(cpu_stat)
	struct cpu_stat stat = parse("cpu  1 2 3 4\ncpu4294967296 1 2 3 4\ncpu9 1 2 3 4\n");

	CHECK_INT(stat.n_cpus, 1);
}

TEST(usage_is_of_the_time_that_passed)
{
	struct cpu_times before = { .user = 100, .idle = 1000, .iowait = 10 };
	struct cpu_times after = { .user = 130, .kernel = 10, .idle = 1040, .iowait = 30 };
	struct cpu_usage usage = cpu_usage_between(&before, &after);

	CHECK_INT((int)usage.busy, 40);
	CHECK_INT((int)usage.user, 30);
	CHECK_INT((int)usage.kernel, 10);
	CHECK_INT((int)usage.iowait, 20);
}

TEST(counters_that_run_backwards_are_no_time)
{
	struct cpu_times before = { .user = UINT64_MAX, .idle = 10, .iowait = 500 };
	struct cpu_times after = { .user = 5, .idle = 20, .iowait = 400 };
	struct cpu_usage usage = cpu_usage_between(&before, &after);

	CHECK_INT((int)usage.busy, 0);
	CHECK_INT((int)usage.iowait, 0);
	usage = cpu_usage_between(&after, &after);
	CHECK_INT((int)usage.busy, 0);
}
