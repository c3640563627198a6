#include "identity/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "identity/test_folder.h"

static mode_t mode_of(const char *path)
{
	struct stat status;

	CHECK_INT(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static int load(const char *path, char *text_out, struct error *err)
{
	CLEANUP(buf) struct buf buf = { 0 };
	int r;

	buf_init(&buf, 100);
	r = file_load_private(path, &buf, err);
	text_format(text_out, 128, "%s", buf_text(&buf));
	return r;
}

TEST(what_is_saved_is_loaded_and_replaces_what_was_there)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	const char *path;
	char text[128];

	test_folder_make(&folder);
	path = test_folder_file(&folder, "secret");
	CHECK_INT(load(path, text, &err), -ENOENT);
	CHECK_OK(file_save_private(path, "one and more", 12, &err), err);
	CHECK_OK(file_save_private(path, "two", 3, &err), err);
	CHECK_OK(load(path, text, &err), err);
	CHECK_TEXT(text, "two");
	CHECK_INT(test_folder_count(&folder), 1);
}

TEST(modes_do_not_depend_on_the_umask)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	mode_t before = umask(0);

	test_folder_make(&folder);
	CHECK_OK(file_save_private(test_folder_file(&folder, "a"), "x", 1, &err), err);
	CHECK_INT(mode_of(folder.file), 0600);
	(void)umask(0777);
	CHECK_OK(file_save_private(test_folder_file(&folder, "b"), "x", 1, &err), err);
	CHECK_INT(mode_of(folder.file), 0600);
	CHECK_OK(file_save_public(test_folder_file(&folder, "c"), "x", 1, &err), err);
	CHECK_INT(mode_of(folder.file), 0644);
	(void)umask(before);
}

TEST(an_open_old_file_becomes_a_closed_new_one)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	CLEANUP(fd) int old = -1;
	char byte;

	test_folder_make(&folder);
	old = open(test_folder_file(&folder, "a"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	CHECK_OK(file_save_private(folder.file, "x", 1, &err), err);
	CHECK_INT(mode_of(folder.file), 0600);
	CHECK_INT(read(old, &byte, 1), 0); /* whoever had it open sees none of the new bytes */
}

TEST(a_secret_that_others_can_read_or_write_is_refused)
{
	static const mode_t bad[] = { 0640, 0604, 0620, 0602, 0644, 0610, 0601 };
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	char text[128];

	test_folder_make(&folder);
	CHECK_OK(file_save_private(test_folder_file(&folder, "a"), "secret", 6, &err), err);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(chmod(folder.file, bad[i]), 0);
		CHECK_INT(load(folder.file, text, &err), -EACCES);
		CHECK_TEXT(text, "");
		CHECK(!strstr(err.text, "secret"));
	}
}

TEST(a_public_file_that_others_could_have_written_is_refused)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(buf) struct buf buf = { 0 };
	struct error err = { 0 };

	buf_init(&buf, 100);
	test_folder_make(&folder);
	CHECK_OK(file_save_public(test_folder_file(&folder, "a"), "x", 1, &err), err);
	CHECK_OK(file_load_public(folder.file, &buf, &err), err);
	CHECK_INT(chmod(folder.file, 0664), 0);
	CHECK_INT(file_load_public(folder.file, &buf, &err), -EACCES);
	CHECK_INT(chmod(folder.file, 0646), 0);
	CHECK_INT(file_load_public(folder.file, &buf, &err), -EACCES);
}

TEST(links_pipes_and_folders_are_no_secrets)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	char text[128], target[128];

	test_folder_make(&folder);
	CHECK_OK(file_save_private(test_folder_file(&folder, "a"), "x", 1, &err), err);
	text_format(target, sizeof(target), "%s", folder.file);
	CHECK_INT(symlink(target, test_folder_file(&folder, "link")), 0);
	CHECK_INT(load(folder.file, text, &err), -EACCES);
	CHECK_INT(mkfifo(test_folder_file(&folder, "pipe"), 0600), 0);
	CHECK_INT(load(folder.file, text, &err), -EACCES);
	CHECK_INT(load(folder.path, text, &err), -EACCES);
}

TEST(somebody_elses_file_is_refused)
{
	struct error err = { 0 };
	CLEANUP(test_folder) struct test_folder folder;
	char text[128];

	test_folder_make(&folder);
	if (geteuid() == 0) {
		CHECK_OK(file_save_private(test_folder_file(&folder, "a"), "x", 1, &err), err);
		CHECK_INT(chown(folder.file, 65534, 65534), 0);
	} else {
		test_folder_file(&folder, "../../proc/1/environ"); /* root's, mode 0400 */
	}
	CHECK_INT(load(folder.file, text, &err), -EACCES);
}

TEST(a_file_beyond_the_ceiling_is_refused_whole)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	char text[128], bytes[101] = "";

	test_folder_make(&folder);
	CHECK_OK(file_save_private(test_folder_file(&folder, "a"), bytes, 100, &err), err);
	CHECK_OK(load(folder.file, text, &err), err);
	CHECK_OK(file_save_private(folder.file, bytes, 101, &err), err);
	CHECK_INT(load(folder.file, text, &err), -E2BIG);
}

TEST(a_link_in_the_place_of_the_fresh_file_is_not_followed)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	char victim[128];

	test_folder_make(&folder);
	CHECK_OK(file_save_private(test_folder_file(&folder, "victim"), "keep", 4, &err), err);
	text_format(victim, sizeof(victim), "%s", folder.file);
	CHECK_INT(symlink(victim, test_folder_file(&folder, ".a.new")), 0);
	CHECK_OK(file_save_private(test_folder_file(&folder, "a"), "x", 1, &err), err);
	CHECK_OK(load(victim, victim, &err), err);
	CHECK_TEXT(victim, "keep");
}

TEST(two_savers_in_one_folder_do_not_mix)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	CLEANUP(fd) int other = -1;

	test_folder_make(&folder);
	other = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(flock(other, LOCK_EX), 0);
	CHECK_INT(file_save_private(test_folder_file(&folder, "a"), "x", 1, &err), -EBUSY);
	CHECK_INT(test_folder_count(&folder), 0);
}
