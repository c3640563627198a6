#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>

#include "kernel/program/load/list_key.h"
#include "kernel/program/load/object_internal.h"

#define VALUE_MAX_BYTES 64

struct list {
	enum list_kind kind;
	const struct bpf_map *map;
};

static int find(const struct object *object, const char *name, struct list *list_out,
		struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "lists"), i, item)
	{
		if (strcmp(json_get_text(item, "map", ""), name) != 0)
			continue;
		*list_out = (struct list) {
			.kind = list_kind_find(json_get_text(item, "of", "")),
			.map = bpf_object__find_map_by_name(object->bpf, name),
		};
		return 0;
	}
	return error_set(err, -EINVAL, "there is no list '%.60s'", name);
}

static int check_map(const struct list *list, const char *name, size_t n_items, struct error *err)
{
	enum bpf_map_type wanted =
		list->kind == LIST_DEVICES ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_LPM_TRIE;

	if (!list->map || bpf_map__type(list->map) != wanted ||
	    !list_fits(list->kind, bpf_map__key_size(list->map)) ||
	    bpf_map__value_size(list->map) > VALUE_MAX_BYTES)
		return error_set(err, -EINVAL,
				 "the object has no map '%s' that can be the list of "
				 "its manifest",
				 name);
	if (n_items > bpf_map__max_entries(list->map))
		return error_set(err, -E2BIG, "the list '%s' has room for %u, not for %zu", name,
				 bpf_map__max_entries(list->map), n_items);
	return 0;
}

static int put(const struct list *list, const char *name, const json_t *item, struct error *err)
{
	static const unsigned char zeros[VALUE_MAX_BYTES];
	unsigned char key[LIST_KEY_MAX_BYTES];
	int r;

	if (!json_is_string(item))
		return error_set(err, -EINVAL, "the list '%s' is one of texts", name);
	if (list_key(list->kind, json_string_value(item), bpf_map__key_size(list->map), key, err) <
	    0)
		return error_wrap(err, "the list '%s'", name);
	r = bpf_map_update_elem(bpf_map__fd(list->map), key, zeros, BPF_ANY);
	return r < 0 ? error_set(err, r, "put '%s' into the list '%s'", json_string_value(item),
				 name)
		     : 0;
}

int object_fill_lists(const struct object *object, const json_t *lists, struct error *err)
{
	const char *name;
	json_t *items, *item;
	struct list list;
	size_t i;

	json_object_foreach((json_t *)lists, name, items)
	{
		if (find(object, name, &list, err) < 0 ||
		    check_map(&list, name, json_array_size(items), err) < 0)
			return err->code;
		json_array_foreach(items, i, item)
		{
			if (put(&list, name, item, err) < 0)
				return err->code;
		}
	}
	return 0;
}
