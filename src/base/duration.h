/* Durations as people write them: "90", "90s", "15m", "2h", "1d", "250ms", "1h30m". */
#pragma once

#include "base/base.h"

#define DURATION_TEXT_BYTES 32

/* The longest that is taken: ten years. */
#define DURATION_MAX_NS (UINT64_C(10) * 365 * 86400 * NS_PER_SEC)

/* A number without a unit counts seconds. False, and nothing written, for anything else. */
bool duration_from_text(const char *text, uint64_t *ns_out);

/* The two largest units: "250 ms", "4.2 s", "15 min", "2 h 5 min", "3 d"; returns 'text'. */
const char *duration_to_text(uint64_t ns, char text[DURATION_TEXT_BYTES]);
