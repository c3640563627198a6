#include <errno.h>
#include <string.h>

#include "kernel/program/load/object_internal.h"

void variable_range(const json_t *param, const struct variable *variable, int64_t *min_out,
		    int64_t *max_out)
{
	unsigned bits = 8 * variable->size;
	int64_t most =
		bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - (variable->is_signed ? 1 : 0))) - 1;
	int64_t least = variable->is_signed ? -most - 1 : 0;
	int64_t min = json_get_int(param, "min", least), max = json_get_int(param, "max", most);

	*min_out = min < least ? least : min;
	*max_out = max > most ? most : max;
}

int object_find_param(const struct object *object, const json_t *param,
		      struct variable *variable_out, struct error *err)
{
	const char *name = json_get_text(param, "name", "");
	const char *block = json_get_text(param, "of", NULL);
	bool is_mutable = json_get_bool(param, "mutable", false);
	struct variable slot;

	if (block && !variable_find_slot(object, block, &slot))
		return error_set(err, -ENOENT,
				 "the object has no u32 '%s_slot', which its "
				 "manifest's '%s' needs",
				 block, block);
	if (block ? variable_find_member(object, block, name, variable_out)
		  : variable_find(object, name, is_mutable, variable_out))
		return 0;
	if (block)
		return error_set(err, -ENOENT,
				 "the object has no number '%s' in two structures '%s', which its "
				 "manifest names",
				 name, block);
	return error_set(err, -ENOENT, "the object has no %s number '%s', which its manifest names",
			 is_mutable ? "changeable" : "constant", name);
}

static int set_one(const struct object *object, const json_t *param, const json_t *value,
		   struct error *err)
{
	const char *name = json_get_text(param, "name", "");
	struct variable variable;
	int64_t number = json_integer_value(value), min, max;

	if (!json_is_integer(value))
		return error_set(err, -EINVAL, "the parameter '%s' is a whole number", name);
	if (object_find_param(object, param, &variable, err) < 0)
		return err->code;
	variable_range(param, &variable, &min, &max);
	if (number < min || number > max)
		return error_set(err, -ERANGE, "the parameter '%s' is from %jd to %jd, not %jd",
				 name, (intmax_t)min, (intmax_t)max, (intmax_t)number);
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes come first");
	memcpy(variable.at, &number, variable.size);
	/* Both structures of a block. */
	memcpy(variable.at + variable.stride, &number, variable.size);
	return 0;
}

static int check_names(const json_t *declared, const json_t *params, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)params, name, value)
	{
		if (!name_find(declared, name))
			return name_unknown("parameter", declared, name, err);
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
