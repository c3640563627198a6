/*
 * The mapping of a generic integration: where in its JSON an alert's members stand.
 *
 *   {"alerts": "/events",          an array of alerts; without it the document is one alert,
 *                                  or has them in "alerts", or is an array of them
 *    "name": "/check/title",       JSON pointers (RFC 6901), looked up in the alert, then in
 *                                  the document
 *    "fingerprint", "status", "severity", "summary", "group", "starts_at", "ends_at", "url",
 *    "delivery",                   the sender's id of the delivery, in the document
 *    "labels": "/tags",            an object, or {"host": "/host/name", ...}
 *    "annotations",                likewise
 *    "resolved": ["ok", "up"]}     texts of the status that mean: resolved
 *
 * A member that is not mapped stands at a pointer of its own name ("/name"), so that a sender
 * who writes our names needs no mapping.
 */
#pragma once

#include "base/json.h"

#define MAPPING_POINTER_BYTES 256

/* -EINVAL with a sentence for what is none. */
int mapping_check(const json_t *mapping, struct error *err) MUST_CHECK;

/* What a pointer leads to, borrowed, or NULL. "" is the document itself. */
json_t *mapping_find(const json_t *document, const char *pointer);

/* The pointer of a member that is one, never NULL. */
const char *mapping_pointer(const json_t *mapping, const char *member, char otherwise[32]);
