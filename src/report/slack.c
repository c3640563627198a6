#include <string.h>

#include "report/escape.h"
#include "report/report.h"

#define MAX_BLOCKS REPORT_SLACK_MAX_BLOCKS
#define TAIL_BLOCKS 4 /* what was left out, the link, and controls */
#define HEADER_BYTES 140
#define FACT_BYTES 400
#define TEXT_BYTES 2900
#define PIECE_BYTES 1200
#define FALLBACK_BYTES 1000

static const char *const marks[] = {
	[MOOD_BAD] = "\xf0\x9f\x94\xb4",    /* a red circle */
	[MOOD_UNSURE] = "\xf0\x9f\x9f\xa1", /* a yellow one */
	[MOOD_GOOD] = "\xf0\x9f\x9f\xa2",   /* a green one */
};

struct message {
	json_t *blocks;
	struct buf text; /* of the section that is being filled */
};

static json_t *plain_text(const char *text)
{
	return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", text, "emoji", 0);
}

/* For words of ours only. */
static json_t *markup(const char *text)
{
	return json_pack("{s:s, s:s, s:b}", "type", "mrkdwn", "text", text, "verbatim", 1);
}

static void add_section(struct message *message, json_t *text)
{
	json_push(message->blocks, json_pack("{s:s, s:o}", "type", "section", "text", text));
}

static void flush(struct message *message)
{
	if (message->text.len)
		add_section(message, plain_text(message->text.data));
	buf_clear(&message->text);
}

static bool is_full(const struct message *message)
{
	/* A piece makes two at most: what is being filled, and itself. */
	return json_array_size(message->blocks) + 2 + TAIL_BLOCKS > MAX_BLOCKS;
}

static void add_piece(struct message *message, const struct piece *piece)
{
	CLEANUP(buf) struct buf line = { 0 };
	char heading[64];

	if (piece->kind == PIECE_HEADING) {
		flush(message);
		text_format(heading, sizeof(heading), "*%s*", piece->label);
		add_section(message, markup(heading));
		return;
	}
	buf_init(&line, TEXT_BYTES);
	if (piece->kind == PIECE_ITEM)
		buf_add_text(&line, "\xe2\x80\xa2 ");
	else if (piece->kind == PIECE_QUOTE)
		buf_add_text(&line, "      ");
	else if (piece->kind == PIECE_FACT)
		buf_add_format(&line, "%s: ", piece->label);
	escape_slack(&line, piece->text, piece->kind == PIECE_FACT ? FACT_BYTES : PIECE_BYTES);
	if (message->text.len + line.len + 1 > TEXT_BYTES)
		flush(message);
	if (message->text.len)
		buf_add_text(&message->text, "\n");
	buf_add(&message->text, line.data, line.len);
}

static void add_header(struct message *message, const struct outline *outline)
{
	CLEANUP(buf) struct buf line = { 0 };

	buf_init(&line, KIB);
	buf_add_format(&line, "%s ", marks[outline->mood]);
	escape_slack(&line, outline->title, HEADER_BYTES);
	json_push(message->blocks,
		  json_pack("{s:s, s:o}", "type", "header", "text", plain_text(line.data)));
}

static void add_tail(struct message *message, const struct outline *outline)
{
	char text[2 * KIB];

	flush(message);
	if (outline->n_left_out) {
		text_format(text, sizeof(text), "_Cut here: %zu more parts._", outline->n_left_out);
		add_section(message, markup(text));
	}
	if (outline->url) {
		text_format(text, sizeof(text), "<%s|Open it in Constable>", outline->url);
		add_section(message, markup(text));
	}
}

json_t *report_slack(const json_t *document, enum outline_extent extent)
{
	CLEANUP(outline) struct outline outline = { 0 };
	CLEANUP(buf) struct buf fallback = { 0 };
	struct message message = { .blocks = json_array() };

	outline_init(&outline, document, extent);
	buf_init(&message.text, TEXT_BYTES + 1);
	buf_init(&fallback, 2 * FALLBACK_BYTES);
	escape_slack(&fallback, outline.title, FALLBACK_BYTES);
	add_header(&message, &outline);
	for (size_t i = 0; i < outline.n; i++) {
		if (is_full(&message)) {
			outline.n_left_out += outline.n - i;
			break;
		}
		add_piece(&message, &outline.pieces[i]);
	}
	add_tail(&message, &outline);
	buf_finish(&message.text);
	return json_pack("{s:s, s:o, s:b, s:s, s:b, s:b, s:b}", "text", buf_text(&fallback),
			 "blocks", message.blocks, "mrkdwn", 0, "parse", "none", "link_names", 0,
			 "unfurl_links", 0, "unfurl_media", 0);
}
