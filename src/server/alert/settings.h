/*
 * The settings of an integration, by its kind: {"mapping"} of a generic one, see mapping.h;
 * {"signature_header", "timestamp_header"} of Grafana, where it uses others than usual.
 */
#pragma once

#include "server/alert/payload.h"

/* -EINVAL with a sentence. */
int alert_settings_check(enum alert_kind kind, const json_t *settings,
			 struct error *err) MUST_CHECK;
/* As they are stored: names of headers in lower case. A new reference. */
json_t *alert_settings_stored(const json_t *settings);
