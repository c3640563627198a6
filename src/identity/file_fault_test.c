/* Saving while the disk is full, calls to the kernel fail, and the process is killed. */
#include "identity/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/faulty_kernel.h"
#include "base/test.h"
#include "identity/ca.h"
#include "identity/key.h"
#include "identity/test_folder.h"

#define OLD "the old bytes"
#define NEW "the new bytes, which are more"

static void check_whole(const char *path, const char *wanted)
{
	CLEANUP(buf) struct buf buf = { 0 };
	struct error err = { 0 };

	buf_init(&buf, 100);
	CHECK_OK(file_load_private(path, &buf, &err), err);
	if (wanted)
		CHECK_TEXT(buf_text(&buf), wanted);
	else
		CHECK(strcmp(buf_text(&buf), OLD) == 0 || strcmp(buf_text(&buf), NEW) == 0);
}

/* What the saver does in a child; its status is 1 where it was told that all is well. */
static int save_in_child(const char *path, enum fault_kind kind, int at)
{
	struct error err = { 0 };
	int status;
	pid_t child = fork();

	if (child == 0) {
		fault = (struct faulty_kernel) { .kind = kind, .at = at };
		_exit(file_save_private(path, NEW, strlen(NEW), &err) == 0);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void try_every_call(enum fault_kind kind)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	int n_faults = 0;

	test_folder_make(&folder);
	for (int at = 1; at < 8; at++) {
		const char *path = test_folder_file(&folder, "secret");
		int status;

		CHECK_OK(file_save_private(path, OLD, strlen(OLD), &err), err);
		status = save_in_child(path, kind, at);
		n_faults += status != 1;
		check_whole(path, status == 1 ? NEW : NULL);
		CHECK_OK(file_save_private(path, NEW, strlen(NEW), &err), err);
		check_whole(path, NEW);
		CHECK_INT(test_folder_count(&folder), 1); /* no half-written one stays */
	}
	CHECK_INT(n_faults,
		  kind == FAULT_HALF ? 1 : 6); /* unlink, open, write, fsync, rename, fsync */
}

TEST(killed_before_any_call_the_file_is_old_or_new)
{
	try_every_call(FAULT_KILL);
}

TEST(killed_after_any_call_the_file_is_old_or_new)
{
	try_every_call(FAULT_KILL_AFTER);
}

TEST(killed_in_the_middle_of_the_write_the_file_is_old)
{
	try_every_call(FAULT_HALF);
}

TEST(every_call_that_fails_is_told_and_leaves_the_file_whole)
{
	try_every_call(FAULT_ERROR);
}

TEST(on_a_full_disk_the_old_file_stays)
{
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };
	const char *path;
	int r;

	test_folder_make(&folder);
	path = test_folder_file(&folder, "secret");
	CHECK_OK(file_save_private(path, OLD, strlen(OLD), &err), err);
	fault = (struct faulty_kernel) { .kind = FAULT_FULL, .room = 7 };
	r = file_save_private(path, NEW, strlen(NEW), &err);
	fault.kind = FAULT_NONE;
	CHECK_INT(r, -ENOSPC);
	check_whole(path, OLD);
	CHECK_INT(test_folder_count(&folder), 1);
}

static int open_ca(const struct test_folder *folder, struct ca *ca, struct error *err)
{
	const struct ca_place place = {
		.purpose = CERTIFICATE_FOR_CLIENT,
		.folder = folder->path,
		.name = "org-a",
		.subject = "A",
	};

	return ca_open(ca, &place, clock_wall_ns(), err);
}

TEST(a_ca_whose_making_was_killed_anywhere_opens_afterwards)
{
	for (int at = 1; at <= 8; at++) {
		CLEANUP(test_folder) struct test_folder folder;
		CLEANUP(ca) struct ca ca = { 0 };
		CLEANUP(ca) struct ca again = { 0 };
		struct error err = { 0 };
		int status;
		pid_t child;

		test_folder_make(&folder);
		child = fork();
		if (child == 0) {
			fault = (struct faulty_kernel) { .kind = FAULT_KILL_AFTER, .at = at };
			_exit(open_ca(&folder, &ca, &err) == 0);
		}
		CHECK_INT(waitpid(child, &status, 0), child);
		CHECK_INT(WEXITSTATUS(status), 77);
		CHECK_OK(open_ca(&folder, &ca, &err), err);
		CHECK_OK(open_ca(&folder, &again, &err), err);
		CHECK(key_equal(ca.key, again.key));
		CHECK_INT(test_folder_count(&folder), 2);
	}
}
