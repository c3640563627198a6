#include "host/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static struct mounts parse(const char *text)
{
	struct mounts mounts = { 0 };

	mounts_parse(strdup(text), &mounts);
	return mounts;
}

TEST(a_mount_is_read_whatever_optional_fields_it_has)
{
	CLEANUP(mounts)
	struct mounts mounts =
		parse("36 35 98:0 /sub /mnt rw,noatime master:1 propagate_from:2 - ext3 /dev/root "
		      "rw,errors=continue\n37 36 0:5 / /dev rw - devtmpfs udev rw\n");

	CHECK_INT(mounts.n, 2);
	CHECK_INT(mounts.list[0].major, 98);
	CHECK_TEXT(mounts.list[0].root, "/sub");
	CHECK_TEXT(mounts.list[0].point, "/mnt");
	CHECK_TEXT(mounts.list[0].type, "ext3");
	CHECK_TEXT(mounts.list[0].source, "/dev/root");
	CHECK_TEXT(mounts.list[0].super_options, "rw,errors=continue");
}

TEST(escapes_are_undone)
{
	CLEANUP(mounts)
	struct mounts mounts =
		parse("1 0 8:1 / /a\\040b\\011c\\012d\\134e\\999 rw - ext4 /dev/x rw\n");

	CHECK_TEXT(mounts.list[0].point, "/a b\tc\nd\\e\\999");
}

TEST(an_empty_source_is_a_source)
{
	CLEANUP(mounts) struct mounts mounts = parse("1 0 0:1 / /t rw - tmpfs  rw,size=5k\n");

	CHECK_INT(mounts.n, 1);
	CHECK_TEXT(mounts.list[0].source, "");
	CHECK_TEXT(mounts.list[0].super_options, "rw,size=5k");
}

TEST(lines_that_are_no_mounts_are_left_out)
{
	CLEANUP(mounts)
	struct mounts mounts =
		parse("\n1\n1 2\n1 2 3\n1 2 3:4 / rw - ext4 a b\n-\n1 0 8:1 / rel rw "
		      "- ext4 a rw\n1 0 8:1 / /x rw ext4 a rw\n1 0 8:1 / /ok rw - "
		      "ext4 a rw");

	CHECK_INT(mounts.n, 1);
	CHECK_TEXT(mounts.list[0].point, "/ok");
}

TEST(more_mounts_than_anybody_has_are_cut)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(mounts) struct mounts mounts = { 0 };

	buf_init(&text, 4 * MIB);
	for (unsigned i = 0; i < MOUNTS_MAX + 10; i++)
		buf_add_format(&text, "%u 0 8:1 / /m%u rw - ext4 a rw\n", i + 1, i);
	mounts = parse(buf_text(&text));
	CHECK_INT(mounts.n, MOUNTS_MAX);
	CHECK(mounts.truncated);
}

TEST(a_path_belongs_to_the_longest_and_last_mount)
{
	CLEANUP(mounts)
	struct mounts mounts = parse("1 0 8:1 / / rw - ext4 root rw\n2 1 8:2 / /var rw - ext4 var "
				     "rw\n3 1 8:3 / /var rw - xfs over rw\n");

	CHECK_TEXT(mounts_find(&mounts, "/etc/passwd")->source, "root");
	CHECK_TEXT(mounts_find(&mounts, "/var/log")->source, "over");
	CHECK_TEXT(mounts_find(&mounts, "/variable")->source, "root");
}

TEST(an_option_is_a_whole_word)
{
	CHECK(mount_has_option("rw,ro", "ro"));
	CHECK(mount_has_option("ro", "ro"));
	CHECK(!mount_has_option("rw,errors=remount-ro", "ro"));
	CHECK(!mount_has_option("root=1", "ro"));
	CHECK(!mount_has_option("", "ro"));
}
