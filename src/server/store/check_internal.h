/* What is wrong with a batch is said before it is sent: bounds, texts, the org. */
#pragma once

#include "base/error.h"
#include "server/store/batch.h"

/* 0 and the size it has on the wire at most; -EINVAL or -E2BIG with 'err'. */
int batch_check(const struct store_batch *batch, size_t *n_bytes_out, struct error *err) MUST_CHECK;
