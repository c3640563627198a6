/*
 * A collector of OpenTelemetry: where traces go (OTLP/HTTP, JSON), and the headers that it wants,
 * which are secrets. An operator names it, so it may lie in a private network and speak HTTP.
 */
#pragma once

#include "base/buf.h"
#include "courier/courier.h"

#define COLLECTOR_URL_BYTES 2048
#define COLLECTOR_MAX_HEADERS 8
#define COLLECTOR_HEADERS_MAX_BYTES (8 * KIB)
#define COLLECTOR_TIMEOUT_NS (5 * NS_PER_SEC)

struct collector_settings {
	const char *endpoint;     /* "http://host:4318", with or without /v1/traces */
	const char *headers_file; /* mode 0600, "Name: value" in lines; NULL or "": none */
	/* OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value", values percent-encoded; or NULL.
	 * (opentelemetry.io/docs/specs/otel/protocol/exporter) */
	const char *headers;
	uint64_t timeout_ns; /* of one request; 0: COLLECTOR_TIMEOUT_NS */
};

struct collector {
	char url[COLLECTOR_URL_BYTES];
	struct courier_header headers[COLLECTOR_MAX_HEADERS];
	size_t n_headers;

	/* private */
	struct buf texts[2]; /* what the headers point into */
	uint64_t timeout_ns;
};

/* -EINVAL names the setting that is wrong; otherwise what file_load_private() says. */
int collector_init(struct collector *collector, const struct collector_settings *settings,
		   struct error *err) MUST_CHECK;
void collector_finish(struct collector *collector);
void collector_cleanup(struct collector *collector);

/* A POST of 'body', which is borrowed like the collector; wants "retry-after". */
struct courier_request collector_request(const struct collector *collector, const char *body);

/* Whether a trace that was answered so may be sent again. */
bool collector_is_busy(unsigned status);
