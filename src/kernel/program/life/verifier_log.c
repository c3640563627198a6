#include "kernel/program/life/verifier_log.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "identity/file.h"

#define BEGIN "verifier-"
#define END ".log"

struct oldest {
	char name[sizeof(((struct dirent *)0)->d_name)];
	struct timespec changed;
	size_t n; /* of all */
};

static bool is_log(const char *name)
{
	size_t len = strlen(name), end = strlen(END);

	return len > end && strncmp(name, BEGIN, strlen(BEGIN)) == 0 &&
	       strcmp(name + len - end, END) == 0;
}

static bool is_before(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec < other->tv_sec ||
	       (one->tv_sec == other->tv_sec && one->tv_nsec < other->tv_nsec);
}

static void find_oldest(DIR *folder, struct oldest *oldest)
{
	const struct dirent *entry;
	struct stat status;

	*oldest = (struct oldest) { .n = 0 };
	rewinddir(folder);
	while ((entry = readdir(folder))) {
		if (!is_log(entry->d_name) ||
		    fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!oldest->n++ || is_before(&status.st_mtim, &oldest->changed)) {
			text_copy(oldest->name, sizeof(oldest->name), entry->d_name);
			oldest->changed = status.st_mtim;
		}
	}
}

static void forget_old(const char *path)
{
	DIR *folder = opendir(path);
	struct oldest oldest;

	if (!folder)
		return;
	find_oldest(folder, &oldest);
	while (oldest.n > VERIFIER_LOGS_MAX && unlinkat(dirfd(folder), oldest.name, 0) == 0)
		find_oldest(folder, &oldest);
	(void)closedir(folder);
}

void verifier_log_keep(const char *folder, const char *name, const char *log)
{
	struct error err = { 0 };
	char path[4096];

	if (!log)
		return;
	text_format(path, sizeof(path), "%s/" BEGIN "%s" END, folder, name);
	if (file_save_private(path, log, strlen(log), &err) < 0)
		log_warn("%s", err.text);
	forget_old(folder);
}
