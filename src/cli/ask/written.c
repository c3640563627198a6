#include "cli/ask/written.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "report/report.h"

int written_find(const char *name, enum written *format_out, struct error *err)
{
	static const char *const names[] = {
		[WRITTEN_TEXT] = "text",
		[WRITTEN_JSON] = "json",
		[WRITTEN_MARKDOWN] = "markdown",
		[WRITTEN_HTML] = "html",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (name && strcmp(name, names[i]) != 0)
			continue;
		*format_out = (enum written)i;
		return 0;
	}
	return error_set(err, -EINVAL, "no format '%.40s': say text, json, markdown or html", name);
}

void written_print(const json_t *report, enum written format)
{
	CLEANUP(json) json_t *document = json_pack("{s:O}", "report", report);
	CLEANUP(text) char *text = NULL;

	if (format == WRITTEN_JSON) {
		cli_print_json(report);
		return;
	}
	text = format == WRITTEN_HTML ? report_html(document) : report_markdown(document);
	(void)fputs(text, stdout);
}
