/* How the files of the outline add to it. */
#pragma once

#include "report/outline.h"

void outline_add(struct outline *outline, enum piece_kind kind, const char *label,
		 const char *format, ...) PRINTF_LIKE(4, 5);
/* "and N more", where some were not shown. */
void outline_add_left(struct outline *outline, size_t n_all, size_t n_shown);

/* "WORD #12: TITLE"; as asprintf(). */
int outline_name_incident(const json_t *incident, const char *word, char **text_out);

/* All of an object of server/inquiry/appeal.h; 'incident' may be NULL. */
void outline_init_appeal(struct outline *outline, const json_t *incident, const json_t *appeal);
bool appeal_is_open(const json_t *appeal);

/* How far a remedy is that people were asked about, if they were. */
void outline_add_offer(struct outline *outline, const json_t *offer);

void outline_add_timeline(struct outline *outline, const json_t *report);

/* "services" and "affects" of the report, or else of the incident; each may be NULL. */
void outline_add_impact(struct outline *outline, const json_t *incident, const json_t *report);
