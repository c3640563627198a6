#include "kernel/trace/uprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/trace/elf_internal.h"
#include "kernel/trace/kprobe.h"

#define MULTI_RETURN 1 /* BPF_F_UPROBE_MULTI_RETURN */

/* union bpf_attr of BPF_LINK_CREATE, as Linux 6.6 has it: later than our headers. */
struct multi {
	uint32_t program_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, reference_offsets, cookies;
	uint32_t n, multi_flags, pid, unused;
};

/*
 * A breakpoint anywhere but on an instruction's first byte breaks the program, and only where a
 * function begins it is sure that one does.
 */
static int find_place(const struct elf *elf, const char *place, uint64_t *offset_out,
		      struct error *err)
{
	const struct elf_symbol *symbol;
	uint64_t address;
	char *end;

	if (*place < '0' || *place > '9') {
		if (!elf_find(elf, place, &address))
			return error_set(err, -ENOENT, "it has no function '%s'", place);
		return elf_to_offset(elf, address, offset_out)
			       ? 0
			       : error_set(err, -EINVAL, "'%s' lies in no part of it", place);
	}
	*offset_out = strtoull(place, &end, 0);
	symbol = !*end && elf_to_address(elf, *offset_out, &address) ? elf_at(elf, address) : NULL;
	return symbol && symbol->address == address
		       ? 0
		       : error_set(err, -EINVAL, "no function begins at %s", place);
}

static int find(int fd, const char *path, const char *place, uint64_t *offset_out,
		struct error *err)
{
	CLEANUP(elf) struct elf elf = { 0 };

	if (elf_load(&elf, fd, err) < 0 || find_place(&elf, place, offset_out, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

static int open_link(const struct kprobe *probe, int program_fd)
{
	struct multi multi = {
		.program_fd = (uint32_t)program_fd,
		.attach_type = UPROBE_ATTACH_TYPE,
		.path = (uintptr_t)probe->name,
		.offsets = (uintptr_t)&probe->offset,
		.n = 1,
		.multi_flags = probe->type == TRACE_URETPROBE ? MULTI_RETURN : 0,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &multi, sizeof(multi));
}

int uprobe_open(const char *target, enum trace_type type, int program_fd, int *event_fd_out,
		struct error *err)
{
	char text[TRACE_TARGET_BYTES], opened[32];
	/* The file that was read: the path may be another's by now, where the offset is wrong. */
	struct kprobe probe = { .source = "uprobe", .name = opened, .type = type };
	CLEANUP(fd) int file_fd = -1;
	char *place;
	int r, fd;

	text_copy(text, sizeof(text), target);
	place = strrchr(text, ':');
	if (!place)
		return error_set(err, -EINVAL, "a probe of a program is written /PATH:SYMBOL");
	*place++ = '\0';
	file_fd = open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file_fd < 0)
		return error_errno(err, "open %s", text);
	text_format(opened, sizeof(opened), "/proc/self/fd/%d", file_fd);
	r = find(file_fd, text, place, &probe.offset, err);
	if (r < 0)
		return r;
	fd = open_link(&probe, program_fd);
	if (fd < 0)
		return kprobe_open(&probe, program_fd, event_fd_out, err);
	*event_fd_out = fd;
	return 0;
}
