#include <string.h>

#include "report/escape.h"
#include "report/report.h"

#define PIECE_BYTES (4 * KIB)

static void add_piece(struct buf *out, const struct piece *piece)
{
	static const char *const leads[] = {
		[PIECE_FACT] = "",     [PIECE_TEXT] = "\n",        [PIECE_HEADING] = "\n",
		[PIECE_ITEM] = "  - ", [PIECE_QUOTE] = "      | ", [PIECE_NOTE] = "\n",
	};

	buf_add_text(out, leads[piece->kind]);
	if (piece->label)
		buf_add_format(out, "%s%s", piece->label, piece->kind == PIECE_FACT ? ": " : "");
	escape_line(out, piece->text, PIECE_BYTES);
	buf_add_text(out, "\n");
}

/* Up to 'max' bytes. */
static char *write_plain(const json_t *document, size_t max)
{
	CLEANUP(outline) struct outline outline = { 0 };
	CLEANUP(buf) struct buf piece = { 0 };
	struct buf out;

	outline_init(&outline, document, OUTLINE_FULL);
	buf_init(&out, max);
	buf_init(&piece, 2 * PIECE_BYTES);
	escape_line(&out, outline.title, PIECE_BYTES);
	buf_add_text(&out, "\n\n");
	for (size_t i = 0; i < outline.n; i++) {
		buf_clear(&piece);
		add_piece(&piece, &outline.pieces[i]);
		if (out.len + piece.len + 2 * KIB > max) {
			outline.n_left_out += outline.n - i;
			break;
		}
		buf_add(&out, piece.data, piece.len);
	}
	if (outline.n_left_out)
		buf_add_format(&out, "\nCut here: %zu more parts.\n", outline.n_left_out);
	if (outline.url)
		buf_add_format(&out, "\n%s\n", outline.url);
	return out.data;
}

char *report_plain(const json_t *document)
{
	return write_plain(document, REPORT_TEXT_MAX_BYTES);
}

char *report_pagerduty_note(const json_t *document)
{
	return write_plain(document, REPORT_NOTE_MAX_BYTES);
}

static char *cut_line(const char *text, size_t max)
{
	struct buf out;

	buf_init(&out, max + sizeof(ESCAPE_CUT));
	escape_line(&out, text, max);
	return out.data;
}

char *report_title(const json_t *document, size_t max)
{
	CLEANUP(outline) struct outline outline = { 0 };

	outline_init(&outline, document, OUTLINE_BRIEF);
	return cut_line(outline.title, max);
}

char *report_subject(const json_t *document, size_t max)
{
	CLEANUP(outline) struct outline outline = { 0 };

	outline_init(&outline, document, OUTLINE_BRIEF);
	return cut_line(outline.subject, max);
}
