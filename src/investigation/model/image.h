/*
 * Images of a request, for models that see: {"media_type", "data"}, Base64. PNG, JPEG, GIF and
 * WebP, by their first bytes (w3.org/TR/png, RFC 9649 and the like), whatever they are called. All
 * together have to fit a frame of the channel, beside the rest.
 */
#pragma once

#include "base/json.h"

#define IMAGES_MAX 10
#define IMAGES_MAX_BYTES (2560 * KIB) /* of their Base64, all together */

/* "image/png" ..., by what it is; NULL for what is no image. */
const char *image_type(const char *data, size_t len);

/* -EINVAL, -E2BIG with a sentence that names the member: "/images/0/media_type: ...". */
int images_check(const json_t *images, struct error *err) MUST_CHECK;
