/* Lines of the kernel log that hold one of some words, by way of the broker. */
#pragma once

#include "call/tool.h"

/* Lines with one of 'words' (NULL-terminated), the latest 'max' as texts. A new
 * array; where the log may not be read, empty and noted in result.unread. */
json_t *kernel_lines_find(struct task *task, const char *const *words, size_t max, json_t *result);
