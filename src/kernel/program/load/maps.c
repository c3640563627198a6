#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "kernel/program/load/object_internal.h"

#define ENTRY_OVERHEAD_BYTES 64 /* of a hash's or a trie's element: about what the kernel adds */

static int resize(struct object *object, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "maps"), i, item)
	{
		const char *name = json_get_text(item, "name", "");
		struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);

		if (!map)
			return error_set(err, -ENOENT, "the object has no map '%s'", name);
		if (json_object_get(item, "max_entries") && !object_list_form(object, map))
			(void)bpf_map__set_max_entries(
				map, (uint32_t)json_get_int(item, "max_entries", 1));
	}
	return 0;
}

static bool is_per_cpu(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* From above: what it can grow to. */
static uint64_t bytes_of(const struct bpf_map *map, uint32_t n_entries)
{
	uint64_t value = ((uint64_t)bpf_map__value_size(map) + 7) & ~UINT64_C(7);
	uint64_t key = ((uint64_t)bpf_map__key_size(map) + 7) & ~UINT64_C(7);
	uint64_t n_cpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
	enum bpf_map_type type = bpf_map__type(map);

	if (type == BPF_MAP_TYPE_RINGBUF)
		return n_entries;
	/* Where two keys of a trie part is a node too, which has a key and no value. */
	if (type == BPF_MAP_TYPE_LPM_TRIE)
		return (2 * (key + ENTRY_OVERHEAD_BYTES) + value) * n_entries;
	if (is_per_cpu(type))
		value *= n_cpus;
	if (type != BPF_MAP_TYPE_ARRAY && type != BPF_MAP_TYPE_PERCPU_ARRAY)
		value += ENTRY_OVERHEAD_BYTES;
	return (key + value) * n_entries;
}

/* A list that changes at once is there twice. */
static uint64_t bytes_of_copies(const struct object *object, const struct bpf_map *map)
{
	const struct bpf_map *form = object_list_form(object, map);

	return form ? 2 * bytes_of(form, object_list_entries(object, map)) : 0;
}

/* What is shown of them: numbers, by their place or all together. */
static bool is_countable(const struct bpf_map *map, uint32_t key)
{
	uint32_t size = bpf_map__value_size(map);

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return (size == 4 || size == 8) && key < bpf_map__max_entries(map);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return size == 4 || size == 8;
	default:
		return false;
	}
}

static int check_counters(const struct object *object, struct error *err)
{
	const json_t *counter;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "counters"), i, counter)
	{
		const char *name = json_get_text(counter, "map", "");
		const struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);

		if (!map)
			return error_set(err, -ENOENT, "the object has no map '%s'", name);
		if (!is_countable(map, (uint32_t)json_get_int(counter, "key", 0)))
			return error_set(err, -EINVAL, "the counter '%s' is no number of '%s'",
					 json_get_text(counter, "name", ""), name);
	}
	return 0;
}

int object_check_maps(struct object *object, struct error *err)
{
	uint64_t budget = object->manifest.map_memory_bytes, room = object->limits.map_memory_bytes;
	struct bpf_map *map;
	size_t n = 0;

	if (resize(object, err) < 0 || check_counters(object, err) < 0)
		return err->code;
	bpf_object__for_each_map(map, object->bpf)
	{
		if (bpf_map__pin_path(map) || bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			return error_set(err, -EACCES,
					 "the map '%s' would outlive its program: no map is pinned",
					 bpf_map__name(map));
		n += object_list_form(object, map) ? 3 : 1;
		if (n > LOAD_MAX_MAPS)
			return error_set(err, -E2BIG, "the object has more than %d maps",
					 LOAD_MAX_MAPS);
		object->map_memory_bytes +=
			bytes_of(map, bpf_map__max_entries(map)) + bytes_of_copies(object, map);
	}
	if (object->map_memory_bytes > room)
		return error_set(err, -ENOBUFS,
				 "the maps of '%s' take %ju bytes, this host allows %ju",
				 object->manifest.name, (uintmax_t)object->map_memory_bytes,
				 (uintmax_t)room);
	if (budget && object->map_memory_bytes > budget)
		return error_set(err, -ENOBUFS,
				 "the maps of '%s' take %ju bytes, its own manifest allows %ju",
				 object->manifest.name, (uintmax_t)object->map_memory_bytes,
				 (uintmax_t)budget);
	return 0;
}
