#include "kernel/trace/stacks_internal.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "kernel/trace/elf_internal.h"

#define MAX_OURS 8 /* frames that a trace puts on top, at most */

struct file {
	char *path;
	int64_t inode;
	bool is_read;
	struct elf elf;
};

struct naming {
	const struct session *session;
	const struct trace_owner *owner;
	json_t *kernel;    /* address: name */
	json_t *processes; /* pid: [{start, end, offset, path, inode}] */
	struct file files[STACKS_MAX_FILES];
	size_t n_files, n_bytes, n_text_bytes;
	uint64_t until_ns;
};

static void naming_cleanup(struct naming *naming)
{
	json_decref(naming->kernel);
	json_decref(naming->processes);
	for (size_t i = 0; i < naming->n_files; i++) {
		free(naming->files[i].path);
		elf_cleanup(&naming->files[i].elf);
	}
}

json_t *stacks_show(const uint8_t *bytes)
{
	int64_t pid, id;

	memcpy(&pid, bytes, sizeof(pid));
	memcpy(&id, bytes + sizeof(pid), sizeof(id));
	return id < 0 ? json_null()
		      : json_pack("{s:I, s:I}", "pid", (json_int_t)pid, "id", (json_int_t)id);
}

/* --- the kernel ------------------------------------------------------------------- */

static json_t *hex(uint64_t address)
{
	char text[32];

	text_format(text, sizeof(text), "0x%" PRIx64, address);
	return json_string(text);
}

/* What the trace itself puts on top. */
static bool is_ours(const char *name)
{
	static const char *const begins[] = { "bpf_",           "__bpf_",      "__traceiter_",
					      "trace_call_bpf", "perf_trace_", "perf_syscall_" };

	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static json_t *name_kernel_stack(const struct naming *naming, const uint64_t *addresses)
{
	json_t *frames = json_array();

	for (unsigned i = 0; i < PROGRAM_STACK_DEPTH && addresses[i]; i++) {
		CLEANUP(json) json_t *address = hex(addresses[i]);
		json_t *name = json_object_get(naming->kernel, json_string_value(address));

		/* Above it lies the program, which has no name. */
		if (name && i < MAX_OURS && is_ours(json_string_value(name)))
			json_array_clear(frames);
		else
			json_push(frames, json_incref(name ? name : address));
	}
	return frames;
}

/* --- a process ---------------------------------------------------------------------- */

static struct file *find_file(struct naming *naming, const char *path, int64_t inode)
{
	struct file *file;

	for (size_t i = 0; i < naming->n_files; i++)
		if (naming->files[i].inode == inode && strcmp(naming->files[i].path, path) == 0)
			return &naming->files[i];
	if (naming->n_files == STACKS_MAX_FILES)
		return NULL;
	file = &naming->files[naming->n_files++];
	*file = (struct file) { .path = strdup(path), .inode = inode };
	if (!file->path)
		abort();
	return file;
}

/* In another mount namespace the same path may be another file. */
static void read_symbols(struct naming *naming, struct file *file)
{
	CLEANUP(fd) int fd = -1;
	struct stat about;
	struct error err = { 0 };

	if (file->is_read || naming->n_bytes >= STACKS_MAX_BYTES ||
	    clock_monotonic_ns() >= naming->until_ns)
		return;
	file->is_read = true;
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &about) < 0 || (int64_t)about.st_ino != file->inode)
		return;
	if (elf_load(&file->elf, fd, &err) < 0)
		return; /* without its names the offset stands for it */
	naming->n_bytes += elf_bytes(&file->elf);
}

static json_t *name_in(struct naming *naming, const json_t *map, uint64_t address)
{
	const char *path = json_get_text(map, "path", "");
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	struct file *file =
		path[0] == '/' ? find_file(naming, path, json_get_int(map, "inode", 0)) : NULL;
	uint64_t offset = address - (uint64_t)json_get_int(map, "start", 0) +
			  (uint64_t)json_get_int(map, "offset", 0);
	const struct elf_symbol *symbol = NULL;
	uint64_t in_file = 0;
	char text[512];

	if (file) {
		read_symbols(naming, file);
		if (elf_to_address(&file->elf, offset, &in_file))
			symbol = elf_at(&file->elf, in_file);
	}
	if (symbol)
		text_format(text, sizeof(text), "%.300s+0x%" PRIx64 " (%.120s)", symbol->name,
			    in_file - symbol->address, base);
	else
		text_format(text, sizeof(text), "%.300s+0x%" PRIx64, *path ? path : "[anonymous]",
			    offset);
	return json_text(text, strlen(text));
}

