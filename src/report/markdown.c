#include <stdlib.h>

#include "report/escape.h"
#include "report/report.h"

#define PIECE_BYTES (4 * KIB)

static void add_piece(struct buf *out, const struct piece *piece, bool continues_list)
{
	if (piece->kind != PIECE_QUOTE && !continues_list)
		buf_add_text(out, "\n");
	switch (piece->kind) {
	case PIECE_HEADING:
		buf_add_format(out, "## %s\n", piece->label);
		return;
	case PIECE_FACT:
		buf_add_format(out, "- **%s:** ", piece->label);
		escape_markdown(out, piece->text, PIECE_BYTES);
		break;
	case PIECE_ITEM:
		buf_add_text(out, "- ");
		escape_markdown(out, piece->text, PIECE_BYTES);
		break;
	case PIECE_QUOTE:
		buf_add_text(out, "  ");
		escape_markdown_code(out, piece->text, PIECE_BYTES);
		break;
	case PIECE_TEXT:
	case PIECE_NOTE:
		escape_markdown(out, piece->text, PIECE_BYTES);
		break;
	}
	buf_add_text(out, "\n");
}

/* A blank line stands before whatever is not the next row of a list. */
static bool continues_list(const struct outline *outline, size_t i)
{
	enum piece_kind kind = outline->pieces[i].kind;
	enum piece_kind before = i ? outline->pieces[i - 1].kind : PIECE_HEADING;

	if (kind == PIECE_FACT)
		return before == PIECE_FACT;
	return kind == PIECE_ITEM && (before == PIECE_ITEM || before == PIECE_QUOTE);
}

char *report_markdown(const json_t *document)
{
	CLEANUP(outline) struct outline outline = { 0 };
	struct buf out;

	outline_init(&outline, document, OUTLINE_FULL);
	buf_init(&out, REPORT_TEXT_MAX_BYTES + KIB);
	buf_add_text(&out, "# ");
	escape_markdown(&out, outline.title, PIECE_BYTES);
	buf_add_text(&out, "\n");
	for (size_t i = 0; i < outline.n; i++) {
		if (out.len + 2 * PIECE_BYTES > REPORT_TEXT_MAX_BYTES) {
			outline.n_left_out += outline.n - i;
			break;
		}
		add_piece(&out, &outline.pieces[i], continues_list(&outline, i));
	}
	if (outline.n_left_out)
		buf_add_format(&out, "\nCut here: %zu more parts.\n", outline.n_left_out);
	if (outline.url)
		buf_add_format(&out, "\n<%s>\n", outline.url);
	return out.data;
}
