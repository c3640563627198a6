/*
 * Arguments of a tool from words like "path=/var/log" "depth=3" "paths=/a,/b".
 * The tool's schema says what a word becomes: text, number, yes or no, a list.
 */
#pragma once

#include "base/json.h"

/* A new object, or NULL with an 'err' (-EINVAL) that names the word and what the tool takes. */
json_t *arguments_from_words(const json_t *schema, const char *const *words, size_t n,
			     struct error *err);

/* "integer from 1 to 100": the type of one property, for people. */
void arguments_describe(const json_t *property, char *text, size_t size);
