#include "kernel/processes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/objects.h"

/* Inodes that the kernel gives to no other namespace. */
#define FIRST_PID_NAMESPACE 0xeffffffcU
#define FIRST_TIME_NAMESPACE 0xeffffffaU

static bool is_in(const char *namespace, ino_t first)
{
	struct stat info;

	/* A kernel without such namespaces has no file for them. */
	return stat(namespace, &info) < 0 ? errno == ENOENT : info.st_ino == first;
}

static int silence(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int attach(const struct bpf_object *object, struct error *err)
{
	const struct bpf_program *program =
		bpf_object__find_program_by_name(object, "list_processes");
	struct bpf_link *link = program ? bpf_program__attach_iter(program, NULL) : NULL;
	int fd = link ? fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3) : -1;
	int code = errno;

	(void)bpf_link__destroy(link);
	return fd < 0 ? error_set(err, -code, "the kernel iterates over no processes") : fd;
}

int processes_load(struct error *err)
{
	struct bpf_object *object;
	int r;

	if (!is_in("/proc/self/ns/pid", FIRST_PID_NAMESPACE) ||
	    !is_in("/proc/self/ns/time", FIRST_TIME_NAMESPACE))
		return error_set(err, -EXDEV, "process numbers or times are those of a container");
	(void)libbpf_set_print(silence);
	object = bpf_object__open_mem(processes_object, processes_object_bytes, NULL);
	if (!object)
		return error_errno(err, "open the program that lists processes");
	r = bpf_object__load(object);
	r = r < 0 ? error_set(err, r,
			      "the kernel does not take the program that lists processes: %s",
			      strerrordesc_np(-r))
		  : attach(object, err);
	bpf_object__close(object);
	return r;
}
