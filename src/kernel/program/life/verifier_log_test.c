#include "kernel/program/life/verifier_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/test.h"
#include "identity/test_folder.h"

static off_t size_of(struct test_folder *folder, const char *name)
{
	struct stat status;

	return stat(test_folder_file(folder, name), &status) < 0 ? -1 : status.st_size;
}

static void name_log(char name[64], unsigned number)
{
	text_format(name, 64, "verifier-p-%u.log", number);
}

TEST(the_verifier_s_words_are_kept_of_the_last_names_and_no_more)
{
	CLEANUP(test_folder) struct test_folder folder;
	char name[64];

	test_folder_make(&folder);
	verifier_log_keep(folder.path, "p-0", "first");
	verifier_log_keep(folder.path, "p-0", "again!");
	name_log(name, 0);
	CHECK_INT(size_of(&folder, name), 6);
	verifier_log_keep(folder.path, "silent", NULL);
	CHECK_INT(test_folder_count(&folder), 1);
	for (unsigned i = 0; i < 3 * VERIFIER_LOGS_MAX; i++) {
		const struct timespec times[2] = { { .tv_sec = i }, { .tv_sec = i } };

		text_format(name, sizeof(name), "p-%u", i);
		verifier_log_keep(folder.path, name, "R1 type=inv");
		name_log(name, i);
		CHECK_INT(utimensat(AT_FDCWD, test_folder_file(&folder, name), times, 0), 0);
	}
	CHECK_INT(test_folder_count(&folder), VERIFIER_LOGS_MAX);
	for (unsigned i = 0; i < 3 * VERIFIER_LOGS_MAX; i++) {
		name_log(name, i);
		CHECK_INT(size_of(&folder, name), i < 2 * VERIFIER_LOGS_MAX ? -1 : 11);
	}
}
