#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/report.h"

#define PIECE_BYTES 1200
#define TITLE_BYTES 300
#define TAIL_BYTES (3 * KIB) /* the frame around the card's body, and what closes that */

static const char *const colours[] = {
	[MOOD_BAD] = "Attention",
	[MOOD_UNSURE] = "Warning",
	[MOOD_GOOD] = "Good",
};

/* For words of ours only: a TextBlock reads Markdown. */
static json_t *text_block(const char *text)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s}", "type", "TextBlock", "text", text, "weight",
			 "Bolder", "wrap", 1, "spacing", "Medium");
}

static json_t *run_of(const char *text, size_t max)
{
	CLEANUP(buf) struct buf line = { 0 };

	buf_init(&line, 2 * max + KIB);
	escape_line(&line, text, max);
	return json_pack("{s:s, s:s}", "type", "TextRun", "text", buf_text(&line));
}

static json_t *rich_text(json_t *inlines)
{
	return json_pack("{s:s, s:o, s:s}", "type", "RichTextBlock", "inlines", inlines, "spacing",
			 "Small");
}

static json_t *title_block(const struct outline *outline)
{
	json_t *run = run_of(outline->title, TITLE_BYTES);

	json_put(run, "weight", json_string("Bolder"));
	json_put(run, "size", json_string("Large"));
	json_put(run, "color", json_string(colours[outline->mood]));
	return rich_text(json_pack("[o]", run));
}

static json_t *piece_block(const struct piece *piece)
{
	json_t *run;

	if (piece->kind == PIECE_HEADING)
		return text_block(piece->label);
	run = run_of(piece->text, PIECE_BYTES);
	switch (piece->kind) {
	case PIECE_FACT:
		return rich_text(json_pack("[{s:s, s:s, s:s}, {s:s, s:s}, o]", "type", "TextRun",
					   "text", piece->label, "weight", "Bolder", "type",
					   "TextRun", "text", ": ", run));
	case PIECE_ITEM:
		return rich_text(json_pack("[{s:s, s:s}, o]", "type", "TextRun", "text",
					   "\xe2\x80\xa2 ", run));
	case PIECE_QUOTE:
		json_put(run, "fontType", json_string("Monospace"));
		json_put(run, "isSubtle", json_true());
		break;
	case PIECE_NOTE:
		json_put(run, "isSubtle", json_true());
		break;
	default:
		break;
	}
	return rich_text(json_pack("[o]", run));
}

static size_t size_of(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

static json_t *body_of(struct outline *outline)
{
	json_t *body = json_pack("[o]", title_block(outline));
	size_t len = size_of(body);

	for (size_t i = 0; i < outline->n; i++) {
		json_t *block = piece_block(&outline->pieces[i]);

		len += size_of(block) + 1;
		if (len + TAIL_BYTES > REPORT_TEAMS_MAX_BYTES) {
			outline->n_left_out += outline->n - i;
			json_decref(block);
			break;
		}
		json_push(body, block);
	}
	if (outline->n_left_out) {
		char text[80];

		text_format(text, sizeof(text), "Cut here: %zu more parts.", outline->n_left_out);
		json_push(body, text_block(text));
	}
	return body;
}

json_t *report_teams(const json_t *document)
{
	CLEANUP(outline) struct outline outline = { 0 };
	json_t *card;

	outline_init(&outline, document, OUTLINE_FULL);
	card = json_pack("{s:s, s:s, s:s, s:o, s:{s:s}}", "$schema",
			 "http://adaptivecards.io/schemas/adaptive-card.json", "type",
			 "AdaptiveCard", "version", "1.4", "body", body_of(&outline), "msteams",
			 "width", "Full");
	if (outline.url)
		json_put(card, "actions",
			 json_pack("[{s:s, s:s, s:s}]", "type", "Action.OpenUrl", "title",
				   "Open it in Constable", "url", outline.url));
	return json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message", "attachments",
			 "contentType", "application/vnd.microsoft.card.adaptive", "contentUrl",
			 "content", card);
}
