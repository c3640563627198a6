#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "kernel/program/load/object_internal.h"

/* A variable of the object: where its bytes are until it is loaded, and how they count. */
struct variable {
	unsigned char *at;
	uint32_t size;
	bool is_signed;
};

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

static unsigned char *bytes_of(const struct object *object, const char *section, size_t *size_out)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf)
	{
		/* Skeletons write there too: until it is loaded it is a copy of ours. */
		if (is_in_map(map, section))
			return (unsigned char *)bpf_map__initial_value(map, size_out);
	}
	return NULL;
}

static bool find_in(const struct object *object, const char *section, const char *name,
		    struct variable *variable_out)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	int id = btf ? btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC) : -1;
	const struct btf_type *data = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	size_t size = 0;
	unsigned char *bytes = data ? bytes_of(object, section, &size) : NULL;

	for (unsigned i = 0; bytes && i < btf_vlen(data); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(data)[i];
		const struct btf_type *var = btf__type_by_id(btf, place->type);
		const struct btf_type *type = var ? resolve(btf, var->type) : NULL;

		if (!var || strcmp(btf__name_by_offset(btf, var->name_off), name) != 0)
			continue;
		if (!type || !btf_is_int(type) || type->size > 8 ||
		    (uint64_t)place->offset + type->size > size)
			return false;
		*variable_out = (struct variable) {
			.at = bytes + place->offset,
			.size = type->size,
			.is_signed = btf_int_encoding(type) & BTF_INT_SIGNED,
		};
		return true;
	}
	return false;
}

static bool find(const struct object *object, const json_t *param, struct variable *variable_out)
{
	const char *name = json_get_text(param, "name", "");

	if (!json_get_bool(param, "mutable", false))
		return find_in(object, ".rodata", name, variable_out);
	return find_in(object, ".data", name, variable_out) ||
	       find_in(object, ".bss", name, variable_out);
}

/* The range of the manifest, within what the variable can hold. */
static int check_range(const json_t *param, const struct variable *variable, int64_t value,
		       struct error *err)
{
	unsigned bits = 8 * variable->size;
	int64_t most =
		bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - (variable->is_signed ? 1 : 0))) - 1;
	int64_t least = variable->is_signed ? -most - 1 : 0;
	int64_t min = json_get_int(param, "min", least), max = json_get_int(param, "max", most);

	min = min < least ? least : min;
	max = max > most ? most : max;
	if (value >= min && value <= max)
		return 0;
	return error_set(err, -ERANGE, "the parameter '%s' is from %jd to %jd, not %jd",
			 json_get_text(param, "name", ""), (intmax_t)min, (intmax_t)max,
			 (intmax_t)value);
}

static int set_one(const struct object *object, const json_t *param, const json_t *value,
		   struct error *err)
{
	const char *name = json_get_text(param, "name", "");
	struct variable variable;
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return error_set(err, -EINVAL, "the parameter '%s' is a whole number", name);
	if (!find(object, param, &variable))
		return error_set(
			err, -ENOENT, "the object has no %s number '%s', which its manifest names",
			json_get_bool(param, "mutable", false) ? "changeable" : "constant", name);
	if (check_range(param, &variable, number, err) < 0)
		return err->code;
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes come first");
	memcpy(variable.at, &number, variable.size);
	return 0;
}

static int check_names(const json_t *declared, const json_t *params, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)params, name, value)
	{
		const json_t *param;
		bool is_known = false;
		size_t i;

		json_array_foreach(declared, i, param)
		{
			is_known = is_known || strcmp(json_get_text(param, "name", ""), name) == 0;
		}
		if (!is_known)
			return error_set(err, -EINVAL, "there is no parameter '%.60s'", name);
	}
	return 0;
}

int object_set_params(struct object *object, const json_t *params, struct error *err)
{
	const json_t *declared = json_object_get(object->manifest.document, "params"), *param;
	size_t i;

	if (check_names(declared, params, err) < 0)
		return err->code;
	json_array_foreach(declared, i, param)
	{
		const json_t *value = json_object_get(params, json_get_text(param, "name", ""));

		if (!value)
			value = json_object_get(param, "default");
		if (value && set_one(object, param, value, err) < 0)
			return err->code;
	}
	return 0;
}
