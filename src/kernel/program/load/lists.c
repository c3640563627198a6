#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/program/load/list_key.h"
#include "kernel/program/load/object_internal.h"

struct list {
	const char *name;
	enum list_kind kind;
	int map; /* where its items go */
	uint32_t n_key, max_entries;
};

static int unfit(const char *name, struct error *err)
{
	return error_set(err, -EINVAL,
			 "the object has no map '%s' that can be the list of its manifest", name);
}

/* --- those that change at once -------------------------------------------------------------- */

/* As the manifest declares it, or NULL. */
static const json_t *find_declared(const struct object *object, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "lists"), i, item)
	{
		if (strcmp(json_get_text(item, "map", ""), name) == 0)
			return item;
	}
	return NULL;
}

const struct bpf_map *object_list_form(const struct object *object, const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_ARRAY_OF_MAPS &&
			       find_declared(object, bpf_map__name(map))
		       ? bpf_map__inner_map((struct bpf_map *)(uintptr_t)map)
		       : NULL;
}

uint32_t object_list_entries(const struct object *object, const struct bpf_map *map)
{
	const struct bpf_map *form = object_list_form(object, map);
	const json_t *item =
		name_find(json_object_get(object->manifest.document, "maps"), bpf_map__name(map));

	return (uint32_t)json_get_int(item, "max_entries", bpf_map__max_entries(form));
}

static int make_copies(const struct object *object, const struct bpf_map *map,
		       struct object_list *list, struct error *err)
{
	const struct bpf_map *form = object_list_form(object, map);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(form));
	char name[PROGRAM_NAME_BYTES + 4];

	for (size_t i = 0; i < ARRAY_LEN(list->copies); i++) {
		text_format(name, sizeof(name), "%s.%zu", list->name, i);
		list->copies[i] = bpf_map_create(bpf_map__type(form), name, bpf_map__key_size(form),
						 bpf_map__value_size(form),
						 object_list_entries(object, map), &options);
		if (list->copies[i] < 0)
			return error_errno(err, "make the list '%s'", list->name);
	}
	return 0;
}

static int make(struct object *object, const json_t *item, struct error *err)
{
	const char *name = json_get_text(item, "map", "");
	enum list_kind kind = list_kind_find(json_get_text(item, "of", ""));
	struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);
	struct object_list *list = &object->lists[object->n_lists];
	const struct bpf_map *form;

	if (!map || bpf_map__type(map) != BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return 0;
	form = object_list_form(object, map);
	if (!form || object->n_lists == ARRAY_LEN(object->lists) ||
	    bpf_map__max_entries(map) != 1 ||
	    !list_fits(kind, bpf_map__type(form), bpf_map__key_size(form),
		       bpf_map__value_size(form)))
		return unfit(name, err);
	*list = (struct object_list) { .name = name, .map = map, .copies = { -1, -1 } };
	object->n_lists++;
	if (make_copies(object, map, list, err) < 0)
		return err->code;
	/* What the kernel holds every copy to is one of them. */
	return bpf_map__set_inner_map_fd(map, list->copies[0]) < 0 ? unfit(name, err) : 0;
}

/* By its section, as libbpf has it: "syscall", or ".s" among the words before a target. */
static bool may_sleep(const char *section)
{
	size_t len = strcspn(section, "/");

	if (strncmp(section, "syscall", len) == 0 && len == strlen("syscall"))
		return true;
	for (const char *at = section; (at = memchr(at, '.', len - (size_t)(at - section)));) {
		size_t n = strcspn(++at, "./");

		if (n == 1 && *at == 's')
			return true;
	}
	return false;
}

/* Who changes a list waits for the runs that might still look into the copy that it fills: see
 * life/live.h. It knows of none that sleeps, which is what the ELF's section says. */
static int check_sleepless(const struct object *object, struct error *err)
{
	for (size_t i = 0; i < object->manifest.n_programs && object->n_lists; i++) {
		const char *section = bpf_program__section_name(object->programs[i]);

		if (section && may_sleep(section))
			return error_set(err, -EINVAL,
					 "'%s' may sleep (%s), so its list '%s' cannot change at "
					 "once: give that a plain map",
					 object->manifest.programs[i].name, section,
					 object->lists[0].name);
	}
	return 0;
}

int object_make_lists(struct object *object, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object->manifest.document, "lists"), i, item)
	{
		if (make(object, item, err) < 0)
			return err->code;
	}
	return check_sleepless(object, err);
}

void object_close_lists(struct object *object)
{
	for (size_t i = 0; i < object->n_lists; i++)
		for (size_t j = 0; j < ARRAY_LEN(object->lists[i].copies); j++)
			if (object->lists[i].copies[j] >= 0)
				close(object->lists[i].copies[j]);
	object->n_lists = 0;
}

const struct object_list *object_find_list(const struct object *object, const char *name)
{
	for (size_t i = 0; i < object->n_lists; i++)
		if (strcmp(object->lists[i].name, name) == 0)
			return &object->lists[i];
	return NULL;
}

/* Nothing is attached yet: what has no items is empty. */
static int show_copies(const struct object *object, struct error *err)
{
	uint32_t first = 0;
	int r = 0;

	for (size_t i = 0; i < object->n_lists && r == 0; i++) {
		const struct object_list *list = &object->lists[i];

		r = bpf_map_update_elem(bpf_map__fd(list->map), &first, &list->copies[0], BPF_ANY);
		if (r < 0)
			return error_set(err, r, "put the list '%s' in its place", list->name);
	}
	return 0;
}

/* --- items ----------------------------------------------------------------------------------- */

static int find(const struct object *object, const char *name, struct list *list_out,
		struct error *err)
{
	const struct object_list *copies = object_find_list(object, name);
	const struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);
	const json_t *declared = find_declared(object, name);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (!declared)
		return error_set(err, -EINVAL, "there is no list '%.60s'", name);
	*list_out = (struct list) {
		.name = name,
		.kind = list_kind_find(json_get_text(declared, "of", "")),
		.map = copies ? copies->copies[0]
		       : map  ? bpf_map__fd(map)
			      : -1,
	};
	if (bpf_obj_get_info_by_fd(list_out->map, &info, &size) < 0 ||
	    !list_fits(list_out->kind, info.type, info.key_size, info.value_size))
		return unfit(name, err);
	list_out->n_key = info.key_size;
	list_out->max_entries = info.max_entries;
	return 0;
}

/* As they are when it is changed later (life/live_lists.c): what is there twice takes one place,
 * and is put once, as a full trie has no room even for what it has. */
static int fill(const struct list *list, const json_t *items, struct error *err)
{
	static const unsigned char zeros[LIST_VALUE_MAX_BYTES];
	unsigned char *keys = NULL;
	size_t n = 0;
	int r = list_keys(list->kind, list->name, items, list->n_key, &keys, &n, err);

	if (r == 0 && n > list->max_entries)
		r = error_set(err, -E2BIG, "the list '%s' has room for %u, not for %zu", list->name,
			      list->max_entries, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = bpf_map_update_elem(list->map, keys + i * list->n_key, zeros, BPF_ANY);
		if (r < 0)
			(void)error_set(err, r, "fill the list '%s': %s", list->name,
					strerrordesc_np(-r));
	}
	free(keys);
	return r;
}

int object_fill_lists(const struct object *object, const json_t *lists, struct error *err)
{
	const char *name;
	json_t *items;
	struct list list = { 0 };

	json_object_foreach((json_t *)lists, name, items)
	{
		if (find(object, name, &list, err) < 0 || fill(&list, items, err) < 0)
			return err->code;
	}
	return show_copies(object, err);
}
