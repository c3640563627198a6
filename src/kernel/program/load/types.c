/* The kernel's types, where the kernel does not describe them itself: a file of the artifact. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/program/load/object_internal.h"

#ifndef KERNEL_BTF /* a test's loader has none */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#endif
#define TYPES_FILE "min.btf"

static bool kernel_has_types(void)
{
	return access(KERNEL_BTF, R_OK) == 0;
}

bool object_has_types(const struct object *object)
{
	return kernel_has_types() || tarball_find(&object->files, TYPES_FILE);
}

/* libbpf wants a path. */
int object_open_types(struct object *object, char path[TYPES_PATH_BYTES], struct error *err)
{
	const struct tarball_file *file = tarball_find(&object->files, TYPES_FILE);

	path[0] = '\0';
	if (!file || kernel_has_types())
		return 0;
	object->types_fd = memfd_create(TYPES_FILE, MFD_CLOEXEC);
	if (object->types_fd < 0 ||
	    write(object->types_fd, file->data, file->len) != (ssize_t)file->len)
		return error_errno(err, "hold the artifact's '%s'", file->name);
	text_format(path, TYPES_PATH_BYTES, "/proc/self/fd/%d", object->types_fd);
	return 0;
}
