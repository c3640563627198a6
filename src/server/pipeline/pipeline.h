/*
 * A pipeline: which alerts are investigated, on which hosts, and who is told.
 *
 * It is one document, of PIPELINE_SCHEMA. Pipelines of an org stand in the order of
 * "position" and then of their names. The first that is enabled and whose conditions all hold
 * takes an alert; with "continue" the ones behind it are asked as well. The last is "default": as
 * long as the org has not changed it, it takes every alert and looks at the host that its labels
 * name. Matchers are on the alert's labels; "service" and "criticality" are those of the
 * catalogue's service that the alert is about (about.h), where it is about one.
 *
 * Integrations are given by name, id or kind. Targets are templates (alert_text.h), so that one
 * pipeline serves many hosts: "hosts" names agents by host name, "labels" those that have all of
 * these labels, "agents" by id; who is named in any way is meant. "namespaces" and "log_groups" are
 * what may be read there besides the host itself; what the host's own policy does not name is
 * refused there.
 */
#pragma once

#include "server/api/route.h"
#include "server/pipeline/matcher.h"
#include "base/json.h"

#define PIPELINE_DEFAULT "default"
#define PIPELINE_MAX_PER_ORG 256
#define PIPELINE_MAX_MATCHERS 16
#define PIPELINE_MAX_BYTES (32 * KIB)

struct pipeline {
	json_t *document; /* whole: with its defaults */
	struct matcher matchers[PIPELINE_MAX_MATCHERS];
	unsigned n_matchers;
};

/*
 * 'document' satisfies PIPELINE_SCHEMA; a copy is kept. 0, or -EINVAL with a sentence that names
 * the member as that schema's check does: "/matchers/0: ...".
 */
int pipeline_parse(const json_t *document, struct pipeline *pipeline_out,
		   struct error *err) MUST_CHECK;
void pipeline_finish(struct pipeline *pipeline);

const char *pipeline_name(const struct pipeline *pipeline);

/* Whether a matcher names what an alert has from the catalogue: "service" or "criticality". */
bool pipeline_asks_for_service(const struct pipeline *pipeline);
/*
 * Whether it takes the alert; if not, 'why_out' says so. "about" of the alert, where it is there,
 * is what about.h found: its members stand before labels of their names.
 */
bool pipeline_takes(const struct pipeline *pipeline, const json_t *alert,
		    char why_out[ERROR_TEXT_BYTES]);

/* What older servers stored, without what has no meaning any more. */
void pipeline_modernise(json_t *document);

/* The document of "default" as long as the org has none of that name; a new reference. */
json_t *pipeline_default(void);

#define PIPELINE_TEXTS(max)                                                         \
	"{\"type\":\"array\",\"maxItems\":" #max ",\"items\":{\"type\":\"string\"," \
	"\"minLength\":1,\"maxLength\":511}}"
#define PIPELINE_SECONDS "{\"type\":\"integer\",\"minimum\":0,\"maximum\":86400}"
#define PIPELINE_TARGET                                                                           \
	SCHEMA_STRICT(                                                                            \
		"",                                                                               \
		"\"agents\":" PIPELINE_TEXTS(64) ",\"hosts\":" PIPELINE_TEXTS(                    \
			16) ",\"labels\":{\"type\":\"object\",\"additionalProperties\":"          \
			    "{\"type\":\"string\",\"minLength\":1,\"maxLength\":511}}"            \
			    ",\"namespaces\":" PIPELINE_TEXTS(                                    \
				    64) ",\"log_groups\":" PIPELINE_TEXTS(64) ",\"services\""     \
									      ":" PIPELINE_TEXTS( \
										      16))
#define PIPELINE_BUDGET                                                                 \
	SCHEMA_STRICT("", "\"time_s\":{\"type\":\"integer\",\"minimum\":1,"             \
			  "\"maximum\":3600},\"calls\":{\"type\":\"integer\","          \
			  "\"minimum\":1,\"maximum\":10000},\"tokens\":{\"type\":"      \
			  "\"integer\",\"minimum\":1000},\"usd\":{\"type\":\"number\"," \
			  "\"minimum\":0}")
/* clang-format off */
#define PIPELINE_MEMBERS                                                                         \
	"\"position\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000,\"default\":100}"   \
	",\"enabled\":{\"type\":\"boolean\",\"default\":true}"                                     \
	",\"matchers\":" PIPELINE_TEXTS(16)                                                      \
	",\"severities\":" PIPELINE_TEXTS(16)                                                    \
	",\"integrations\":" PIPELINE_TEXTS(16)                                                  \
	",\"target\":" PIPELINE_TARGET                                                           \
	",\"window\":" SCHEMA_STRICT("", "\"before_s\":" PIPELINE_SECONDS)                       \
	",\"engine\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":128,"                      \
	"\"default\":\"builtin\"}"                                                               \
	",\"budget\":" PIPELINE_BUDGET                                                           \
	",\"remedies\":{\"type\":\"string\",\"enum\":[\"offer\",\"none\"],\"default\":\"offer\"}"      \
	",\"destinations\":" PIPELINE_TEXTS(64)                                                  \
	",\"continue\":{\"type\":\"boolean\",\"default\":false}"
/* clang-format on */
#define PIPELINE_SCHEMA \
	SCHEMA_STRICT("\"name\",\"target\"", "\"name\":" SCHEMA_NAME "," PIPELINE_MEMBERS)
