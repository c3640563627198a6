/*
 * A service: what people call a part of their system, how much depends on it, and what to do.
 *
 * It is one document, of SERVICE_SCHEMA. An alert is about a service if all of its matchers hold
 * (pipeline/matcher.h), or, where it has none, if the alert's label "service" is its name. Alerts
 * that are about no service by that are about those whose "hosts" have the host that the alert
 * names. "depends_on" names services that it does not work without; they need not be there.
 */
#pragma once

#include "base/json.h"
#include "server/pipeline/matcher.h"

#define SERVICE_MAX_PER_ORG 256
#define SERVICE_MAX_MATCHERS 8
#define SERVICE_MAX_BYTES (16 * KIB)

struct service {
	json_t *document; /* whole: with its defaults */
	struct matcher matchers[SERVICE_MAX_MATCHERS];
	unsigned n_matchers;
};

/*
 * 'document' satisfies SERVICE_SCHEMA; a copy is kept. 0, or -EINVAL with a sentence that names
 * the member: "/matchers/0: ...".
 */
int service_parse(const json_t *document, struct service *service_out,
		  struct error *err) MUST_CHECK;
void service_finish(struct service *service);

const char *service_name(const struct service *service);
bool service_is_meant(const struct service *service, const json_t *alert);
/* 'host' is as alert_host() gives it; a short name is the same as a long one. */
bool service_is_on(const struct service *service, const char *host);

#define SERVICE_TEXTS(max, length)                                                  \
	"{\"type\":\"array\",\"maxItems\":" #max ",\"items\":{\"type\":\"string\"," \
	"\"minLength\":1,\"maxLength\":" #length "}}"
#define SERVICE_TEXT(max) "{\"type\":\"string\",\"maxLength\":" #max "}"
#define SERVICE_CRITICALITY "{\"enum\":[\"critical\",\"high\",\"medium\",\"low\"]"
#define SERVICE_MEMBERS                                                                                       \
	"\"criticality\":" SERVICE_CRITICALITY ",\"default\":\"medium\"},"                                    \
	"\"owner\":" SERVICE_TEXT(128) ",\"runbook\":" SERVICE_TEXT(                                          \
		2048) ",\"matchers\":" SERVICE_TEXTS(8,                                                       \
						     511) ",\"hosts\":" SERVICE_TEXTS(64,                     \
										      253) ",\"de"            \
											   "pends"            \
											   "_on\""            \
											   ":" SERVICE_TEXTS( \
												   32,        \
												   128)
