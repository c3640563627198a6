/* How the files of the outline add to it. */
#pragma once

#include "report/outline.h"

void outline_add(struct outline *outline, enum piece_kind kind, const char *label,
		 const char *format, ...) PRINTF_LIKE(4, 5);
/* "and N more", where some were not shown. */
void outline_add_left(struct outline *outline, size_t n_all, size_t n_shown);

/* "services" and "affects" of the report, or else of the incident; each may be NULL. */
void outline_add_impact(struct outline *outline, const json_t *incident, const json_t *report);