static const json_t *maps_of(struct naming *naming, int64_t pid)
{
	char key[24];
	json_t *maps;

	text_format(key, sizeof(key), "%" PRId64, pid);
	maps = json_object_get(naming->processes, key);
	if (maps || json_object_size(naming->processes) == STACKS_MAX_PROCESSES ||
	    !naming->owner->read_maps)
		return maps;
	maps = naming->owner->read_maps(naming->owner, pid);
	json_put(naming->processes, key, maps ? maps : json_array());
	return json_object_get(naming->processes, key);
}

static json_t *name_user_stack(struct naming *naming, int64_t pid, const uint64_t *addresses)
{
	const json_t *maps = maps_of(naming, pid), *map;
	json_t *frames = json_array();
	size_t at;

	for (unsigned i = 0; i < PROGRAM_STACK_DEPTH && addresses[i]; i++) {
		json_t *name = NULL;

		json_array_foreach(maps, at, map)
		{
			if (addresses[i] < (uint64_t)json_get_int(map, "start", 0) ||
			    addresses[i] >= (uint64_t)json_get_int(map, "end", 0))
				continue;
			name = name_in(naming, map, addresses[i]);
			break;
		}
		json_push(frames, name ? name : hex(addresses[i]));
	}
	return frames;
}

/* --- all of them ---------------------------------------------------------------------- */

static bool read_stack(const struct naming *naming, const json_t *stack, uint64_t *addresses)
{
	uint32_t id = (uint32_t)json_get_int(stack, "id", 0);

	memset(addresses, 0, PROGRAM_STACK_DEPTH * sizeof(*addresses));
	return json_is_object(stack) &&
	       bpf_map_lookup_elem(naming->session->maps.stacks, &id, addresses) == 0;
}

/* Calls 'handle' for each place of a stack in the keys of the list. */
static void for_each_stack(struct naming *naming, json_t *list,
			   void (*handle)(struct naming *naming, json_t *key, const char *name,
					  void *data),
			   void *data)
{
	const struct trace_request *request = naming->session->request;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) for (unsigned k = 0; k < request->n_keys;
					       k++) if (request->keys[k].format == TRACE_STACK)
		handle(naming, json_object_get(item, "key"), request->keys[k].name, data);
}

static void collect(struct naming *naming, json_t *key, const char *name, void *data)
{
	const json_t *stack = json_object_get(key, name);
	uint64_t addresses[PROGRAM_STACK_DEPTH];
	json_t *wanted = data;

	if (json_get_int(stack, "pid", 0) || !read_stack(naming, stack, addresses))
		return;
	for (unsigned i = 0; i < PROGRAM_STACK_DEPTH && addresses[i]; i++)
		if (json_object_size(wanted) < STACKS_MAX_ADDRESSES) {
			CLEANUP(json) json_t *address = hex(addresses[i]);

			json_put(wanted, json_string_value(address), json_null());
		}
}

static size_t text_bytes(const json_t *frames)
{
	const json_t *frame;
	size_t i, n = 0;

	json_array_foreach(frames, i, frame) n += json_string_length(frame) + 3;
	return n;
}

static void put_frames(struct naming *naming, json_t *key, const char *name, void *data)
{
	const json_t *stack = json_object_get(key, name);
	uint64_t addresses[PROGRAM_STACK_DEPTH];
	int64_t pid = json_get_int(stack, "pid", 0);
	bool *is_whole = data;
	json_t *frames;

	if (!read_stack(naming, stack, addresses)) {
		json_put(key, name, json_null());
		return;
	}
	if (naming->n_text_bytes >= STACKS_MAX_TEXT_BYTES) {
		*is_whole = false;
		json_put(key, name, json_null());
		return;
	}
	frames = pid ? name_user_stack(naming, pid, addresses)
		     : name_kernel_stack(naming, addresses);
	naming->n_text_bytes += text_bytes(frames);
	json_put(key, name, frames);
}

bool stacks_name(const struct session *session, const struct trace_owner *owner, json_t *list)
{
	CLEANUP(naming)
	struct naming naming = {
		.session = session,
		.owner = owner,
		.processes = json_object(),
		.until_ns = clock_monotonic_ns() + STACKS_READ_NS,
	};
	CLEANUP(json) json_t *wanted = NULL;
	bool is_whole = true;

	if (session->maps.stacks < 0)
		return true;
	wanted = json_object();
	for_each_stack(&naming, list, collect, wanted);
	if (json_object_size(wanted) && owner->name_kernel)
		naming.kernel = owner->name_kernel(owner, wanted);
	for_each_stack(&naming, list, put_frames, &is_whole);
	return is_whole;
}
