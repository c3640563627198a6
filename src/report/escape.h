/*
 * Text of anybody, made harmless for one kind of reader.
 *
 * All of them first do what is the same for every reader: the result is one line (line breaks
 * and tabs become a blank), and what would steer a device or fool the eye becomes a visible
 * escape: control bytes ("\x1b"), characters that reorder text or hide in it ("\u{202e}").
 * What is not UTF-8 becomes U+FFFD. Then each escapes what its reader would take for markup.
 *
 * They append at most 'max' bytes; longer text is cut between characters and ends with ESCAPE_CUT.
 */
#pragma once

#include "base/buf.h"

#define ESCAPE_CUT " ... [cut]"

/* Nothing beyond the above: for plain text and for what JSON carries literally. */
void escape_line(struct buf *out, const char *text, size_t max);

/*
 * GitHub Flavored Markdown (CommonMark 0.31, GFM 0.29): no emphasis, link, autolink, image,
 * HTML, table cell, footnote or entity; at the start of a line no heading, list or quote. An
 * invisible U+2060 after '@' keeps names from being mentioned.
 */
void escape_markdown(struct buf *out, const char *text, size_t max);
/* The same text as a code span, with a fence that the text cannot close. */
void escape_markdown_code(struct buf *out, const char *text, size_t max);

/* Element content and attribute values in quotes of either kind. */
void escape_html(struct buf *out, const char *text, size_t max);

/* Slack's control characters (docs.slack.dev, formatting-message-text): & < >. */
void escape_slack(struct buf *out, const char *text, size_t max);

/* Whether it is an http(s) URL of such characters only as need no escape in any format here. */
bool escape_is_url(const char *url);
