/*
 * An investigation as an OpenTelemetry trace, in the JSON of OTLP/HTTP
 * (opentelemetry-proto, ExportTraceServiceRequest: ids in hex, times as text), with the
 * attributes of the GenAI semantic conventions
 * (github.com/open-telemetry/semantic-conventions-genai). A pure function of the case.
 *
 * Spans: "invoke_agent investigator" is the root; below it an "execute_tool TOOL" for each
 * piece of evidence, a "chat MODEL" for each request to a model, and an "invoke_agent NAME"
 * for each subagent, with its own calls and requests below it. Their times are those of
 * the case, so what ran in parallel overlaps. What was thought is events of the root.
 *
 * Of a case (case.h) are read, all optional but one time:
 *	"evidence": [{"id", "tool", "args", "host", "time" (its end), "elapsed_ms", "agent"}]
 *	"chats": [{"model", "response_model", "provider", "time", "elapsed_ms", "agent",
 *		   "input_tokens", "cached_tokens", "written_tokens", "output_tokens",
 *		   "cost_usd", "finish", "error"}]
 *	"agents": [{"name", "time", "elapsed_ms"}]: subagents
 *	"events": [{"type": "thought", "data", "timestamp"}]
 *	"error": why there is no report
 *	"thread", "investigation": ids; "trace": {"trace_id", "span_id"}: who asked (W3C)
 *
 * Without "trace" the ids follow from the case, so that the same case sent twice is the
 * same trace.
 */
#pragma once

#include "base/json.h"

#define OTLP_MAX_SPANS 2000
#define OTLP_MAX_EVENTS 128 /* SDKs' own limit of a span */

/* Arguments, results and questions may say more than a collector should know. */
enum otlp_content {
	OTLP_WITHOUT_CONTENT,
	OTLP_WITH_CONTENT,
};

/* {"resourceSpans": [...]}, a new reference; NULL with 'err' (-EINVAL) if no time is known. */
json_t *otlp_trace(const json_t *finished, enum otlp_content content, struct error *err);
