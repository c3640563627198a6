#include "host/open_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "host/process_inside.h"

static struct host open_this_machine(void)
{
	struct host host;
	struct error err = { 0 };

	CHECK_OK(host_init(&host, "/", &err), err);
	return host;
}

/* An open file of one block that has no name any more. */
static int open_deleted(void)
{
	char path[] = "/tmp/open-files-test.XXXXXX";
	char block[4096] = { 1 };
	int fd = mkostemp(path, O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(fd_write_all(fd, block, sizeof(block)), 0);
	return fd;
}

static json_t *files_of(const json_t *processes, pid_t pid)
{
	const json_t *process;
	size_t i;

	json_array_foreach(processes, i, process) if (json_get_int(process, "pid", 0) ==
						      pid) return json_object_get(process, "files");
	return NULL;
}

static const json_t *find_fd(const json_t *files, int fd)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file) if (json_get_int(file, "fd", -1) == fd) return file;
	return NULL;
}

TEST(a_deleted_file_is_found_with_its_size)
{
	CLEANUP(host) struct host host = open_this_machine();
	CLEANUP(fd) int fd = open_deleted();
	struct open_files_gaps gaps;
	CLEANUP(json) json_t *all = open_files_json(&host, 0, &gaps);
	const json_t *file = find_fd(files_of(all, getpid()), fd);

	CHECK(file);
	CHECK(json_get_bool(file, "deleted", false));
	CHECK_INT(json_get_int(file, "size_bytes", 0), 4096);
	CHECK(strncmp(json_get_text(file, "path", ""), "/tmp/open-files-test.", 21) == 0);
	CHECK(!strstr(json_get_text(file, "path", ""), "(deleted)"));
	CHECK_TEXT(json_get_text(file, "access", ""), "read-write");
}

TEST(a_file_that_is_only_named_so_is_not_deleted)
{
	CLEANUP(host) struct host host = open_this_machine();
	char path[] = "/tmp/XXXXXX (deleted)";
	CLEANUP(fd) int fd = mkostemps(path, 10, O_CLOEXEC);
	struct open_files_gaps gaps;
	CLEANUP(json) json_t *all = open_files_json(&host, (uint32_t)getpid(), &gaps);
	const json_t *file = find_fd(files_of(all, getpid()), fd);

	(void)unlink(path);
	CHECK(fd >= 0 && file);
	CHECK(!json_get_bool(file, "deleted", true));
	CHECK_TEXT(json_get_text(file, "path", ""), path);
}

TEST(memory_files_are_no_deleted_files)
{
	CLEANUP(host) struct host host = open_this_machine();
	CLEANUP(fd) int fd = memfd_create("test", MFD_CLOEXEC);
	struct open_files_gaps gaps;
	CLEANUP(json) json_t *one = open_files_json(&host, (uint32_t)getpid(), &gaps);
	CLEANUP(json) json_t *all = open_files_json(&host, 0, &gaps);

	CHECK_TEXT(json_get_text(find_fd(files_of(one, getpid()), fd), "type", ""), "memory");
	CHECK(!find_fd(files_of(all, getpid()), fd));
}

TEST(sockets_have_owners)
{
	CLEANUP(host) struct host host = open_this_machine();
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct open_files_gaps gaps;
	CLEANUP(json) json_t *sockets = open_sockets_json(&host, &gaps);
	const json_t *socket;
	bool found = false;
	size_t i;

	json_array_foreach(sockets, i, socket) found |=
		json_get_int(socket, "pid", 0) == getpid() && json_get_int(socket, "fd", -1) == fd;
	CHECK(found);
}

TEST(a_process_that_is_gone_is_no_gap)
{
	CLEANUP(host) struct host host = open_this_machine();
	struct open_files_gaps gaps;
	CLEANUP(json) json_t *none = open_files_json(&host, INT32_MAX, &gaps);

	CHECK_INT(json_array_size(none), 0);
	CHECK_INT(gaps.n_unreadable, 0);
}

TEST(the_inside_of_a_process_is_never_its_environment)
{
	CLEANUP(host) struct host host = open_this_machine();
	int code;
	CLEANUP(json) json_t *inside = process_inside_json(&host, (uint32_t)getpid(), &code);
	CLEANUP(text) char *told = json_canonical(inside);

	CHECK_INT(code, 0);
	CHECK_INT(json_object_size(inside), 6);
	/* Under an emulator it is the emulator. */
	CHECK(json_get_text(inside, "exe", "")[0] == '/');
	CHECK(!json_get_bool(inside, "exe_deleted", true));
	CHECK(!strstr(told, getenv("HOSTS_DIR")));
}
