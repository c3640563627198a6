#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/step.h"
#include "kernel/program/life/figures.h"
#include "kernel/program/life/live.h"
#include "kernel/program/load/list_key.h"
#include "kernel/program/names.h"

#define KEYS_MAX 65536 /* of what is there already: more is no list of ours */

struct list {
	const char *name;
	enum list_kind kind;
	int map; /* where its items are */
	int place,
		idle; /* of one that changes at once: the array, and the copy not in it; else -1 */
	uint32_t n_key, max_entries;
	unsigned char *keys; /* what it is to be */
	size_t n;
};

static void list_cleanup(struct list *list)
{
	free(list->keys);
	*list = (struct list) { 0 };
}

static int call(enum bpf_cmd command, int map, const void *key, const void *other)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (uint32_t)map;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)other; /* or next_key, which lies there too */
	return syscall(SYS_bpf, command, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

static bool has(const struct list *list, const void *key)
{
	return list_has(list->keys, list->n, list->n_key, key);
}

static bool can_be_list(const struct list *list, int map, struct bpf_map_info *info_out)
{
	return map >= 0 && figures_read_map(map, info_out) == 0 &&
	       list_fits(list->kind, info_out->type, info_out->key_size, info_out->value_size);
}

static bool are_alike(const struct bpf_map_info *one, const struct bpf_map_info *other)
{
	return one->type == other->type && one->key_size == other->key_size &&
	       one->value_size == other->value_size && one->max_entries == other->max_entries &&
	       one->map_flags == other->map_flags;
}

/* Which of its copies programs see the kernel alone knows: nothing that dies can be wrong of it. */
static bool choose(const struct live *live, const json_t *copies, struct list *list)
{
	struct bpf_map_info place = { 0 }, infos[2] = { 0 };
	uint32_t first = 0, id = 0;
	int maps[2];

	if (figures_read_map(list->map, &place) < 0 || place.type != BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    json_array_size(copies) != ARRAY_LEN(maps) ||
	    call(BPF_MAP_LOOKUP_ELEM, list->map, &first, &id) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		maps[i] = live_map(live, json_integer_value(json_array_get(copies, i)));
		if (!can_be_list(list, maps[i], &infos[i]))
			return false;
	}
	list->place = list->map;
	list->map = maps[infos[1].id == id];
	list->idle = maps[infos[1].id != id];
	return (infos[0].id == id) != (infos[1].id == id) && are_alike(&infos[0], &infos[1]);
}

static int find(const struct live *live, const char *name, struct list *list_out, struct error *err)
{
	const json_t *declared = json_object_get(live->places, "lists");
	const json_t *place = name_find(declared, name);
	const json_t *copies = json_object_get(place, "copies");
	struct bpf_map_info info = { 0 };

	if (!place)
		return name_unknown("list", declared, name, err);
	*list_out = (struct list) {
		.name = name,
		.kind = list_kind_find(json_get_text(place, "of", "")),
		.map = live_map(live, json_get_int(place, "map", -1)),
		.place = -1,
		.idle = -1,
	};
	if ((copies && !choose(live, copies, list_out)) ||
	    !can_be_list(list_out, list_out->map, &info))
		return error_set(err, -EINVAL, "the program has no map '%s' that can be the list",
				 name);
	list_out->n_key = info.key_size;
	list_out->max_entries = info.max_entries;
	return 0;
}

/* --- what is there ------------------------------------------------------------------------ */

/* The keys of the map now; the caller frees them. */
static int read_present(const struct list *list, unsigned char **keys_out, size_t *n_out,
			struct error *err)
{
	size_t max = list->max_entries < KEYS_MAX ? list->max_entries : KEYS_MAX, n = 0;
	unsigned char *keys = calloc(max + 1, list->n_key);
	int r = 0;

	if (!keys)
		abort();
	while (n <= max) {
		r = call(BPF_MAP_GET_NEXT_KEY, list->map, n ? keys + (n - 1) * list->n_key : NULL,
			 keys + n * list->n_key);
		if (r < 0)
			break;
		n++;
	}
	*keys_out = keys;
	*n_out = n;
	return r == -ENOENT ? 0
			    : error_set(err, r < 0 ? r : -E2BIG, "the list '%s' cannot be read",
					list->name);
}

static int too_many(const struct list *list, size_t n, struct error *err)
{
	return error_set(err, -E2BIG, "the list '%s' has room for %u, not for %zu", list->name,
			 list->max_entries, n);
}

/* While it changes item by item it has the old ones and the new ones. */
static int check_room(const struct list *list, struct error *err)
{
	struct list old = *list;
	size_t n = list->n;
	int r;

	if (list->n > list->max_entries)
		return too_many(list, list->n, err);
	if (list->idle >= 0)
		return 0;
	r = read_present(list, &old.keys, &old.n, err);
	for (size_t i = 0; i < old.n && r == 0; i++)
		n += !has(list, old.keys + i * old.n_key);
	free(old.keys);
	if (r == 0 && n > list->max_entries)
		return error_set(err, -E2BIG,
				 "the list '%s' has room for %u, and what is there and what "
				 "comes are %zu together: make it shorter first",
				 list->name, list->max_entries, n);
	return r;
}

static int explain(const struct list *list, int r, struct error *err)
{
	return r < 0 && !err->code ? error_set(err, r, "change the list '%s': %s", list->name,
					       strerrordesc_np(-r))
				   : r;
}

/* --- item by item --------------------------------------------------------------------------- */

/* Additions first, so that nothing that is in both is ever missing, and keeps what it counted. */
static int change_items(const struct list *list, const struct list *old)
{
	static const unsigned char zeros[LIST_VALUE_MAX_BYTES];
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++)
		if (!has(old, list->keys + i * list->n_key))
			r = call(BPF_MAP_UPDATE_ELEM, list->map, list->keys + i * list->n_key,
				 zeros);
	for (size_t i = 0; i < old->n && r == 0; i++)
		if (!has(list, old->keys + i * old->n_key))
			r = call(BPF_MAP_DELETE_ELEM, list->map, old->keys + i * old->n_key, NULL);
	return r;
}

