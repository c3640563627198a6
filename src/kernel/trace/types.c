#include "kernel/trace/types_internal.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#define MAX_DEPTH 8 /* of unnamed parts in one another */

void types_cleanup(struct types *types)
{
	btf__free(types->btf);
}

static int open_types(struct types *types, struct error *err)
{
	if (!types->btf)
		types->btf = btf__load_vmlinux_btf();
	if (!types->btf)
		return error_set(err, -ENOTSUP,
				 "this kernel tells no types (/sys/kernel/btf/vmlinux); use argN");
	return 0;
}

static int find_id(struct types *types, const char *name, unsigned kind)
{
	unsigned at = types->n_found % TYPES_REMEMBERED;
	int id;

	for (unsigned i = 0; i < types->n_found && i < TYPES_REMEMBERED; i++)
		if (types->found[i].kind == kind && strcmp(types->found[i].name, name) == 0)
			return types->found[i].id;
	id = btf__find_by_name_kind(types->btf, name, kind);
	text_copy(types->found[at].name, sizeof(types->found[at].name), name);
	types->found[at].kind = kind;
	types->found[at].id = id;
	types->n_found++;
	return id;
}

int types_attach_id(struct types *types, const char *prefix, const char *name, unsigned kind,
		    struct error *err)
{
	char text[sizeof(types->found->name)];
	int id = open_types(types, err);

	if (id < 0)
		return id;
	text_format(text, sizeof(text), "%s%s", prefix, name);
	id = find_id(types, text, kind);
	return id > 0 ? id : error_set(err, -ENOENT, "this kernel has no '%s'", name);
}

int types_find_tracepoint(struct types *types, const char *name, struct types_function *out,
			  struct error *err)
{
	/* The function that calls all programs names the arguments, the typedef may not. */
	int id = types_attach_id(types, "__traceiter_", name, BTF_KIND_FUNC, err);

	if (id > 0) {
		*out = (struct types_function) {
			.prototype = (int)btf__type_by_id(types->btf, (uint32_t)id)->type,
			.first = 1,
		};
		return 0;
	}
	id = types_attach_id(types, "btf_trace_", name, BTF_KIND_TYPEDEF, err);
	if (id < 0)
		return id;
	id = btf__resolve_type(types->btf, id); /* a pointer to the prototype */
	id = id > 0 ? (int)btf__type_by_id(types->btf, (uint32_t)id)->type : -1;
	if (id <= 0 || !btf_is_func_proto(btf__type_by_id(types->btf, (uint32_t)id)))
		return error_set(err, -ENOENT, "the arguments of '%s' are not known", name);
	/* The first parameter is the tracepoint's own. */
	*out = (struct types_function) { .prototype = id, .first = 1 };
	return 0;
}

int types_find_function(struct types *types, const char *name, struct types_function *out,
			struct error *err)
{
	int id = types_attach_id(types, "", name, BTF_KIND_FUNC, err);

	if (id < 0)
		return id;
	*out = (struct types_function) {
		.prototype = (int)btf__type_by_id(types->btf, (uint32_t)id)->type,
	};
	return 0;
}

unsigned types_n_arguments(const struct types *types, const struct types_function *function)
{
	const struct btf_type *type = btf__type_by_id(types->btf, (uint32_t)function->prototype);

	return btf_vlen(type) - (unsigned)function->first;
}

int types_find_argument(const struct types *types, const struct types_function *function,
			const char *name, unsigned *place_out, int *type_out)
{
	const struct btf_type *type = btf__type_by_id(types->btf, (uint32_t)function->prototype);
	const struct btf_param *params = btf_params(type);

	for (unsigned i = (unsigned)function->first; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(types->btf, params[i].name_off), name) != 0)
			continue;
		*place_out = i - (unsigned)function->first;
		*type_out = (int)params[i].type;
		return 0;
	}
	return -ENOENT;
}

void types_list_arguments(const struct types *types, const struct types_function *function,
			  char *text, size_t size)
{
	const struct btf_type *type = btf__type_by_id(types->btf, (uint32_t)function->prototype);
	const struct btf_param *params = btf_params(type);

	text[0] = '\0';
	for (unsigned i = (unsigned)function->first; i < btf_vlen(type); i++) {
		size_t len = strlen(text);

		text_format(text + len, size - len, "%s%s", len ? ", " : "",
			    btf__name_by_offset(types->btf, params[i].name_off));
	}
}

int types_return(const struct types *types, const struct types_function *function)
{
	return (int)btf__type_by_id(types->btf, (uint32_t)function->prototype)->type;
}

static int find_in(const struct btf *btf, int id, const char *name, unsigned base, int depth,
		   unsigned *offset_out, int *type_out)
{
	const struct btf_type *type = btf__type_by_id(btf, (uint32_t)id);
	const struct btf_member *member = btf_members(type);

	if (!btf_is_composite(type) || depth == MAX_DEPTH)
		return -ENOENT;
	for (unsigned i = 0; i < btf_vlen(type); i++, member++) {
		const char *its_name = btf__name_by_offset(btf, member->name_off);
		unsigned at = base + btf_member_bit_offset(type, i) / 8;

		if (strcmp(its_name, name) == 0) {
			if (btf_member_bitfield_size(type, i))
				return -ENOENT; /* not whole bytes */
			*offset_out = at;
			*type_out = (int)member->type;
			return 0;
		}
		if (!*its_name && find_in(btf, btf__resolve_type(btf, member->type), name, at,
					  depth + 1, offset_out, type_out) == 0)
			return 0;
	}
	return -ENOENT;
}

int types_find_member(const struct types *types, int type, const char *name, unsigned *offset_out,
		      bool *is_followed_out, int *type_out)
{
	int id = btf__resolve_type(types->btf, (uint32_t)type);
	const struct btf_type *its = id >= 0 ? btf__type_by_id(types->btf, (uint32_t)id) : NULL;

	if (!its)
		return -ENOENT;
	*is_followed_out = btf_is_ptr(its);
	if (btf_is_ptr(its))
		id = btf__resolve_type(types->btf, its->type);
	return id > 0 ? find_in(types->btf, id, name, 0, 0, offset_out, type_out) : -ENOENT;
}

int types_offset_in(struct types *types, const char *name, const char *member, unsigned *offset_out,
		    struct error *err)
{
	int type, id = types_attach_id(types, "", name, BTF_KIND_STRUCT, err);

	if (id < 0)
		return id;
	if (find_in(types->btf, id, member, 0, 0, offset_out, &type) < 0)
		return error_set(err, -ENOENT, "this kernel's %s has no '%s'", name, member);
	return 0;
}

struct types_shape types_shape_of(const struct types *types, int type)
{
	int id = btf__resolve_type(types->btf, (uint32_t)type);
	const struct btf_type *its = id > 0 ? btf__type_by_id(types->btf, (uint32_t)id) : NULL;
	int64_t size = its ? btf__resolve_size(types->btf, (uint32_t)id) : 0;

	return (struct types_shape) {
		.size = size == 1 || size == 2 || size == 4 ? (unsigned)size : 8,
		.is_signed = its && btf_is_int(its) && btf_int_encoding(its) & BTF_INT_SIGNED,
		.is_array = its && (btf_is_array(its) || btf_is_composite(its)),
	};
}
