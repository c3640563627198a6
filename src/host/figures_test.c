/* Small texts of /proc and /sys: pressure, disks, fields, the kernel's log. */
#include "base/test.h"
#include "host/disk_stats.h"
#include "host/fields.h"
#include "host/identity.h"
#include "host/kernel_log.h"
#include "host/pressure.h"

TEST(pressure_of_old_kernels_has_no_full_line)
{
	struct pressure pressure;

	CHECK(pressure_parse("some avg10=1.50 avg60=2.00 avg300=3.25 total=99\n", &pressure));
	CHECK(pressure.has_some && !pressure.has_full);
	CHECK_INT((int)(pressure.some.avg300 * 100), 325);
	CHECK_INT(pressure.some.total_us, 99);
}

TEST(pressure_that_is_none_is_an_answer)
{
	static const char *const texts[] = { "", "some\n",
					     "some avg10=x avg60=1 avg300=1 total=1\n",
					     "some avg10=1 avg60=2 avg300=3\n", "none avg10=1" };
	struct pressure pressure;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		CHECK(!pressure_parse(texts[i], &pressure));
}

TEST(a_disk_line_needs_all_its_counters)
{
	CLEANUP(disk_stats) struct disk_stats stats = { 0 };

	disk_stats_parse(" 8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n 8 1 sda1 1 2 3\nx\n"
			 "259 0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11",
			 &stats);
	CHECK_INT(stats.n, 2);
	CHECK_TEXT(stats.list[0].name, "sda");
	CHECK_INT(stats.list[0].read_sectors, 3);
	CHECK_INT(stats.list[0].written_sectors, 7);
	CHECK_INT(stats.list[0].busy_ms, 10);
	CHECK_TEXT(stats.list[1].name, "nvme0n1");
}

TEST(a_field_begins_a_line_and_is_a_whole_word)
{
	static const char text[] = "MemTotalX: 1 kB\n MemTotal: 2 kB\nMemTotal:  3 kB\noom_kill 4\n"
				   "oom_kill_more 5\nempty:\nnegative: -1\nlast 6";

	CHECK_INT(fields_get(text, "MemTotal", 9), 3);
	CHECK_INT(fields_get(text, "oom_kill", 9), 4);
	CHECK_INT(fields_get(text, "empty", 9), 9);
	CHECK_INT(fields_get(text, "negative", 9), 9);
	CHECK_INT(fields_get(text, "last", 9), 6);
	CHECK_INT(fields_get("", "last", 9), 9);
}

TEST(a_record_of_the_kernel_is_time_priority_and_text)
{
	CLEANUP(json)
	json_t *line = kernel_log_parse_record("30,339,5140900,-;systemd[1]: x;y\n SUBSYSTEM=a\n");

	CHECK(line);
	CHECK(json_get_int(line, "time_ns", 0) == 5140900000);
	CHECK_INT(json_get_int(line, "priority", 0), 6);
	CHECK_INT(json_get_int(line, "facility", 0), 3);
	CHECK_TEXT(json_get_text(line, "text", ""), "systemd[1]: x;y");
	CHECK(!kernel_log_parse_record("30,339;text"));
	CHECK(!kernel_log_parse_record(""));
	CHECK(!kernel_log_parse_record("6,1,99999999999999999999,-;x"));
}

TEST(a_line_of_the_older_call_may_have_no_stamp)
{
	CLEANUP(json)
	json_t *with = kernel_log_parse_line((struct str) { "<3>[   12.500000] bad", 21 });
	CLEANUP(json) json_t *without = kernel_log_parse_line((struct str) { "plain", 5 });

	CHECK(json_get_int(with, "time_ns", 0) == 12500000000);
	CHECK_INT(json_get_int(with, "priority", 0), 3);
	CHECK_TEXT(json_get_text(with, "text", ""), "bad");
	CHECK_TEXT(json_get_text(without, "text", ""), "plain");
}

TEST(an_assignment_may_be_quoted)
{
	static const char text[] = "ID_LIKE=x\nID=\"debian\"\nNAME='a b'\nHALF=\"open\nEMPTY=\n";
	char value[8];

	CHECK(identity_assignment(text, "ID", value, sizeof(value)));
	CHECK_TEXT(value, "debian");
	CHECK(identity_assignment(text, "NAME", value, sizeof(value)));
	CHECK_TEXT(value, "a b");
	CHECK(identity_assignment(text, "HALF", value, sizeof(value)));
	CHECK_TEXT(value, "\"open");
	CHECK(identity_assignment(text, "EMPTY", value, sizeof(value)));
	CHECK_TEXT(value, "");
	CHECK(!identity_assignment(text, "LIKE", value, sizeof(value)));
}
