#include "machine.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static char root[] = "/dev/shm/constable-fuzz.XXXXXX";
static struct host machine = HOST_CLOSED;

static int remove_one(const char *path, const struct stat *info UNUSED, int type UNUSED,
		      struct FTW *at UNUSED)
{
	return remove(path);
}

static void remove_machine(void)
{
	host_finish(&machine);
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_machine(void)
{
	struct error err = { 0 };

	assert(mkdtemp(root));
	(void)atexit(remove_machine);
	assert(host_init(&machine, root, &err) == 0);
}

static void make_folders(const char *path)
{
	char folder[256];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		str_copy((struct str) { path, (size_t)(slash - path) }, folder, sizeof(folder));
		(void)mkdirat(machine.root_fd, folder, 0755);
	}
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	CLEANUP(fd)
	int fd = openat(machine.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert(fd >= 0);
	assert(fd_write_all(fd, data, size) == 0);
}

struct host *machine_fill(const char *const *paths, const uint8_t *data, size_t size)
{
	if (machine.root_fd < 0) {
		make_machine();
		for (const char *const *path = paths; *path; path++)
			make_folders(*path);
	}
	for (; *paths; paths++) {
		const uint8_t *end =
			memmem(data, size, MACHINE_SEPARATOR, strlen(MACHINE_SEPARATOR));
		size_t len = end ? (size_t)(end - data) : size;
		size_t skip = end ? len + strlen(MACHINE_SEPARATOR) : len;

		write_file(*paths, data, len);
		data += skip;
		size -= skip;
	}
	return &machine;
}
