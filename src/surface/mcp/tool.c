#include "surface/mcp/tool.h"

#include <string.h>

json_t *mcp_describe_tool(const json_t *tool)
{
	const char *risk = json_get_text(tool, "risk", "");
	json_t *schema = json_object_get(tool, "schema");
	bool reads = strcmp(risk, "reads") == 0;

	return json_pack(
		"{s:s, s:s, s:O, s:O*, s:{s:b, s:b, s:b}, s:{s:s, s:s, s:I}}", "name",
		json_get_text(tool, "name", ""), "description", json_get_text(tool, "summary", ""),
		"inputSchema", schema ? schema : json_null(), "outputSchema",
		json_object_get(tool, "output_schema"), "annotations", "readOnlyHint", reads,
		"destructiveHint", strcmp(risk, "changes") == 0, "idempotentHint", reads, "_meta",
		"constable/risk", risk, "constable/area", json_get_text(tool, "area", ""),
		"constable/timeout_ms", json_get_int(tool, "timeout_ms", 0));
}
