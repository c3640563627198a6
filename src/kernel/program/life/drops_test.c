/* Packets that interfaces dropped, as the kernel's table has them. */
#include "kernel/program/life/drops.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/test.h"

#define HEAD                                                                                       \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
	"drop fifo colls carrier compressed\n"

static void drops_cleanup(struct drops *drops)
{
	drops_finish(drops);
}

static uint64_t note(struct drops *drops, const char *text)
{
	drops_note(drops, text);
	return drops->total;
}

TEST(what_each_interface_drops_is_added_up)
{
	CLEANUP(drops) struct drops drops = { 0 };

	CHECK_INT(note(&drops, HEAD "    lo: 1 1 0 2 0 0 0 0 1 1 0 3 0 0 0 0\n"
				    "  eth0:9 9 0 10 0 0 0 0 9 9 0 20 0 0 0 0\n"),
		  35);
	CHECK_INT(note(&drops, HEAD "    lo: 1 1 0 2 0 0 0 0 1 1 0 4 0 0 0 0\n"
				    "  eth0:9 9 0 15 0 0 0 0 9 9 0 21 0 0 0 0\n"),
		  42);
}

TEST(one_that_comes_or_goes_is_no_drop_and_hides_none)
{
	CLEANUP(drops) struct drops drops = { 0 };

	CHECK_INT(note(&drops, HEAD "    a0: 1 1 0 1000 0 0 0 0 1 1 0 0 0 0 0 0\n"
				    "    b0: 1 1 0 5 0 0 0 0 1 1 0 0 0 0 0 0\n"),
		  1005);
	/* a0 took a thousand along, and b0 dropped one more. */
	CHECK_INT(note(&drops, HEAD "    b0: 1 1 0 6 0 0 0 0 1 1 0 0 0 0 0 0\n"), 1006);
	CHECK_INT(note(&drops, HEAD "    c0: 1 1 0 700 0 0 0 0 1 1 0 0 0 0 0 0\n"
				    "    b0: 1 1 0 6 0 0 0 0 1 1 0 0 0 0 0 0\n"),
		  1006);
	CHECK_INT(note(&drops, HEAD "    c0: 1 1 0 702 0 0 0 0 1 1 0 0 0 0 0 0\n"
				    "    b0: 1 1 0 1 0 0 0 0 1 1 0 0 0 0 0 0\n"),
		  1008);
}

TEST(a_line_that_ends_early_is_none)
{
	CLEANUP(drops) struct drops drops = { 0 };

	CHECK_INT(note(&drops, HEAD "    a0: 1 1 0 7 0 0 0 0\n"
				    "    b0: 1 1 0 5 0 0 0 0 1 1 0 1 0 0 0 0\n"
				    "no colon\n : 1\n"
				    "    c0: 1 1 0 9 0 0 0 0 1 1 0"),
		  6);
	CHECK_INT(note(&drops, ""), 6);
}

/* More than a page of the table, which is what the kernel gives at a time. */
TEST(every_one_of_many_is_looked_at)
{
	CLEANUP(drops) struct drops drops = { 0 };
	CLEANUP(buf) struct buf text = { 0 };

	for (int round = 0; round < 2; round++) {
		buf_init(&text, MIB);
		for (int i = 0; i < DROPS_MAX_INTERFACES + 10; i++)
			buf_add_format(&text, "veth%d: 1 1 0 %d 0 0 0 0 1 1 0 0 0 0 0 0\n", i,
				       1 + round);
		CHECK(!text.dropped);
		CHECK_INT(note(&drops, buf_text(&text)), DROPS_MAX_INTERFACES * (1 + round));
		buf_finish(&text);
	}
}
