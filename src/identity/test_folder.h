/* A folder under /tmp for one test; CLEANUP(test_folder) removes it with the files in it. */
#pragma once

#include "base/base.h"

struct test_folder {
	char path[32];
	char file[128]; /* what test_folder_file() gave last */
};

void test_folder_make(struct test_folder *folder);
void test_folder_cleanup(struct test_folder *folder);

/* The path of a file in it; valid until the next call. */
const char *test_folder_file(struct test_folder *folder, const char *name);

/* How many files are in it. */
unsigned test_folder_count(const struct test_folder *folder);
