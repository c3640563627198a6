#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"
#include "kernel/program/load/object_internal.h"
#include "kernel/trace/kprobe.h"
#include "kernel/trace/uprobe.h"

/* Of enum bpf_attach_type in newer headers. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47

#define MAX_HZ 1000

struct site {
	struct bpf_program *program;
	const struct manifest_program *asked;
	const char *target;
	int old_link; /* or -1 */
};

/* Of the network that we are in, which what is mounted at /sys need not show. */
static int find_interface(const struct site *site, struct error *err)
{
	CLEANUP(fd) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct ifreq request = { 0 };

	text_format(request.ifr_name, sizeof(request.ifr_name), "%s", site->target);
	if (strlen(site->target) >= sizeof(request.ifr_name) ||
	    ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return error_set(err, -ENODEV, "there is no interface '%s' for '%s'", site->target,
				 site->asked->name);
	return request.ifr_ifindex;
}

static int link_to(const struct site *site, int target, int attach_type, struct error *err)
{
	int program = bpf_program__fd(site->program), fd;

	if (site->old_link >= 0) {
		if (bpf_link_update(site->old_link, program, NULL) < 0)
			return error_errno(err, "replace the program at '%s'", site->target);
		fd = fcntl(site->old_link, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = bpf_link_create(program, target, (enum bpf_attach_type)attach_type, NULL);
	}
	return fd < 0 ? error_errno(err, "attach '%s' to '%s'", site->asked->name, site->target)
		      : fd;
}

static int attach_interface(const struct site *site, struct error *err)
{
	static const int types[] = {
		[ATTACH_XDP] = BPF_XDP,
		[ATTACH_TC_INGRESS] = TCX_INGRESS,
		[ATTACH_TC_EGRESS] = TCX_EGRESS,
	};
	int index = find_interface(site, err);

	return index < 0 ? index : link_to(site, index, types[site->asked->type->attach], err);
}

/* Where version 2 is mounted, alone or beside version 1. */
static int open_cgroup(const struct site *site, struct error *err)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[MANIFEST_TARGET_BYTES + 40];

	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		text_format(path, sizeof(path), "%s/cgroup.controllers", mounts[i]);
		if (access(path, F_OK) < 0 || site->target[0] != '/')
			continue;
		text_format(path, sizeof(path), "%s%s", mounts[i], site->target);
		return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	errno = ENOENT;
	return error_errno(err, "find the control groups of version 2");
}

static int attach_cgroup(const struct site *site, struct error *err)
{
	CLEANUP(fd) int group = open_cgroup(site, err);

	if (group < 0)
		return error_set(err, -ENOENT, "there is no control group '%s' for '%s'",
				 site->target, site->asked->name);
	return link_to(site, group, (int)bpf_program__expected_attach_type(site->program), err);
}

static int attach_namespace(const struct site *site, struct error *err)
{
	CLEANUP(fd) int ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (ns < 0 || strcmp(site->target, "self") != 0)
		return error_set(err, -EINVAL, "the target of '%s' can only be 'self'",
				 site->asked->name);
	return link_to(site, ns, BPF_SK_LOOKUP, err);
}

/* Where tracefs is mounted, which it is below debugfs only once somebody looked there. */
static int attach_tracepoint(const struct site *site, struct error *err)
{
	static const char *const mounts[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[MANIFEST_TARGET_BYTES + 48], text[32] = "";
	const char *at = text;
	CLEANUP(fd) int id_fd = -1;
	uint64_t id;
	int fd, r;

	for (size_t i = 0; i < ARRAY_LEN(mounts) && id_fd < 0; i++) {
		text_format(path, sizeof(path), "%s/events/%s/id", mounts[i], site->target);
		id_fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (id_fd < 0 || read(id_fd, text, sizeof(text) - 1) <= 0 || !scan_u64(&at, &id))
		return error_set(err, -ENOENT,
				 "there is no tracepoint '%s' for '%s', or tracefs is not mounted",
				 site->target, site->asked->name);
	r = kprobe_open_tracepoint(id, bpf_program__fd(site->program), &fd, err);
	return r < 0 ? error_wrap(err, "attach '%s'", site->asked->name) : fd;
}

static struct bpf_link *trace(const struct site *site)
{
	if (site->asked->type->attach == ATTACH_RAW)
		return bpf_program__attach_raw_tracepoint(site->program, site->target);
	return strcmp(site->asked->type->name, "lsm") == 0
		       ? bpf_program__attach_lsm(site->program)
		       : bpf_program__attach_trace(site->program);
}

static int attach_trace(const struct site *site, struct error *err)
{
	struct bpf_link *link = trace(site);
	int fd = link ? fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3) : -1;

	if (fd < 0)
		error_errno(err, "attach '%s' to '%s'", site->asked->name, site->target);
	(void)bpf_link__destroy(link);
	return fd < 0 ? err->code : fd;
}

/* Closing what holds it takes a probe off, a link or an event. */
static int attach_probe(const struct site *site, struct error *err)
{
	bool is_return = strstr(site->asked->type->name, "ret");
	struct kprobe probe = {
		.source = "kprobe",
		.name = site->target,
		.type = is_return ? TRACE_KRETPROBE : TRACE_KPROBE,
	};
	int program = bpf_program__fd(site->program), fd = -1, r;

	if (site->asked->type->attach == ATTACH_UPROBE)
		r = uprobe_open(site->target, is_return ? TRACE_URETPROBE : TRACE_UPROBE, program,
				&fd, err);
	else
		r = kprobe_open(&probe, program, &fd, err);
	return r < 0 ? error_wrap(err, "attach '%s'", site->asked->name) : fd;
}

static int sample(const struct site *site, int cpu, uint64_t hz, struct error *err)
{
	struct perf_event_attr what = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(what),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = hz,
	};
	CLEANUP(fd)
	int event = (int)syscall(SYS_perf_event_open, &what, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	int fd = event < 0 ? -1
			   : bpf_link_create(bpf_program__fd(site->program), event, BPF_PERF_EVENT,
					     NULL);

	return fd < 0 ? perf_event_refused("cannot sample", err) : fd;
}

static int add_link(struct load_result *result, size_t program, int fd, int old, struct error *err)
{
	if (result->n_links == LOAD_MAX_LINKS) {
		close(fd);
		return error_set(err, -E2BIG, "more than %d links for one artifact",
				 LOAD_MAX_LINKS);
	}
	result->links[result->n_links++] = (struct load_link) { fd, (int)program, old };
	return 0;
}

static int attach_samples(const struct site *site, size_t number, struct load_result *result,
			  struct error *err)
{
	const char *at = site->target;
	uint64_t hz = 0;
	int n_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	if (!scan_text(&at, "cpu-clock:") || !scan_u64(&at, &hz) || *at || !hz || hz > MAX_HZ)
		return error_set(err, -EINVAL, "the target of '%s' is cpu-clock:HZ, at most %d",
				 site->asked->name, MAX_HZ);
	for (int cpu = 0; cpu < n_cpus; cpu++) {
		int fd = sample(site, cpu, hz, err);

		if (fd < 0 || add_link(result, number, fd, -1, err) < 0)
			return err->code;
	}
	return 0;
}

static bool is_taken(const struct load_result *result, size_t old)
{
	for (size_t i = 0; i < result->n_links; i++)
		if (result->links[i].old == (int)old)
			return true;
	return false;
}

/* Of several at one place each new program gets one of its own. */
static int find_old(const struct manifest_program *asked, const struct load_old *old, size_t n_old,
		    const struct load_result *result)
{
	for (size_t i = 0; i < n_old && asked->type->replaces; i++)
		if (strcmp(old[i].type, asked->type->name) == 0 &&
		    strcmp(old[i].target, asked->target) == 0 && !is_taken(result, i))
			return (int)i;
	return -1;
}

int object_attach(struct object *object, size_t number, const struct load_old *old, size_t n_old,
		  struct load_result *result, struct error *err)
{
	const struct manifest_program *asked = &object->manifest.programs[number];
	int which = find_old(asked, old, n_old, result), fd;
	struct site site = {
		.program = object->programs[number],
		.asked = asked,
		.target = asked->target,
		.old_link = which < 0 ? -1 : old[which].link,
	};

	switch (asked->type->attach) {
	case ATTACH_PERF:
		return attach_samples(&site, number, result, err);
	case ATTACH_XDP:
	case ATTACH_TC_INGRESS:
	case ATTACH_TC_EGRESS:
		fd = attach_interface(&site, err);
		break;
	case ATTACH_CGROUP:
		fd = attach_cgroup(&site, err);
		break;
	case ATTACH_SK_LOOKUP:
		fd = attach_namespace(&site, err);
		break;
	case ATTACH_TRACEPOINT:
		fd = attach_tracepoint(&site, err);
		break;
	case ATTACH_KPROBE:
	case ATTACH_UPROBE:
		fd = attach_probe(&site, err);
		break;
	default:
		fd = attach_trace(&site, err);
	}
	return fd < 0 ? fd : add_link(result, number, fd, which, err);
}
