/* The parts of a request that are read by themselves. */
#pragma once

#include "kernel/trace/request.h"

/* [NAME=]PATH[|PATH...][:FORMAT]. 0, or -EINVAL with a sentence. */
int trace_field_parse(const char *text, struct trace_field *field_out,
		      struct error *err) MUST_CHECK;

/* One more filter; 'value' is a number, a name, an array of them, or "{FIELD}". */
int trace_filter_add(struct trace_probe *probe, const char *field, const char *op,
		     const json_t *value, struct error *err) MUST_CHECK;

/* Its place among the words, or -EINVAL: "there is no type 'x'". */
int trace_find_word(const char *const *words, unsigned n, const char *what, const char *word,
		    struct error *err) MUST_CHECK;
