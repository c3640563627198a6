/*
 * Checks JSON against the subset of JSON Schema (2020-12) that tools, policy
 * and knowledge files use: type (one name or several), properties, required,
 * additionalProperties (false or a schema), enum, const, minimum, maximum,
 * minLength, maxLength (in code points), "format": "path" (absolute, no NUL,
 * under 4096 bytes), items, minItems, maxItems, default, description, title.
 * Any other keyword is refused by schema_check_self(), so that a schema never
 * promises what is not checked.
 *
 * Stricter than the standard in one place: an "integer" is written without a
 * fraction (1, not 1.0), because that is what json_get_int() reads.
 *
 * A check goes only as deep as the schema does, and SCHEMA_MAX_DEPTH bounds that.
 */
#pragma once

#include "base/json.h"

#define SCHEMA_MAX_DEPTH 16

/*
 * 0, or -EINVAL with a sentence that names the place as a JSON pointer:
 * "/pid: 0 is below the minimum of 1". The document itself is named "value".
 */
int schema_check(const json_t *schema, const json_t *value, struct error *err) MUST_CHECK;

/* Puts the schema's top-level defaults where 'object' has no such member. */
void schema_add_defaults(const json_t *schema, json_t *object);

/*
 * Whether the schema itself uses only known keywords in their right types,
 * requires only members it allows, and has defaults that satisfy it.
 */
int schema_check_self(const json_t *schema, struct error *err) MUST_CHECK;
