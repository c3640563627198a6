/*
 * One alert being made in the form of alert.h: every text is bounded, and what had to be cut
 * says so.
 */
#pragma once

#include "server/alert/payload.h"

/* A new object with every member there and empty. Never NULL. */
json_t *item_new(const struct alert_source *source);

/* Cuts at a character's border. NULL leaves the member as it is. */
void item_put_text(json_t *item, const char *member, const char *text, size_t max_bytes);
/* "links": only http and https. */
void item_put_link(json_t *item, const char *name, const char *url);
/* "labels" and "annotations" from an object; what is no text becomes its JSON. */
void item_put_map(json_t *item, const char *member, const json_t *object, size_t max_bytes);
void item_put_label(json_t *item, const char *name, const char *value);
/* "details": takes the reference, NULL is none; what is too long is left out. */
void item_put_detail(json_t *item, const char *name, json_t *value);

/*
 * A time in RFC 3339, or as a number of seconds or milliseconds since 1970. null and the zero
 * times of Go, and 0, are none. -EBADMSG for what is no time.
 */
int item_put_time(json_t *item, const char *member, const json_t *value,
		  struct error *err) MUST_CHECK;

/* Any word for a severity that systems use, as ours: "P1" is critical; "" for no such word. */
const char *item_severity(const char *word);

/* Fills in what was not told: fingerprint, group and severity, from labels and name. */
void item_complete(json_t *item);
