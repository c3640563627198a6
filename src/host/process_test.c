#include "host/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"
#include "host/process_limits.h"

#define REST                                                                                       \
	" S 1 2 3 0 -1 4194560 100 0 7 0 11 22 0 0 20 0 3 0 500 8192 42 18446744073709551615 1 1 " \
	"0 "                                                                                       \
	"0 0 0 0 4096 1260 0 0 0 17 0 0 0 9 0 0 0 0 0 0 0 0 0 0\n"

TEST(a_process_is_read_by_columns)
{
	struct process process;

	CHECK(process_parse("77 (sshd)" REST, &process));
	CHECK_INT(process.pid, 77);
	CHECK_INT(process.ppid, 1);
	CHECK_TEXT(process.comm, "sshd");
	CHECK_INT(process.state, 'S');
	CHECK_INT(process.major_faults, 7);
	CHECK_INT(process.user_ticks, 11);
	CHECK_INT(process.system_ticks, 22);
	CHECK_INT(process.n_threads, 3);
	CHECK_INT(process.start_ticks, 500);
	CHECK_INT(process.rss_pages, 42);
	CHECK_INT(process.io_delay_ticks, 9);
	CHECK(!process.is_kernel);
}

TEST(a_name_may_hold_parentheses_blanks_and_newlines)
{
	struct process process;

	CHECK(process_parse("5 (a) S (b\n) c)" REST, &process));
	CHECK_TEXT(process.comm, "a) S (b\n) c");
	CHECK_INT(process.ppid, 1);
}

TEST(a_long_name_is_cut)
{
	struct process process;

	CHECK(process_parse(
		"5 (0123456789012345678901234567890123456789012345678901234567890123456789)" REST,
		&process));
	CHECK_INT(strlen(process.comm), PROCESS_COMM_BYTES - 1);
}

TEST(half_a_line_is_no_process)
{
	static const char *const texts[] = {
		"",        "5",          "5 (a",          "5 (a)",
		"5 (a) ",  "5 (a) S",    "5 (a) S 1 2 3", ")5(",
		"(a) S 1", "0 (a)" REST, "-5 (a)" REST,   "99999999999 (a)" REST,
		"5 (a)\n",
	};
	struct process process = { .pid = 1234 };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		CHECK(!process_parse(texts[i], &process));
	CHECK_INT(process.pid, 1234);
}

TEST(cpu_use_counts_from_the_first_reading)
{
	struct process before = { .user_ticks = 100, .system_ticks = 50 };
	struct process after = { .user_ticks = 120, .system_ticks = 55 };

	CHECK_INT((int)process_cpu_percent(&before, &after, 250 * NS_PER_MS), 100);
	CHECK_INT((int)process_cpu_percent(&after, &before, 250 * NS_PER_MS), 0);
	CHECK_INT((int)process_cpu_percent(&before, &after, 0), 0);
}

TEST(a_number_used_again_is_another_process)
{
	struct process old = { .pid = 5, .start_ticks = 10 }, new = { .pid = 5, .start_ticks = 11 };
	struct process_table table = { .list = &old, .n = 1 };

	CHECK(process_table_find(&table, 5) == &old);
	CHECK(process_table_match(&table, &old) == &old);
	CHECK(!process_table_match(&table, &new));
	CHECK(!process_table_find(&table, 6));
}

TEST(limits_are_numbers_or_unlimited)
{
	static const char text[] =
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max processes             unlimited            63000                processes \n"
		"Max open files            1024                 unlimited            files     \n"
		"Max locked memory         x                    y                    bytes     \n";
	struct process_limit limit;

	CHECK(process_limits_parse(text, "Max processes", &limit));
	CHECK(limit.soft == UINT64_MAX);
	CHECK_INT(limit.hard, 63000);
	CHECK(process_limits_parse(text, "Max open files", &limit));
	CHECK_INT(limit.soft, 1024);
	CHECK(limit.hard == UINT64_MAX);
	CHECK(!process_limits_parse(text, "Max locked memory", &limit));
	CHECK(!process_limits_parse(text, "Max open", &limit));
	CHECK(!process_limits_parse(text, "Max cpu time", &limit));
}

TEST(the_owner_of_a_process_is_its_effective_user)
{
	CLEANUP(host) struct host host = HOST_CLOSED;
	struct error err = { 0 };
	uid_t uid = geteuid() + 1;

	CHECK_INT(host_init(&host, "/", &err), 0);
	CHECK(process_owner(&host, (uint32_t)getpid(), &uid));
	CHECK_INT(uid, geteuid());
	CHECK(!process_owner(&host, UINT32_MAX, &uid));
	CHECK_INT(uid, geteuid());
}

TEST(a_file_of_a_process_with_too_long_a_name_is_not_read)
{
	CLEANUP(host) struct host host = HOST_CLOSED;
	char name[128], text[64];
	struct error err = { 0 };

	memset(name, '/', sizeof(name));
	memcpy(name + sizeof(name) - sizeof("stat"), "stat", sizeof("stat"));
	CHECK_INT(host_init(&host, "/", &err), 0);
	CHECK_INT(process_read_file(&host, 1, name, text, sizeof(text)), -ENAMETOOLONG);
	CHECK(process_read_file(&host, 1, name + sizeof(name) - sizeof("stat"), text,
				sizeof(text)) > 0);
}
