#include "tools/catalogue.h"

#include <string.h>

#include "base/buf.h"

const struct tool_info *catalogue_find(const struct tool_info *infos, const char *name)
{
	for (; infos->name; infos++)
		if (strcmp(infos->name, name) == 0)
			return infos;
	return NULL;
}

/* JSON texts of ours are taken as they are: a tree of all of them is a megabyte and more. */
static void add_tool(const struct tool_info *info, struct buf *out)
{
	CLEANUP(text)
	char *text = json_fill(
		"{\"name\":$s,\"summary\":$s,\"risk\":$s,\"needs\":$i,\"timeout_ms\":$i,"
		"\"target\":$i,\"schema\":$j",
		info->name, info->summary, tool_risk_name(info->risk), (int64_t)info->needs,
		(int64_t)info->timeout_ms, (int64_t)info->target, info->schema);
	const struct {
		const char *form, *text;
	} more[] = {
		{ ",\"area\":$s", info->area },
		{ ",\"output_schema\":$j", info->output_schema },
		{ ",\"result\":$s", info->result },
		{ ",\"plan\":$j", info->plan },
	};

	buf_add_text(out, text);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		CLEANUP(text) char *member = NULL;

		if (!more[i].text)
			continue;
		member = json_fill(more[i].form, more[i].text);
		buf_add_text(out, member);
	}
	buf_add_text(out, "}");
}

void catalogue_write(const struct tool_info *infos, struct buf *out)
{
	buf_add_text(out, "[");
	for (const struct tool_info *info = infos; info->name; info++) {
		if (info != infos)
			buf_add_text(out, ",");
		add_tool(info, out);
	}
	buf_add_text(out, "]");
}

json_t *catalogue_json(const struct tool_info *infos)
{
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, CATALOGUE_MAX_BYTES);
	catalogue_write(infos, &text);
	return json_loadb(buf_text(&text), text.len, 0, NULL);
}
