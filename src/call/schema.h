/*
 * Checks JSON against the subset of JSON Schema (2020-12) that tools, policy
 * and knowledge files use: type, properties, required, additionalProperties
 * (false or a schema), enum, const, minimum, maximum, minLength, maxLength,
 * pattern-free "format": "path" (absolute, no NUL), items, minItems, maxItems,
 * default, description, title. Any other keyword is refused by schema_check_self(),
 * so that a schema never promises what is not checked. Depth is bounded.
 */
#pragma once

#include "base/json.h"

/*
 * 0, or -EINVAL with a sentence that names the place as a JSON pointer:
 * "/pid: 0 is below the minimum of 1".
 */
int schema_check(const json_t *schema, const json_t *value, struct error *err) MUST_CHECK;

/* Puts the schema's top-level defaults where 'object' has no such member. */
void schema_add_defaults(const json_t *schema, json_t *object);

/* Whether the schema itself uses only known keywords in their right types. */
int schema_check_self(const json_t *schema, struct error *err) MUST_CHECK;
