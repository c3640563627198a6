#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/program/load/object_internal.h"

static void put_place(json_t *item, const struct variable *variable)
{
	json_put(item, "map", json_integer(variable->map));
	json_put(item, "offset", json_integer((json_int_t)variable->offset));
}

static int add_param(const struct object *object, json_t *live, const json_t *param,
		     struct error *err)
{
	const char *block = json_get_text(param, "of", NULL);
	json_t *item = json_pack("{s:s}", "name", json_get_text(param, "name", "")), *slot;
	struct variable variable;
	int64_t min, max;

	json_push(json_object_get(live, "params"), item);
	if (!json_get_bool(param, "mutable", false))
		return 0;
	if (object_find_param(object, param, &variable, err) < 0)
		return err->code;
	variable_range(param, &variable, &min, &max);
	put_place(item, &variable);
	json_put(item, "size", json_integer(variable.size));
	json_put(item, "min", json_integer(min));
	json_put(item, "max", json_integer(max));
	if (!block)
		return 0;
	json_put(item, "stride", json_integer((json_int_t)variable.stride));
	if (json_object_get(live, "slot") || !variable_find_slot(object, block, &variable))
		return 0;
	slot = json_object();
	put_place(slot, &variable);
	json_put(live, "slot", slot);
	return 0;
}

static int add_lease(const struct object *object, json_t *live, struct error *err)
{
	const char *name = json_get_text(object->manifest.document, "lease", NULL);
	struct variable variable;
	json_t *lease;

	if (!name)
		return 0;
	if (!variable_find(object, name, true, &variable) || variable.size != 8)
		return error_set(err, -ENOENT,
				 "the object has no changeable number '%s' of 8 bytes, which its "
				 "manifest names as its lease",
				 name);
	lease = json_object();
	put_place(lease, &variable);
	json_put(live, "lease", lease);
	return 0;
}

/* NULL: how many there are. */
static int number_of(const struct object *object, const struct bpf_map *wanted)
{
	struct bpf_map *map;
	int number = 0;

	bpf_object__for_each_map(map, object->bpf)
	{
		if (map == wanted)
			return number;
		number++;
	}
	return wanted ? -1 : number;
}

static void add_list(const struct object *object, json_t *live, const json_t *list)
{
	const char *name = json_get_text(list, "map", "");
	const struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);
	const struct object_list *copies = object_find_list(object, name);
	json_t *item =
		json_pack("{s:s, s:s, s:i}", "name", name, "of", json_get_text(list, "of", ""),
			  "map", map ? number_of(object, map) : -1);
	int first = number_of(object, NULL);

	if (copies) {
		first += 2 * (int)(copies - object->lists);
		json_put(item, "copies", json_pack("[i, i]", first, first + 1));
	}
	json_push(json_object_get(live, "lists"), item);
}

static void add_lists(const struct object *object, json_t *live)
{
	const json_t *list;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "lists"), i, list)
	{
		add_list(object, live, list);
	}
}

json_t *object_find_live(const struct object *object, struct error *err)
{
	CLEANUP(json) json_t *live = json_pack("{s:[], s:[]}", "params", "lists");
	const json_t *param;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "params"), i, param)
	{
		if (add_param(object, live, param, err) < 0)
			return NULL;
	}
	if (add_lease(object, live, err) < 0)
		return NULL;
	add_lists(object, live);
	return TAKE(live);
}

/* Nothing is attached yet: nobody writes beside it. */
int object_set_lease(const struct object *object, uint64_t until_ns, struct error *err)
{
	const char *name = json_get_text(object->manifest.document, "lease", NULL);
	struct variable variable;
	const struct bpf_map *map = NULL;
	unsigned char *value;
	uint32_t first = 0;
	int r;

	if (!name || !variable_find(object, name, true, &variable))
		return 0;
	for (int i = -1; i < variable.map; i++)
		map = bpf_object__next_map(object->bpf, map);
	value = malloc(bpf_map__value_size(map));
	if (!value)
		abort();
	r = bpf_map_lookup_elem(bpf_map__fd(map), &first, value);
	if (r == 0) {
		memcpy(value + variable.offset, &until_ns, sizeof(until_ns));
		r = bpf_map_update_elem(bpf_map__fd(map), &first, value, BPF_ANY);
	}
	free(value);
	return r < 0 ? error_set(err, r, "set the lease of '%s'", object->manifest.name) : 0;
}
