/* Names that a call gives, among those that a manifest has: arrays of objects with a "name". */
#pragma once

#include "base/json.h"

/* Borrowed, or NULL. */
const json_t *name_find(const json_t *items, const char *name);

/* -EINVAL: "there is no WHAT 'NAME'", and which it may have been meant for. Returns that. */
int name_unknown(const char *what, const json_t *items, const char *name, struct error *err);
