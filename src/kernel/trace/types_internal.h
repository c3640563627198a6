/*
 * What the kernel says about its own types (BTF): arguments of its tracepoints and functions, and
 * where members lie. Read when first asked for, which takes some 15 ms.
 */
#pragma once

#include "base/error.h"

#define TYPES_REMEMBERED 8

struct types {
	/* private */
	struct btf *btf;
	/* What was found: to look for a name is to go through a hundred thousand. */
	struct {
		char name[160];
		unsigned kind;
		int id;
	} found[TYPES_REMEMBERED];
	unsigned n_found;
};

void types_cleanup(struct types *types);

/* A list of parameters: of a tracepoint, or of a function. */
struct types_function {
	int prototype; /* BTF id */
	int first;     /* parameter that counts as argument 0 */
};

/* 0, -ENOENT for none of that name, or -ENOTSUP where the kernel has no type information. */
int types_find_tracepoint(struct types *types, const char *name, struct types_function *out,
			  struct error *err) MUST_CHECK;
int types_find_function(struct types *types, const char *name, struct types_function *out,
			struct error *err) MUST_CHECK;

/* The id that a program of type btf, fentry or fexit is loaded with, or as above. */
int types_attach_id(struct types *types, const char *prefix, const char *name, unsigned kind,
		    struct error *err) MUST_CHECK;

unsigned types_n_arguments(const struct types *types, const struct types_function *function);

/* An argument's place and type (BTF id) by name. -ENOENT. */
int types_find_argument(const struct types *types, const struct types_function *function,
			const char *name, unsigned *place_out, int *type_out) MUST_CHECK;

/* "prev, next, prev_state": their names, cut where 'text' ends. */
void types_list_arguments(const struct types *types, const struct types_function *function,
			  char *text, size_t size);

/* Of its result, 0 for void. */
int types_return(const struct types *types, const struct types_function *function);

/*
 * From a type to its member: a pointer is followed first ('is_followed_out'), members of unnamed
 * parts count as the whole's. -ENOENT.
 */
int types_find_member(const struct types *types, int type, const char *name, unsigned *offset_out,
		      bool *is_followed_out, int *type_out) MUST_CHECK;

/* The same of a struct by its name. */
int types_offset_in(struct types *types, const char *name, const char *member, unsigned *offset_out,
		    struct error *err) MUST_CHECK;

struct types_shape {
	unsigned size;
	bool is_signed;
	bool is_array; /* its address is the value */
};

struct types_shape types_shape_of(const struct types *types, int type);
