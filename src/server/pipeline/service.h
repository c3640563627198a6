/*
 * A service: what people call a part of their system, how much depends on it, and what to do.
 *
 * It is one document, of SERVICE_SCHEMA. An alert is about a service if all of its matchers hold
 * (pipeline/matcher.h), or, where it has none, if the alert's label "service" is its name. Alerts
 * that are about no service by that are about those whose "hosts" have the host that the alert
 * names. "depends_on" names services that it does not work without; they need not be there.
 *
 * One end of a connection is of a service if its matchers hold for the labels "host", "instance"
 * (HOST:PORT), "process" and "port", and name no other; or if it has the host among its "hosts" and
 * the port, where it serves there, among its "ports".
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

/* How well an end of a connection fits it. */
enum service_fit {
	SERVICE_FITS_NOT,
	SERVICE_FITS_HOST, /* it is on its host; which of the services there, nobody said */
	SERVICE_FITS,
};
struct service_end {
	const char *host, *process; /* "": unknown */
	int64_t port;               /* that it serves; 0: it is the client */
};
enum service_fit service_fits(const struct service *service, const struct service_end *end);

/* Whether both are a name of one host: a short name is the same as a long one. */
bool service_is_host(const char *name, const char *host);
/* 'host' is as alert_host() gives it; a short name is the same as a long one. */
bool service_is_on(const struct service *service, const char *host);

#define SERVICE_TEXTS(max, length)                                                  \
	"{\"type\":\"array\",\"maxItems\":" #max ",\"items\":{\"type\":\"string\"," \
	"\"minLength\":1,\"maxLength\":" #length "}}"
#define SERVICE_TEXT(max) "{\"type\":\"string\",\"maxLength\":" #max "}"
#define SERVICE_CRITICALITY "{\"enum\":[\"critical\",\"high\",\"medium\",\"low\"]"
/* clang-format off */
#define SERVICE_MEMBERS                                                                          \
	"\"criticality\":" SERVICE_CRITICALITY ",\"default\":\"medium\"}"                          \
	",\"owner\":" SERVICE_TEXT(128)                                                          \
	",\"runbook\":" SERVICE_TEXT(2048)                                                       \
	",\"matchers\":" SERVICE_TEXTS(8, 511)                                                   \
	",\"hosts\":" SERVICE_TEXTS(64, 253)                                                     \
	",\"ports\":{\"type\":\"array\",\"maxItems\":16,\"items\":{\"type\":\"integer\","          \
	"\"minimum\":1,\"maximum\":65535}}"                                                      \
	",\"depends_on\":" SERVICE_TEXTS(32, 128)
/* clang-format on */
