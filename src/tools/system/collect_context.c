/* collect_context: what an alert about a service is looked at with first, as a plan. */
#include "tools/catalogue.h"

#define SCHEMA                                                                 \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
	"\"service\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256,"  \
	"\"description\":\"the service the alert is about, such as nginx\"},"  \
	"\"since_s\":{\"type\":\"integer\",\"minimum\":1,"                     \
	"\"description\":\"how far to look back in logs\"}}}"

#define PLAN                                                                               \
	"[{\"tool\":\"get_system_metrics\",\"args\":{}},"                                  \
	"{\"tool\":\"list_processes\",\"args\":{\"sort\":\"cpu\",\"max\":10}},"            \
	"{\"tool\":\"get_service\",\"args\":{\"name\":\"{service}\"},\"if\":\"service\"}," \
	"{\"tool\":\"read_journal\",\"args\":{\"unit\":\"{service}\",\"max\":50,"          \
	"\"since_s\":\"{since_s}\"},\"if\":\"service\"},"                                  \
	"{\"tool\":\"find_log_errors\",\"args\":{\"since_s\":\"{since_s}\"}},"             \
	"{\"tool\":\"read_kernel_log\",\"args\":{\"max\":50,\"priority\":4,"               \
	"\"since_s\":\"{since_s}\"}}]"

const struct tool tool_collect_context = {
	.info = {
		.name = "collect_context",
		.summary = "The first look around a service: metrics, processes, the service itself, "
			   "its journal, errors in logs, the kernel's warnings.",
		.schema = SCHEMA,
		.risk = TOOL_READS,
		.plan = PLAN,
	},
};
