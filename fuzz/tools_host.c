/*
 * Every tool of constable-job against a machine whose files say what the fuzzer
 * wants: it reads a fixture, and each file it opens may be another one, cut
 * short, or gone. The tool answers or says what is wrong, and leaves nothing open.
 */
#include "harness.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/redact.h"
#include "machine.h"
#include "tools/catalogue.h"

static const char *const fixtures[] = {
	"tests/hosts/debian12-systemd-container",
	"tests/hosts/rhel8-database",
	"tests/hosts/ubuntu2204-memory",
	"tests/hosts/broken",
};

/* Arguments of the tools that cannot do without. */
static const struct {
	const char *tool, *args;
} arguments[] = {
	{ "get_process", "{\"pid\":1}" },
	{ "list_threads", "{\"pid\":1}" },
	{ "list_directory", "{\"path\":\"/etc\"}" },
	{ "read_file", "{\"path\":\"/etc/hostname\"}" },
	{ "get_disk_usage", "{\"path\":\"/etc\"}" },
};

/* What is left of the input: each file takes a byte that decides, and perhaps a part. */
static struct str input;

static long (*next_syscall)(long number, ...);

static int take_part(void)
{
	const char *end = memmem(input.data, input.len, MACHINE_SEPARATOR, 4);
	size_t len = end ? (size_t)(end - input.data) : input.len;
	size_t skip = end ? len + 4 : len;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && fd_write_all(fd, input.data, len) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	input.data += skip;
	input.len -= skip;
	return fd;
}

static int cut_file(int fd, size_t len)
{
	char bytes[64];
	int short_fd = memfd_create("fuzz", MFD_CLOEXEC);
	ssize_t n = read(fd, bytes, len % sizeof(bytes));

	assert(short_fd >= 0 && n >= 0 && fd_write_all(short_fd, bytes, (size_t)n) == 0);
	assert(lseek(short_fd, 0, SEEK_SET) == 0);
	return short_fd;
}

static long replace(int fd)
{
	unsigned char choice;
	CLEANUP(fd) int given = fd;

	if (input.len == 0)
		return fd_take(&given);
	choice = (unsigned char)*input.data++;
	input.len--;
	switch (choice % 4) {
	case 1:
		return take_part();
	case 2:
		return cut_file(given, choice / 4);
	case 3:
		errno = ENOENT;
		return -1;
	default:
		return fd_take(&given);
	}
}

/*
 * Comes before libc's: this is how a fixture's files are opened. It takes six
 * arguments from calls that gave fewer, as libc's does.
 */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
	long args[6];
	struct stat info;
	va_list list;
	long result;

	va_start(list, number);
	for (size_t i = 0; i < ARRAY_LEN(args); i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (!next_syscall)
		next_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	result = next_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	if (number != SYS_openat2 || result < 0)
		return result;
	if (((const struct open_how *)args[2])->flags & (O_PATH | O_DIRECTORY))
		return result;
	return fstat((int)result, &info) == 0 && S_ISREG(info.st_mode) ? replace((int)result)
								       : result;
}

static const struct tool *choose_tool(unsigned char choice)
{
	const struct tool *usable[256];
	size_t n = 0;

	for (const struct tool *const *at = tools_of_this_job; *at; at++)
		if ((*at)->run && (*at)->info.risk == TOOL_READS &&
		    !((*at)->info.needs & TOOL_NEEDS_SCRIPT))
			usable[n++] = *at;
	return usable[choice % n];
}

static json_t *choose_args(const struct tool *tool)
{
	for (size_t i = 0; i < ARRAY_LEN(arguments); i++)
		if (strcmp(arguments[i].tool, tool->info.name) == 0)
			return json_loads(arguments[i].args, 0, NULL);
	return json_object();
}

static int lowest_fd(void)
{
	int fd = dup(STDERR_FILENO);

	(void)close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	static struct redactor *redactor;
	int before = lowest_fd();

	if (size < 2)
		return 0;
	if (!redactor)
		redactor = redactor_new();
	input = (struct str) { (const char *)data + 2, size - 2 };
	{
		const struct tool *tool = choose_tool(data[0]);
		CLEANUP(host) struct host host = HOST_CLOSED;
		CLEANUP(json) json_t *args = choose_args(tool);
		CLEANUP(json) json_t *result = json_object();
		struct task task = {
			.host = &host,
			.deadline_ns = clock_monotonic_ns() + 5 * NS_PER_SEC,
			.redactor = redactor,
		};

		assert(host_init(&host, fixtures[data[1] % ARRAY_LEN(fixtures)], &err) == 0);
		if (tool->run(&task, args, result, &err) < 0)
			assert(err.code < 0 && err.text[0]);
		redact_json(task.redactor, result);

		CLEANUP(text) char *text = json_canonical(result);

		assert(text);
	}
	assert(lowest_fd() == before);
	return 0;
}
