/* What the investigator does without a host: reports computed again, causes checked. */
#include <string.h>

#include "cli/ask/child.h"
#include "cli/ask/investigator.h"

#define REPORT_MAX_BYTES FRAME_BODY_MAX_BYTES

int investigate_replay(const struct cli *cli, const char *bundle_path, json_t **report_out,
		       struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, REPORT_MAX_BYTES);
	r = child_run(cli, "--replay", bundle_path, &text, err);
	if (r < 0)
		return r;
	*report_out = json_parse(buf_text(&text), text.len, REPORT_MAX_BYTES, err);
	return *report_out ? 0 : err->code;
}

int investigate_validate(const struct cli *cli, char *said, size_t size, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, size);
	r = child_run(cli, "--validate", cli->knowledge, &text, err);
	if (r == 0)
		text_format(said, size, "%.*s", (int)strcspn(buf_text(&text), "\n"),
			    buf_text(&text));
	return r;
}
