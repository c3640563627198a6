/*
 * collect_context: what an alert about a service is looked at with first, as a plan. Its
 * arguments are the documented ones of an alert; who asks with fired_at gets the quarter of an
 * hour on both sides of it.
 */
#include "tools/catalogue.h"
#include "tools/logs/log_paths.h"

#define SCHEMA                                                                        \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"        \
	"\"service\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256,"         \
	"\"description\":\"the service the alert is about, such as nginx\"},"         \
	"\"fired_at\":{\"type\":\"string\",\"minLength\":20,\"maxLength\":40,"        \
	"\"description\":\"when the alert fired, in RFC 3339: logs are read from 15 " \
	"minutes before it to 15 after\"},"                                           \
	"\"namespaces\":" LOG_PATHS_NAMESPACES ",\"since_s\":{\"type\":\"integer\","  \
	"\"minimum\":1,\"description\":\"how far to look back in logs, without fired_at\"}}}"

#define WINDOW "\"since_s\":\"{since_s}\",\"around\":\"{fired_at}\""

#define PLAN                                                                                    \
	"[{\"tool\":\"get_system_metrics\",\"args\":{}},"                                       \
	"{\"tool\":\"list_processes\",\"args\":{\"sort\":\"cpu\",\"max\":10}},"                 \
	"{\"tool\":\"get_service\",\"args\":{\"name\":\"{service}\"},\"if\":\"service\"},"      \
	"{\"tool\":\"read_journal\",\"args\":{\"unit\":\"{service}\",\"max\":50," WINDOW        \
	"},\"if\":\"service\"},"                                                                \
	"{\"tool\":\"find_log_errors\",\"args\":{\"namespaces\":\"{namespaces}\"," WINDOW "}}," \
	"{\"tool\":\"read_kernel_log\",\"args\":{\"max\":50,\"priority\":4," WINDOW "}},"       \
	"{\"tool\":\"list_recent_changes\",\"args\":{}},"                                       \
	"{\"tool\":\"list_sockets\",\"args\":{}}]"

const struct tool tool_collect_context = {
	.info = {
		.name = "collect_context",
		.summary = "The first look around a service: metrics, processes, the service itself, "
			   "its journal, errors in logs, the kernel's warnings, what changed lately, "
			   "who talks to whom.",
		.schema = SCHEMA,
		.result = "calls: [{tool: string, args: {*: any}, result?: any, error?: string}]",
		.risk = TOOL_READS,
		.plan = PLAN,
	},
};
