#include "identity/test_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

void test_folder_make(struct test_folder *folder)
{
	text_format(folder->path, sizeof(folder->path), "/tmp/identity.XXXXXX");
	CHECK(mkdtemp(folder->path));
}

void test_folder_cleanup(struct test_folder *folder)
{
	DIR *directory = opendir(folder->path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(folder->path);
}

const char *test_folder_file(struct test_folder *folder, const char *name)
{
	text_format(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
	return folder->file;
}

unsigned test_folder_count(const struct test_folder *folder)
{
	DIR *directory = opendir(folder->path);
	const struct dirent *entry;
	unsigned n = 0;

	CHECK(directory);
	while ((entry = readdir(directory)))
		n += entry->d_type == DT_REG;
	(void)closedir(directory);
	return n;
}
