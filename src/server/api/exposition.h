/*
 * Our own metrics for who reads no Prometheus: the page in its text format as JSON.
 *
 * {"counters": {"http_requests_total{status=\"2xx\"}": 7, ...}, "gauges": {...}}; names without
 * "constable_", with their labels; the parts of a histogram count as counters. A new reference.
 */
#pragma once

#include "base/json.h"

json_t *exposition_json(const char *page);
