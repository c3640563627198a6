#include "kernel/trace/point_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/trace/names.h"
#include "kernel/trace/registers_internal.h"

unsigned point_ways(enum trace_type asked, const enum trace_type **ways_out)
{
	static const struct {
		unsigned n;
		enum trace_type ways[3];
	} all[TRACE_TYPE_N] = {
		/* The first two give a program the same, and a raw one asks for no type
		 * information; the third has names of its own, and takes long to let go. */
		[TRACE_TRACEPOINT] = { 3, { TRACE_RAW, TRACE_BTF, TRACE_PERF } },
		[TRACE_RAW] = { 1, { TRACE_RAW } },
		[TRACE_BTF] = { 2, { TRACE_BTF, TRACE_RAW } },
		[TRACE_PERF] = { 1, { TRACE_PERF } },
		[TRACE_KPROBE] = { 2, { TRACE_KPROBE, TRACE_FENTRY } },
		[TRACE_KRETPROBE] = { 2, { TRACE_KRETPROBE, TRACE_FEXIT } },
		[TRACE_FENTRY] = { 2, { TRACE_FENTRY, TRACE_KPROBE } },
		[TRACE_FEXIT] = { 2, { TRACE_FEXIT, TRACE_KRETPROBE } },
		[TRACE_UPROBE] = { 1, { TRACE_UPROBE } },
		[TRACE_URETPROBE] = { 1, { TRACE_URETPROBE } },
	};

	*ways_out = all[asked].ways;
	return all[asked].n;
}

static int init_syscall(struct point *point, const char *name, struct error *err)
{
	bool is_enter = strncmp(name, "sys_enter", 9) == 0;
	const char *one = name + (is_enter ? 9 : 8);

	point->kind = is_enter ? POINT_SYSCALL_ENTER : POINT_SYSCALL_EXIT;
	text_copy(point->name, sizeof(point->name), is_enter ? "sys_enter" : "sys_exit");
	if (*one != '_')
		return 0;
	point->syscall = names_find_syscall(one + 1);
	return point->syscall >= 0
		       ? 0
		       : error_set(err, -ENOENT, "there is no system call '%s' here", one + 1);
}

int point_init(const struct trace_probe *probe, enum trace_type type, struct point *point_out,
	       struct error *err)
{
	bool is_whole = type == TRACE_PERF || type >= TRACE_UPROBE;
	const char *colon = is_whole ? NULL : strrchr(probe->target, ':');
	const char *name = colon ? colon + 1 : probe->target;
	struct point point = { .type = type, .syscall = -1 };
	int r = 0;

	text_copy(point.name, sizeof(point.name), name);
	if (type <= TRACE_BTF &&
	    (strncmp(name, "sys_enter", 9) == 0 || strncmp(name, "sys_exit", 8) == 0))
		r = init_syscall(&point, name, err);
	if (r == 0)
		*point_out = point;
	return r;
}

/* --- places ----------------------------------------------------------------------- */

static bool is_returning(const struct point *point)
{
	return point->type == TRACE_KRETPROBE || point->type == TRACE_FEXIT ||
	       point->type == TRACE_URETPROBE;
}

/* It is told by the registers of the moment. */
static bool has_registers(const struct point *point)
{
	return point->type == TRACE_KPROBE || point->type == TRACE_KRETPROBE ||
	       point->type >= TRACE_UPROBE;
}

static int number_of(const char *word)
{
	return strncmp(word, "arg", 3) == 0 && word[3] >= '0' && word[3] <= '9' && !word[4]
		       ? word[3] - '0'
		       : -1;
}

static void add_step(struct place *place, unsigned offset)
{
	place->offsets[place->n_steps++] = offset;
}

/* A system call is told by its registers, which the first argument points to. */
static int find_of_syscall(const struct point *point, const char *word, struct place *place)
{
	bool is_enter = point->kind == POINT_SYSCALL_ENTER;
	int argument = number_of(word);

	place->shape = (struct types_shape) { .size = 8, .is_signed = true };
	if (strcmp(word, "ret") == 0 && !is_enter) {
		add_step(place, 8);
		return 0;
	}
	if (strcmp(word, "id") == 0 && is_enter) {
		add_step(place, 8);
		return 0;
	}
	add_step(place, 0);
	if (strcmp(word, "id") == 0) {
		place->shape.size = 4;
		add_step(place, (unsigned)registers_syscall);
		return 0;
	}
	if (argument < 0 || argument > 5 || !is_enter)
		return -ENOENT;
	add_step(place, (unsigned)registers_syscall_argument((unsigned)argument));
	return 0;
}

static int find_function(struct types *types, const struct point *point,
			 struct types_function *function, struct error *err)
{
	return point->type <= TRACE_BTF ? types_find_tracepoint(types, point->name, function, err)
					: types_find_function(types, point->name, function, err);
}

/* Registers of a probed function; what returns has its arguments no more. */
static int find_register(const struct point *point, int argument, struct place *place)
{
	int offset = argument < 0 ? registers_return : registers_argument((unsigned)argument);

	if (offset < 0 || (argument < 0) != is_returning(point))
		return -ENOENT;
	add_step(place, (unsigned)offset);
	return 0;
}

static int find_root(struct types *types, const struct point *point, const char *word,
		     struct place *place, int *type_out, struct error *err)
{
	bool is_register = has_registers(point);
	bool is_return = strcmp(word, "ret") == 0 && is_returning(point);
	int argument = number_of(word);
	struct types_function function;
	unsigned at = argument < 0 ? 0 : (unsigned)argument;
	int r;

