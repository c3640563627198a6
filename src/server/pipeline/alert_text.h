/*
 * Text of an alert: its members by name, and templates that are filled from them.
 *
 * An alert is the JSON that server/alert/alert.h describes. In a template, {labels.NAME} and
 * {annotations.NAME} stand for what the alert has there, {name}, {severity} and {group} for its
 * own members; "{{" is a brace.
 */
#pragma once

#include "base/json.h"

#define ALERT_FILLED_BYTES 512

/* A label; where there is none, the alert's own name for "alertname" and its "severity"; or "". */
const char *alert_label(const json_t *alert, const char *name);

/* 0, or -EINVAL for what is no template. */
int alert_template_check(const char *template, struct error *err) MUST_CHECK;

/*
 * False where the alert lacks what the template names, or the text would not fit: half a name
 * is not the name of anything.
 */
bool alert_template_fill(const char *template, const json_t *alert, char text[ALERT_FILLED_BYTES]);

/* The hosts that its labels name, as alert_host() gives them; returns how many. */
#define ALERT_MAX_HOSTS 5
unsigned alert_hosts(const json_t *alert, char hosts[ALERT_MAX_HOSTS][ALERT_FILLED_BYTES]);

/*
 * The host of what alerts call an instance: "web1:9100", "https://web1/health",
 * "[2001:db8::1]:80". Lower case; false where there is none in it.
 */
bool alert_host(const char *instance, char host[ALERT_FILLED_BYTES]);
