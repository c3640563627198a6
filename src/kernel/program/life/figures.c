#include "kernel/program/life/figures.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"

#define KEY_MAX_BYTES 256
#define CPUS_MAX 8192 /* as many as any kernel is built for */

static int call(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

static int read_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = size;
	attr.info.info = (uint64_t)(uintptr_t)info;
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int figures_read(int program, struct figures *figures_out)
{
	struct bpf_prog_info info = { 0 };
	int r = read_info(program, &info, sizeof(info));

	if (r < 0)
		return r;
	*figures_out = (struct figures) { info.run_cnt, info.run_time_ns, info.recursion_misses };
	return 0;
}

int figures_read_map(int map, struct bpf_map_info *info_out)
{
	return read_info(map, info_out, sizeof(*info_out));
}

static ssize_t read_file(const char *path, char *text, size_t size)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n;
}

uint64_t figures_memory_bytes(int fd)
{
	char path[64], text[2048];
	const char *at;
	uint64_t bytes = 0;

	text_format(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "memlock:\t");
	if (!at)
		return 0;
	at += strlen("memlock:\t");
	return scan_u64(&at, &bytes) ? bytes : 0;
}

/* Those that there may ever be: as many values has an element of each processor. 0: not known. */
static size_t count_cpus(void)
{
	char text[256];
	const char *at = text;
	uint64_t last = CPUS_MAX;

	if (read_file("/sys/devices/system/cpu/possible", text, sizeof(text)) < 0)
		return 0;
	for (const char *mark; (mark = strpbrk(at, "-,"));)
		at = mark + 1;
	return scan_u64(&at, &last) && last < CPUS_MAX ? (size_t)last + 1 : 0;
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_array(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool is_hash(uint32_t type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* One map while it is read; the kernel gives each processor's number eight bytes. */
struct reader {
	int map;
	size_t n_values;
	uint64_t *values;
};

static int add_element(const struct reader *reader, const void *key, uint64_t *sum)
{
	union bpf_attr attr = { 0 };
	int r;

	memset(reader->values, 0, reader->n_values * sizeof(*reader->values));
	attr.map_fd = (uint32_t)reader->map;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)reader->values;
	r = call(BPF_MAP_LOOKUP_ELEM, &attr);
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes come first");
	for (size_t i = 0; r == 0 && i < reader->n_values; i++)
		*sum += reader->values[i];
	return r;
}

/* A hash may change while it is read: what goes meanwhile is not counted. */
static int add_all(const struct reader *reader, size_t max, uint64_t *sum)
{
	char keys[2][KEY_MAX_BYTES];
	union bpf_attr attr = { 0 };

	attr.map_fd = (uint32_t)reader->map;
	for (size_t i = 0; i < max; i++) {
		int r;

		attr.next_key = (uint64_t)(uintptr_t)keys[i % 2];
		r = call(BPF_MAP_GET_NEXT_KEY, &attr);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		r = add_element(reader, keys[i % 2], sum);
		if (r < 0 && r != -ENOENT)
			return r;
		attr.key = attr.next_key;
	}
	return 0;
}

int figures_count(int map, uint32_t key, size_t max, uint64_t *sum_out)
{
	struct bpf_map_info info = { 0 };
	struct reader reader = { .map = map, .n_values = 1 };
	int r = read_info(map, &info, sizeof(info));

	if (r < 0)
		return r;
	if ((info.value_size != 4 && info.value_size != 8) || info.key_size > KEY_MAX_BYTES ||
	    (!is_array(info.type) && !is_hash(info.type)))
		return -EINVAL;
	if (is_per_cpu(info.type))
		reader.n_values = count_cpus();
	if (!reader.n_values)
		return -ENOTSUP;
	reader.values = calloc(reader.n_values, sizeof(*reader.values));
	if (!reader.values)
		abort();
	*sum_out = 0;
	r = is_array(info.type) ? add_element(&reader, &key, sum_out)
				: add_all(&reader, max, sum_out);
	free(reader.values);
	return r;
}
