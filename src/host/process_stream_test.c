#include "host/process_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "host/process_record.h"

#define TICK_NS (10 * NS_PER_MS)

static const struct process_record sshd = {
	.thread = { .tid = 77,
		    .pid = 77,
		    .user_ns = 30 * TICK_NS,
		    .system_ns = 10 * TICK_NS,
		    .runtime_ns = 40 * TICK_NS,
		    .major_faults = 7 },
	.started_ns = 500 * TICK_NS,
	.rss_pages = 42,
	.io_delay_ns = 9 * TICK_NS,
	.ppid = 1,
	.uid = 33,
	.flags = 0x00400100,
	.state = 1,
	.n_threads = 1,
	.comm = "sshd",
};

static int decode(const void *bytes, size_t n_bytes, struct process_table *table_out)
{
	static char room[4096] __attribute__((aligned(8)));
	CLEANUP(host) struct host host = HOST_CLOSED;
	struct error err = { 0 };
	size_t n_threads;

	CHECK_INT(host_init(&host, "/", &err), 0);
	memcpy(room, bytes, n_bytes);
	return process_stream_decode(&host, room, n_bytes, table_out, &n_threads);
}

static struct process decode_one(const struct process_record *record)
{
	struct process_table table = { 0 };
	struct process process = { 0 };

	CHECK_INT(decode(record, sizeof(*record), &table), 0);
	CHECK_INT(table.n, 1);
	if (table.n)
		process = table.list[0];
	process_table_finish(&table);
	return process;
}

TEST(a_record_is_a_process)
{
	struct process process = decode_one(&sshd);

	CHECK_INT(process.pid, 77);
	CHECK_INT(process.ppid, 1);
	CHECK_TEXT(process.comm, "sshd");
	CHECK_INT(process.state, 'S');
	CHECK_INT(process.user_ticks, 30);
	CHECK_INT(process.system_ticks, 10);
	CHECK_INT(process.major_faults, 7);
	CHECK_INT(process.n_threads, 1);
	CHECK_INT(process.start_ticks, 500);
	CHECK_INT(process.rss_pages, 42);
	CHECK_INT(process.io_delay_ticks, 9);
	CHECK(!process.is_kernel);
	CHECK(process.has_uid);
	CHECK_INT(process.uid, 33);
}

TEST(a_process_used_what_its_threads_used)
{
	struct {
		struct thread_record early; /* numbers begin anew some day */
		struct process_record first;
		struct thread_record late;
		struct thread_record of_nobody;
	} bytes = {
		.early = { .tid = 5,
			   .pid = 77,
			   .user_ns = TICK_NS,
			   .runtime_ns = TICK_NS,
			   .major_faults = 1 },
		.first = sshd,
		.late = { .tid = 78,
			  .pid = 77,
			  .system_ns = 2 * TICK_NS,
			  .runtime_ns = 2 * TICK_NS,
			  .major_faults = 2 },
		.of_nobody = { .tid = 80, .pid = 79, .user_ns = TICK_NS },
	};
	CLEANUP(process_table) struct process_table table = { 0 };

	CHECK_INT(decode(&bytes, sizeof(bytes), &table), 0);
	CHECK_INT(table.source, PROCESS_TABLE_STREAM);
	CHECK_INT(table.n, 1);
	CHECK_INT(table.list[0].user_ticks, 31);
	CHECK_INT(table.list[0].system_ticks, 12);
	CHECK_INT(table.list[0].major_faults, 10);
}

TEST(each_state_has_its_letter)
{
	static const struct {
		uint32_t state, exit_state;
		char letter;
	} cases[] = {
		{ 0, 0, 'R' },      { 1, 0, 'S' },      { 0x2001, 0, 'S' },  { 2, 0, 'D' },
		{ 4, 0, 'T' },      { 8, 0, 't' },      { 0x40, 0, 'P' },    { 0x402, 0, 'I' },
		{ 0x2402, 0, 'I' }, { 0x8000, 0, 'D' }, { 0x9402, 0, 'D' },  { 0x1002, 0, 'D' },
		{ 0, 0x20, 'Z' },   { 0, 0x10, 'X' },   { 0x80, 0x20, 'Z' },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_record record = sshd;

		record.state = cases[i].state;
		record.exit_state = cases[i].exit_state;
		CHECK_INT(decode_one(&record).state, cases[i].letter);
	}
}

