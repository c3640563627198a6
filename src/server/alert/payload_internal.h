/* What the kinds' files give each other. */
#pragma once

#include "server/alert/item.h"

/* Each fills 'payload', whose 'alerts' is an empty array. */
int payload_read_family(const struct alert_source *source, const json_t *root,
			struct alert_payload *payload, struct error *err) MUST_CHECK;
int payload_read_pagerduty(const struct alert_source *source, const json_t *root,
			   struct alert_payload *payload, struct error *err) MUST_CHECK;
int payload_read_generic(const struct alert_source *source, const json_t *root,
			 struct alert_payload *payload, struct error *err) MUST_CHECK;