/* --- at once -------------------------------------------------------------------------------- */

static bool is_same(const struct list *list, const struct list *old)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += has(old, list->keys + i * list->n_key);
	return n == list->n && n == old->n;
}

/* Whoever changed it before may have died of it half-way. */
static int empty(const struct list *list, struct error *err)
{
	struct list idle = *list;
	int r;

	idle.map = list->idle;
	r = read_present(&idle, &idle.keys, &idle.n, err);
	for (size_t i = 0; i < idle.n && r == 0; i++)
		r = call(BPF_MAP_DELETE_ELEM, idle.map, idle.keys + i * idle.n_key, NULL);
	free(idle.keys);
	return r;
}

/* With what it counted, where it was there: a trie would find a wider network for another one. */
static int put(const struct list *list, const struct list *old, const unsigned char *key)
{
	unsigned char value[LIST_VALUE_MAX_BYTES] = { 0 };

	if (has(old, key))
		(void)call(BPF_MAP_LOOKUP_ELEM, list->map, key, value);
	return call(BPF_MAP_UPDATE_ELEM, list->idle, key, value);
}

/*
 * A run that began before the last change may still look into the copy that is not in the array any
 * more. Where that is filled, one update puts it there: a run sees all of the old items or all of
 * the new ones.
 */
static int exchange(const struct list *list, const struct list *old, struct error *err)
{
	uint32_t first = 0, idle = (uint32_t)list->idle;
	int r;

	if (is_same(list, old))
		return 0;
	r = live_wait_for_runs(err);
	if (r == 0)
		r = empty(list, err);
	if (r == 0)
		step_reached("list-emptied");
	for (size_t i = 0; i < list->n && r == 0; i++)
		r = put(list, old, list->keys + i * list->n_key);
	if (r < 0)
		return r;
	step_reached("list-filled");
	r = call(BPF_MAP_UPDATE_ELEM, list->place, &first, &idle);
	if (r == 0)
		step_reached("list-exchanged");
	return r;
}

/* -------------------------------------------------------------------------------------------- */

static int replace(const struct list *list, struct error *err)
{
	struct list old = *list;
	int r = read_present(list, &old.keys, &old.n, err);

	if (r == 0)
		r = list->idle >= 0 ? exchange(list, &old, err) : change_items(list, &old);
	free(old.keys);
	return explain(list, r, err);
}

static int look(const struct live *live, const char *name, const json_t *items, bool changes,
		struct error *err)
{
	CLEANUP(list) struct list list = { 0 };

	if (find(live, name, &list, err) < 0 ||
	    list_keys(list.kind, name, items, list.n_key, &list.keys, &list.n, err) < 0)
		return err->code;
	return changes ? replace(&list, err) : check_room(&list, err);
}

static int look_at_all(const struct live *live, const json_t *lists, bool changes,
		       struct error *err)
{
	const char *name;
	json_t *items;

	json_object_foreach((json_t *)(uintptr_t)lists, name, items)
	{
		if (look(live, name, items, changes, err) < 0)
			return err->code;
	}
	return 0;
}

int live_check_lists(const struct live *live, const json_t *lists, struct error *err)
{
	return look_at_all(live, lists, false, err);
}

int live_set_lists(const struct live *live, const json_t *lists, struct error *err)
{
	return look_at_all(live, lists, true, err);
}
