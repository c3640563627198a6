/*
 * A report or an incident, written for its readers.
 *
 * Pure functions of the document that outline.h describes; nothing else is looked at. Texts of
 * hosts, alerts and models are escaped for each format, so that they can forge no link, mention,
 * heading or fence. What does not fit the format's limits is left out from its end, and the
 * message says so. Texts are heap texts of UTF-8, never NULL; JSON is a new reference.
 */
#pragma once

#include "report/outline.h"

#define REPORT_TEXT_MAX_BYTES (256 * KIB)

/* GitHub Flavored Markdown; a page of HTML without anything from elsewhere; plain text. */
char *report_markdown(const json_t *document);
char *report_html(const json_t *document);
char *report_plain(const json_t *document);

/* The title alone: one line of at most 'max' bytes. */
char *report_title(const json_t *document, size_t max);

/* The same whatever the incident's state, so that mails about it are one thread. */
char *report_subject(const json_t *document, size_t max);

/*
 * {"text", "blocks"} for Slack (docs.slack.dev/reference/block-kit, 2025): at most 50 blocks and
 * 3000 characters a text. Texts of anybody are plain_text, which knows no markup.
 */
json_t *report_slack(const json_t *document, enum outline_extent extent);

/*
 * Blocks to be put below those of an open appeal, so that it can be answered there: a button for
 * each choice and a line for other words, or a button that refuses a change. None approves one.
 * Their block_id is "constable.ID.a" or ".t", their action_id "choice.N", "refuse" or "text";
 * what they carry decides nothing. An array, empty for what is no open appeal.
 */
#define REPORT_SLACK_MAX_BLOCKS 50
json_t *report_slack_controls(const json_t *document);

/*
 * The message of a Teams workflow webhook with one adaptive card 1.4
 * (learn.microsoft.com/microsoftteams, cards-format), at most REPORT_TEAMS_MAX_BYTES as
 * json_dumps(JSON_COMPACT) writes it. Texts of anybody are TextRuns, which know no Markdown.
 */
#define REPORT_TEAMS_MAX_BYTES (27 * KIB) /* Teams refuses more than 28 KB */
json_t *report_teams(const json_t *document);

/* The text of a note on a PagerDuty incident. */
#define REPORT_NOTE_MAX_BYTES (20 * KIB)
char *report_pagerduty_note(const json_t *document);

/*
 * The body of PagerDuty's Events v2 (developer.pagerduty.com, send an alert event) but for its
 * "routing_key": "resolve" for an incident that is, else "trigger". 'dedup_key' is at most
 * 255 characters.
 */
json_t *report_pagerduty_event(const json_t *document, const char *dedup_key);
