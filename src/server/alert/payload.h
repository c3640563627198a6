/*
 * From a payload to alerts, for each kind of integration. Pure: no store, no clock.
 *
 * Formats: Alertmanager's webhook of version "4" (prometheus.io/docs/alerting/latest/
 * configuration/#webhook_config), Grafana's of the same family (grafana.com/docs, "webhook
 * notifier"), PagerDuty's webhooks v3 (developer.pagerduty.com/docs/webhooks-overview).
 */
#pragma once

#include "server/alert/alert.h"

enum alert_kind {
	ALERT_ALERTMANAGER,
	ALERT_GRAFANA,
	ALERT_PAGERDUTY,
	ALERT_GENERIC,
	ALERT_SLACK, /* tells no alerts, but what people click there (server/chat/chat.h) */
};

#define ALERT_N_KINDS 5
#define ALERT_DELIVERY_BYTES 129

const char *alert_kind_name(enum alert_kind kind);
bool alert_kind_from_name(const char *name, enum alert_kind *kind_out);

struct alert_source {
	enum alert_kind kind;
	const char *integration;
	const json_t *settings; /* of the integration, checked; or NULL */
};

struct alert_payload {
	json_t *alerts;                      /* in the one form of alert.h */
	char delivery[ALERT_DELIVERY_BYTES]; /* the sender's own id of it, or "" */
	unsigned n_ignored;                  /* events that say nothing about an alert */
};

/*
 * Takes at most ALERT_MAX_BODY_BYTES. -EBADMSG with one sentence: not JSON, too deep, or not
 * what the kind sends; -E2BIG: more than ALERT_MAX_ALERTS.
 */
int alert_payload_read(const struct alert_source *source, struct str bytes,
		       struct alert_payload *payload_out, struct error *err) MUST_CHECK;
void alert_payload_finish(struct alert_payload *payload);

/* A delivery such as the kind sends, for people to see what becomes of it. */
const char *alert_payload_sample(enum alert_kind kind);
