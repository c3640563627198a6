#include <bpf/btf.h>
#include <string.h>

#include "kernel/program/load/object_internal.h"

#define SLOT_SUFFIX "_slot"

/* What is written in one piece: a number at its own alignment. */
static bool is_number(const struct btf_type *type, uint64_t offset)
{
	return type && btf_is_int(type) && type->size && type->size <= 8 &&
	       (type->size & (type->size - 1)) == 0 && offset % type->size == 0;
}

static const struct btf_type *resolve(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

static bool is_in_map(const struct bpf_map *map, const char *section)
{
	const char *name = bpf_map__name(map);
	size_t len = strlen(name), tail = strlen(section);

	return bpf_map__is_internal(map) && len >= tail && strcmp(name + len - tail, section) == 0;
}

/* Where a section's bytes are, as the variable that begins there. */
static bool find_section(const struct object *object, const char *section,
			 struct variable *variable_out, size_t *size_out)
{
	struct bpf_map *map;
	int number = 0;

	bpf_object__for_each_map(map, object->bpf)
	{
		/* Skeletons write there too: until it is loaded it is a copy of ours. */
		if (is_in_map(map, section)) {
			*variable_out = (struct variable) {
				.at = (unsigned char *)bpf_map__initial_value(map, size_out),
				.map = number,
			};
			return variable_out->at != NULL;
		}
		number++;
	}
	return false;
}

static const struct btf_var_secinfo *find_place(const struct object *object, const char *section,
						const char *name)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	int id = btf ? btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC) : -1;
	const struct btf_type *data = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	for (unsigned i = 0; data && i < btf_vlen(data); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(data)[i];
		const struct btf_type *var = btf__type_by_id(btf, place->type);

		if (var && strcmp(btf__name_by_offset(btf, var->name_off), name) == 0)
			return place;
	}
	return NULL;
}

/* A variable of any type: its type, and in 'variable_out' its place. */
static const struct btf_type *find_any(const struct object *object, const char *section,
				       const char *name, struct variable *variable_out,
				       uint64_t *room_out)
{
	const struct btf_var_secinfo *place = find_place(object, section, name);
	const struct btf *btf = bpf_object__btf(object->bpf);
	size_t size = 0;

	if (!place || !find_section(object, section, variable_out, &size) || place->offset >= size)
		return NULL;
	variable_out->at += place->offset;
	variable_out->offset = place->offset;
	*room_out = size - place->offset;
	return resolve(btf, btf__type_by_id(btf, place->type)->type);
}

static bool be_number(const struct btf_type *type, uint64_t room, struct variable *variable)
{
	if (!is_number(type, variable->offset) || type->size > room)
		return false;
	variable->size = type->size;
	variable->is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	return true;
}

static bool find_in(const struct object *object, const char *section, const char *name,
		    struct variable *variable_out)
{
	uint64_t room = 0;
	const struct btf_type *type = find_any(object, section, name, variable_out, &room);

	return type && be_number(type, room, variable_out);
}

bool variable_find(const struct object *object, const char *name, bool is_mutable,
		   struct variable *variable_out)
{
	if (!is_mutable)
		return find_in(object, ".rodata", name, variable_out);
	return find_in(object, ".data", name, variable_out) ||
	       find_in(object, ".bss", name, variable_out);
}

/* Of an array of two structures the first, a member of which is meant. */
static const struct btf_type *first_of_two(const struct btf *btf, const struct btf_type *type)
{
	if (!type || !btf_is_array(type) || btf_array(type)->nelems != 2)
		return NULL;
	type = resolve(btf, btf_array(type)->type);
	return type && btf_is_struct(type) ? type : NULL;
}

static bool find_member(const struct object *object, const char *section, const char *block,
			const char *name, struct variable *variable_out)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	uint64_t room = 0;
	const struct btf_type *type =
		first_of_two(btf, find_any(object, section, block, variable_out, &room));

	if (!type || 2 * (uint64_t)type->size > room)
		return false;
	for (unsigned i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		uint32_t bits = btf_member_bit_offset(type, i);

		if (strcmp(btf__name_by_offset(btf, member->name_off), name) != 0)
			continue;
		variable_out->at += bits / 8;
		variable_out->offset += bits / 8;
		variable_out->stride = type->size;
		return bits % 8 == 0 && !btf_member_bitfield_size(type, i) &&
		       bits / 8 < type->size &&
		       be_number(resolve(btf, member->type), type->size - bits / 8, variable_out);
	}
	return false;
}

bool variable_find_member(const struct object *object, const char *block, const char *name,
			  struct variable *variable_out)
{
	return find_member(object, ".data", block, name, variable_out) ||
	       find_member(object, ".bss", block, name, variable_out);
}

bool variable_find_slot(const struct object *object, const char *block,
			struct variable *variable_out)
{
	char name[PROGRAM_NAME_BYTES + sizeof(SLOT_SUFFIX)];

	text_format(name, sizeof(name), "%s" SLOT_SUFFIX, block);
	return variable_find(object, name, true, variable_out) && variable_out->size == 4;
}
