/*
 * The settings of an integration, by its kind: {"mapping"} of a generic one, see mapping.h;
 * {"signature_header", "timestamp_header"} of Grafana, where it uses others than usual; of Slack
 * {"people": [{"id", "name", "role"}], "team"?, "answers_url"?}: who there may answer and refuse,
 * by Slack's ids, as which role of ours; and what the addresses begin with that Slack wants
 * answers at (SLACK_ANSWERS_URL).
 */
#pragma once

#include "server/alert/payload.h"

#define SLACK_ANSWERS_URL "https://hooks.slack.com/"
#define SLACK_MAX_PEOPLE 500

/* -EINVAL with a sentence. */
int alert_settings_check(enum alert_kind kind, const json_t *settings,
			 struct error *err) MUST_CHECK;
/* As they are stored: names of headers in lower case. A new reference. */
json_t *alert_settings_stored(const json_t *settings);
