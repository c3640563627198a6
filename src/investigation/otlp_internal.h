/* What the parts of otlp share: attributes and spans in the shape of the protocol. */
#pragma once

#include "base/json.h"

#define OTLP_TRACE_ID_BYTES 33
#define OTLP_SPAN_ID_BYTES 17
#define OTLP_TEXT_MAX_BYTES (16 * KIB) /* a longer attribute is cut */

enum otlp_kind {
	OTLP_INTERNAL = 1,
	OTLP_CLIENT = 3,
};

struct otlp_span {
	const char *name;
	const char *id;     /* 16 hex digits */
	const char *parent; /* the same, or NULL */
	enum otlp_kind kind;
	uint64_t start_ns, end_ns; /* wall clock */
};

/* {"traceId", ..., "attributes": []}; a new reference. */
json_t *otlp_span_new(const char *trace_id, const struct otlp_span *span);

/* A failed one. */
void otlp_span_fail(json_t *span, const char *type, const char *message);

/* Appends to the attributes of a span or a resource; NULL values are left out. */
void otlp_put_text(json_t *owner, const char *key, const char *value);
void otlp_put_count(json_t *owner, const char *key, int64_t value);
void otlp_put_number(json_t *owner, const char *key, double value);
void otlp_put_list(json_t *owner, const char *key, const char *value); /* a list of one text */

/* One event of a span. */
void otlp_put_event(json_t *span, const char *name, uint64_t time_ns, const char *text);
