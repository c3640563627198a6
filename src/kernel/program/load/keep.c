/* Maps of the version before whose contents go on: "keep" in a manifest. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "kernel/program/load/object_internal.h"

static int find_old(const struct load_map *old, size_t n_old, const char *name)
{
	for (size_t i = 0; i < n_old; i++)
		if (strcmp(old[i].name, name) == 0)
			return old[i].fd;
	return -1;
}

/* The kernel gives each processor as many as another, where they share none. */
static uint32_t max_entries_of(const struct bpf_map *map)
{
	uint32_t max = bpf_map__max_entries(map);
	enum bpf_map_type type = bpf_map__type(map);
	int cpus = libbpf_num_possible_cpus();

	if ((type != BPF_MAP_TYPE_LRU_HASH && type != BPF_MAP_TYPE_LRU_PERCPU_HASH) ||
	    !(bpf_map__map_flags(map) & BPF_F_NO_COMMON_LRU) || cpus < 1 || !max)
		return max;
	return max + ((uint32_t)cpus - 1 - (max - 1) % (uint32_t)cpus);
}

/* What differs, or NULL. */
static const char *difference(const struct bpf_map *map, const struct bpf_map_info *old)
{
	if (bpf_map__type(map) != old->type)
		return "type";
	if (bpf_map__key_size(map) != old->key_size)
		return "size of a key";
	if (bpf_map__value_size(map) != old->value_size)
		return "size of a value";
	if (max_entries_of(map) != old->max_entries)
		return "number of entries";
	return bpf_map__map_flags(map) != old->map_flags ? "flags" : NULL;
}

/* What comes back does so also where what took its place has a map of another form. */
static int keep(const struct object *object, const json_t *item, int old, bool returns,
		struct error *err)
{
	const char *name = json_get_text(item, "name", "");
	bool is_required = !returns && strcmp(json_get_text(item, "keep", ""), "required") == 0;
	struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	const char *what;
	int r;

	r = bpf_obj_get_info_by_fd(old, &info, &size);
	if (r < 0)
		return error_set(err, r, "the version before has no map '%s' to be seen", name);
	what = difference(map, &info);
	if (what && !is_required)
		return 0;
	if (what)
		return error_set(err, -EINVAL,
				 "the map '%s' of the version before cannot be kept: its %s is "
				 "another",
				 name, what);
	r = bpf_map__reuse_fd(map, old);
	return r < 0 ? error_set(err, r, "keep the map '%s'", name) : 0;
}

int object_keep_maps(const struct object *object, const struct load_map *old, size_t n_old,
		     bool returns, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "maps"), i, item)
	{
		const char *name = json_get_text(item, "name", "");
		int fd = find_old(old, n_old, name);

		if (json_object_get(item, "keep") &&
		    bpf_map__is_internal(bpf_object__find_map_by_name(object->bpf, name)))
			return error_set(
				err, -EINVAL,
				"'%s' has numbers of the program itself, which are not kept", name);
		if (fd >= 0 && json_object_get(item, "keep") &&
		    keep(object, item, fd, returns, err) < 0)
			return err->code;
	}
	return 0;
}
