#include "report/escape.h"
#include "report/report.h"

#define PIECE_BYTES (8 * KIB)

/* Styles lie in the elements: mail readers drop what stands in a <style>. */
#define CODE_STYLE                                                                 \
	"font-family:monospace;font-size:13px;background:#f2f2f2;padding:2px 4px;" \
	"white-space:pre-wrap;overflow-wrap:anywhere"

static const char *const colours[] = {
	[MOOD_BAD] = "#b3261e",
	[MOOD_UNSURE] = "#8a6100",
	[MOOD_GOOD] = "#1b6e3c",
};

static const struct {
	const char *before, *after;
} frames[] = {
	[PIECE_FACT] = { "<div>", "</div>\n" },
	[PIECE_TEXT] = { "<p style=\"font-size:16px\">", "</p>\n" },
	[PIECE_HEADING] = { "<h2 style=\"font-size:16px;margin:20px 0 6px\">", "</h2>\n" },
	[PIECE_ITEM] = { "<div style=\"margin:4px 0 0 12px\">&#8226; ", "</div>\n" },
	[PIECE_QUOTE] = { "<div style=\"margin:2px 0 0 24px\"><code style=\"" CODE_STYLE "\">",
			  "</code></div>\n" },
	[PIECE_NOTE] = { "<p style=\"color:#666666\">", "</p>\n" },
};

static void add_piece(struct buf *out, const struct piece *piece)
{
	buf_add_text(out, frames[piece->kind].before);
	if (piece->kind == PIECE_FACT)
		buf_add_format(out, "<b>%s:</b> ", piece->label);
	else if (piece->label)
		buf_add_text(out, piece->label);
	escape_html(out, piece->text, PIECE_BYTES);
	buf_add_text(out, frames[piece->kind].after);
}

static void add_head(struct buf *out, const struct outline *outline)
{
	buf_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			  "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	escape_html(out, outline->title, PIECE_BYTES);
	buf_add_format(out,
		       "</title>\n</head>\n<body style=\"font-family:sans-serif;font-size:14px;"
		       "color:#1a1a1a;max-width:760px;margin:16px auto;padding:0 12px\">\n"
		       "<h1 style=\"font-size:20px;color:%s\">",
		       colours[outline->mood]);
	escape_html(out, outline->title, PIECE_BYTES);
	buf_add_text(out, "</h1>\n");
}

char *report_html(const json_t *document)
{
	CLEANUP(outline) struct outline outline = { 0 };
	struct buf out;

	outline_init(&outline, document, OUTLINE_FULL);
	buf_init(&out, REPORT_TEXT_MAX_BYTES + 4 * KIB);
	add_head(&out, &outline);
	for (size_t i = 0; i < outline.n; i++) {
		if (out.len + PIECE_BYTES + KIB > REPORT_TEXT_MAX_BYTES) {
			outline.n_left_out += outline.n - i;
			break;
		}
		add_piece(&out, &outline.pieces[i]);
	}
	if (outline.n_left_out)
		buf_add_format(&out, "<p>Cut here: %zu more parts.</p>\n", outline.n_left_out);
	if (outline.url) {
		buf_add_text(&out, "<p><a href=\"");
		escape_html(&out, outline.url, PIECE_BYTES);
		buf_add_text(&out, "\">Open it in Constable</a></p>\n");
	}
	buf_add_text(&out, "</body>\n</html>\n");
	return out.data;
}