	place->shape = (struct types_shape) { .size = 8, .is_signed = is_return };
	*type_out = 0;
	if (is_register && (is_return || argument >= 0))
		return find_register(point, is_return ? -1 : argument, place);
	if (argument >= 0) {
		add_step(place, 8 * at);
		return 0;
	}
	if (point->type >= TRACE_UPROBE)
		return -ENOENT; /* of a program only registers are known */
	r = find_function(types, point, &function, err);
	if (r < 0)
		return r;
	if (is_return) {
		at = types_n_arguments(types, &function);
		*type_out = types_return(types, &function);
	} else if (types_find_argument(types, &function, word, &at, type_out) < 0) {
		return -ENOENT;
	}
	if (is_register)
		return find_register(point, (int)at, place);
	add_step(place, 8 * at);
	return 0;
}

static int find_members(struct types *types, char *rest, int type, struct place *place)
{
	char *word, *at = rest;

	while ((word = strsep(&at, "."))) {
		unsigned offset;
		bool is_followed;

		if (!type || place->n_steps == POINT_MAX_STEPS ||
		    types_find_member(types, type, word, &offset, &is_followed, &type) < 0)
			return -ENOENT;
		if (is_followed)
			add_step(place, offset);
		else if (place->n_steps > 1)
			place->offsets[place->n_steps - 1] += offset;
		else
			return -ENOENT;
	}
	place->shape = types_shape_of(types, type);
	return 0;
}

static int find_in_context(struct types *types, const struct point *point, const char *path,
			   struct place *place, struct error *err)
{
	char text[TRACE_PATH_BYTES];
	char *rest = text, *word;
	int type, r;

	text_copy(text, sizeof(text), path);
	word = strsep(&rest, ".");
	if (point->kind != POINT_PLAIN)
		return rest ? -ENOENT : find_of_syscall(point, word, place);
	r = find_root(types, point, word, place, &type, err);
	if (r < 0)
		return r;
	if (rest)
		return find_members(types, rest, type, place);
	if (type)
		place->shape = types_shape_of(types, type);
	return 0;
}

/* Texts are where a number says, or a place of so many bytes. */
static int find_in_record(const struct point *point, const char *path, struct place *place)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(point->record, "fields"), i, field)
	{
		unsigned size = (unsigned)json_get_int(field, "size", 0);

		if (strcmp(json_get_text(field, "name", ""), path) != 0)
			continue;
		place->base = PLACE_RECORD;
		place->is_located = json_get_bool(field, "located", false);
		add_step(place, (unsigned)json_get_int(field, "offset", 0));
		place->shape = (struct types_shape) {
			.size = size == 1 || size == 2 || size == 4 ? size : 8,
			.is_signed = json_get_bool(field, "signed", false),
			.is_array = json_get_bool(field, "array", false),
		};
		return 0;
	}
	return -ENOENT;
}

static int find_one(struct types *types, const struct point *point, const char *path,
		    struct place *place, struct error *err)
{
	static const char *const bases[PLACE_RECORD] = {
		"pid",   "tid",       "comm",       "uid",        "cpu",          "cgroup",
		"probe", "start.pid", "start.comm", "start.kept", "kernel_stack", "user_stack",
	};

	*place = (struct place) { .shape.size = 8 };
	for (unsigned i = 0; i < PLACE_RECORD; i++) {
		if (strcmp(bases[i], path) != 0)
			continue;
		place->base = (enum place_base)i;
		return 0;
	}
	if (point->type == TRACE_PERF)
		return find_in_record(point, path, place);
	place->base = PLACE_CONTEXT;
	return find_in_context(types, point, path, place, err);
}

static void list_record(const json_t *record, char *text, size_t size)
{
	const json_t *field;
	size_t i;

	text[0] = '\0';
	json_array_foreach(json_object_get(record, "fields"), i, field)
	{
		size_t len = strlen(text);

		text_format(text + len, size - len, "%s%s", len ? ", " : "",
			    json_get_text(field, "name", "?"));
	}
}

/* What a field may begin with here: whoever has to guess names should not have to. */
static void describe(struct types *types, const struct point *point, char *text, size_t size)
{
	struct types_function function;
	struct error err = { 0 };

	if (point->type == TRACE_PERF)
		list_record(point->record, text, size);
	else if (point->kind == POINT_SYSCALL_ENTER)
		text_copy(text, size, "id, arg0 to arg5");
	else if (point->kind == POINT_SYSCALL_EXIT)
		text_copy(text, size, "id, ret");
	else if (point->type >= TRACE_UPROBE)
		text_copy(text, size, is_returning(point) ? "ret" : "arg0 to arg5");
	else if (find_function(types, point, &function, &err) == 0)
		types_list_arguments(types, &function, text, size);
	else
		text_copy(text, size, "arg0 and so on");
}

int place_find(struct types *types, const struct point *point, const struct trace_field *field,
	       struct place *place_out, struct error *err)
{
	char text[TRACE_PATH_BYTES];
	char *rest = text, *path;
	struct error why = { 0 };
	char known[160];

	text_copy(text, sizeof(text), field->path);
	while ((path = strsep(&rest, "|"))) {
		struct place place;

		if (find_one(types, point, path, &place, &why) < 0)
			continue;
		*place_out = place;
		return 0;
	}
	if (why.code)
		return error_set(err, why.code, "field '%s': %s", field->path, why.text);
	describe(types, point, known, sizeof(known));
	return error_set(err, -ENOENT, "'%s' has no field '%s' on this kernel; it has %s",
			 point->name, field->path, known);
}
