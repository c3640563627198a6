/* Differences between JSON documents: JSON merge patches (RFC 7396). */
#pragma once

#include "base/json.h"

/*
 * What makes 'old' into 'new': a new reference; an empty object where nothing differs.
 * Both are objects. Lists are replaced as a whole. As a patch says "remove" with
 * null, a member that is null in 'new' is left out there too.
 */
json_t *json_difference(const json_t *old, const json_t *new);

/* Applies a patch of any origin to the object 'target'. */
void json_merge(json_t *target, const json_t *patch);