/* What the timer saw, what the scheduler counted, what was told before; in ticks. */
TEST(time_is_divided_as_the_kernel_does)
{
	static const struct {
		uint64_t user, kernel, runtime, told_user, told_system;
		uint64_t expected_user, expected_system;
	} cases[] = {
		{ 0, 0, 7, 0, 0, 7, 0 }, { 0, 3, 7, 0, 0, 0, 7 }, { 3, 0, 7, 0, 0, 7, 0 },
		{ 1, 1, 8, 0, 0, 4, 4 }, { 3, 1, 8, 0, 4, 4, 4 }, { 1, 3, 8, 6, 0, 6, 2 },
		{ 5, 5, 8, 6, 2, 6, 2 }, { 5, 5, 7, 6, 2, 6, 2 }, { 0, 0, 0, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_record record = sshd;
		struct process process;

		record.thread.user_ns = cases[i].user * TICK_NS;
		record.thread.system_ns = cases[i].kernel * TICK_NS;
		record.thread.runtime_ns = cases[i].runtime * TICK_NS;
		record.told_user_ns = cases[i].told_user * TICK_NS;
		record.told_system_ns = cases[i].told_system * TICK_NS;
		process = decode_one(&record);
		CHECK_INT(process.user_ticks, cases[i].expected_user);
		CHECK_INT(process.system_ticks, cases[i].expected_system);
	}
}

TEST(an_odd_name_is_asked_of_proc)
{
	CLEANUP(host) struct host host = HOST_CLOSED;
	struct process_record record = sshd;
	struct process told = { 0 };
	struct error err = { 0 };

	CHECK_INT(host_init(&host, "/", &err), 0);
	CHECK(process_read(&host, (uint32_t)getpid(), &told));
	record.thread.tid = record.thread.pid = (uint32_t)getpid();
	CHECK_TEXT(decode_one(&record).comm, "sshd");
	memcpy(record.comm, "ss\nhd", sizeof("ss\nhd"));
	CHECK_TEXT(decode_one(&record).comm, told.comm);
	record.thread.tid = record.thread.pid = INT32_MAX; /* nobody has that number */
	CHECK_TEXT(decode_one(&record).comm, "ss\nhd");
	memset(record.comm, 'x', sizeof(record.comm)); /* without its end */
	CHECK_INT(strlen(decode_one(&record).comm), sizeof(record.comm));
}

/* Whose number is ours: "" stands for our name, which only /proc tells. */
TEST(a_worker_goes_by_the_name_that_every_kernel_gives_it)
{
	static const struct {
		const char *comm, *name, *work, *expected;
		uint32_t is_working;
	} cases[] = {
		{ "kworker/0:1", "kworker/0:1", "events", "kworker/0:1-events", 0 },
		{ "kworker/u8:2", "kworker/u8:2", "writeback", "kworker/u8:2+writeback", 1 },
		{ "kworker/0:1", "", "events", "kworker/0:1-events", 0 },
		{ "kworker/R-rcu_g", "kworker/R-rcu_gp", "", "kworker/R-rcu_gp", 0 },
		{ "kworker/0:1", "kworker/0:1", "", "", 0 },
		{ "kworker/u8:10-e", "kworker/u8:10-events", "events", "", 0 },
	};
	CLEANUP(host) struct host host = HOST_CLOSED;
	struct process told = { 0 };
	struct error err = { 0 };

	CHECK_INT(host_init(&host, "/", &err), 0);
	CHECK(process_read(&host, (uint32_t)getpid(), &told));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kernel_record record = { .process = sshd, .is_known = 1 };
		CLEANUP(process_table) struct process_table table = { 0 };

		record.process.thread.tid = record.process.thread.pid = told.pid;
		record.process.flags = PROCESS_RECORD_KERNEL | PROCESS_RECORD_WORKER;
		record.is_working = cases[i].is_working;
		memccpy(record.process.comm, cases[i].comm, 0, sizeof(record.process.comm));
		memccpy(record.name, cases[i].name, 0, sizeof(record.name));
		memccpy(record.work, cases[i].work, 0, sizeof(record.work));
		CHECK_INT(decode(&record, sizeof(record), &table), 0);
		CHECK_INT(table.n, 1);
		CHECK_TEXT(table.list[0].comm,
			   cases[i].expected[0] ? cases[i].expected : told.comm);
	}
}

TEST(what_is_cut_or_out_of_order_is_no_table)
{
	struct process_record two[2] = { sshd, sshd };
	struct process_table table = { .n = 5 };

	for (size_t n = 1; n < sizeof(two[0]); n++)
		CHECK_INT(decode(two, n, &table), -EBADMSG);
	CHECK_INT(decode(two, sizeof(two), &table), -EBADMSG);
	two[1].thread.tid = two[1].thread.pid = 76;
	CHECK_INT(decode(two, sizeof(two), &table), -EBADMSG);
	two[0].thread.tid = two[0].thread.pid = 0;
	CHECK_INT(decode(two, sizeof(two[0]), &table), -EBADMSG);
	CHECK_INT(table.n, 5);
}

TEST(a_stream_that_was_read_leaves_proc)
{
	CLEANUP(host) struct host host = HOST_CLOSED;
	CLEANUP(process_table) struct process_table table = { 0 };
	struct error err = { 0 };

	CHECK_INT(host_init(&host, "/", &err), 0);
	host.processes_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK_INT(process_table_read(&host, &table), 0);
	CHECK_INT(table.source, PROCESS_TABLE_FILES);
	CHECK(process_table_find(&table, (uint32_t)getpid()) != NULL);
}
