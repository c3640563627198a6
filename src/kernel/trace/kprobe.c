#include "kernel/trace/kprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define PARANOID "/proc/sys/kernel/perf_event_paranoid"

/* A small number from a file, after the text "config:" where there is one; -1 without. */
static long read_number_at(const char *path)
{
	char text[32] = "", *at = text;
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	while (*at && (*at < '0' || *at > '9'))
		at++;
	return strtol(at, NULL, 10);
}

static long read_number(const char *source, const char *name)
{
	char path[96];

	text_format(path, sizeof(path), "/sys/bus/event_source/devices/%s/%s", source, name);
	return read_number_at(path);
}

int perf_event_refused(const char *what, struct error *err)
{
	int code = errno;
	long paranoid = code == EACCES ? read_number_at(PARANOID) : 0;

	errno = code;
	if (paranoid <= 2)
		return error_errno(err, "%s", what);
	return error_set(err, -EACCES,
			 "%s: this kernel allows it to CAP_SYS_ADMIN alone while "
			 "kernel.perf_event_paranoid is %ld; 'sysctl "
			 "kernel.perf_event_paranoid=2' changes that, and fentry needs none",
			 what, paranoid);
}

static int open_event(struct perf_event_attr *attributes, int program_fd, int *event_fd_out,
		      struct error *err)
{
	CLEANUP(fd)
	int fd = (int)syscall(SYS_perf_event_open, attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return perf_event_refused("cannot have it probed", err);
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return error_errno(err, "cannot attach");
	*event_fd_out = fd_take(&fd);
	return 0;
}

int kprobe_open_tracepoint(uint64_t id, int program_fd, int *event_fd_out, struct error *err)
{
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.type = PERF_TYPE_TRACEPOINT,
		.config = id,
		.sample_period = 1,
	};

	return open_event(&attributes, program_fd, event_fd_out, err);
}

int kprobe_open(const struct kprobe *probe, int program_fd, int *event_fd_out, struct error *err)
{
	bool is_return = probe->type == TRACE_KRETPROBE || probe->type == TRACE_URETPROBE;
	long number = read_number(probe->source, "type");
	long bit = read_number(probe->source, "format/retprobe");
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.type = (uint32_t)number,
		.config = is_return ? UINT64_C(1) << (bit & 63) : 0,
		.kprobe_func = (uintptr_t)probe->name, /* uprobe_path is the same */
		.probe_offset = probe->offset,
	};

	if (number < 0 || bit < 0)
		return error_set(err, -ENOENT, "this kernel has no %ss", probe->source);
	return open_event(&attributes, program_fd, event_fd_out, err);
}
