/*
 * Signatures of webhooks: HMAC-SHA256 over the raw bytes of the body, as lower-case hex,
 * compared in constant time.
 *
 * Grafana: "X-Grafana-Alerting-Signature: HEX" over the body, or over "TIME:" and the body
 * where it also sends a timestamp (unix seconds). PagerDuty: "X-PagerDuty-Signature:
 * v1=HEX,v1=HEX", one for each secret that is valid there. Slack: "X-Slack-Signature: v0=HEX"
 * over "v0:TIME:" and the body (docs.slack.dev, verifying requests from Slack).
 */
#pragma once

#include "base/scan.h"

#define SIGNATURE_HEX_BYTES 65
#define SIGNATURE_MAX_GIVEN 8 /* of one header; more are not looked at */

/* Whether 'given' is the signature of 'head', a colon and 'body'; 'head' NULL: of 'body'. */
bool signature_holds(struct str given, struct str secret, const char *head, struct str body);

/* The next of a header's "v1=HEX" signatures; false at its end. Others are passed over. */
bool signature_next(const char **at, struct str *signature_out);
