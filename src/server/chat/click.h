/*
 * A click, or a line that was typed, as Slack sends it: a form with one field "payload", which is
 * JSON of the type "block_actions" (docs.slack.dev/reference/interaction-payloads). Read for what
 * report/report.h puts below an appeal; all else is CLICK_OTHER.
 *
 * Who signed it is proven before; what it says is bounded here and still only data: which appeal
 * it is about, and what may be done, is looked up.
 */
#pragma once

#include "base/error.h"
#include "base/scan.h"

#define CLICK_ID_BYTES 40
#define CLICK_TEXT_BYTES 3001
#define CLICK_URL_BYTES 512

struct click {
	enum click_kind {
		CLICK_OTHER,
		CLICK_CHOICE,
		CLICK_TEXT,
		CLICK_REFUSE,
	} kind;
	char user[CLICK_ID_BYTES], team[CLICK_ID_BYTES]; /* capitals and digits, or "" */
	char appeal[CLICK_ID_BYTES];
	unsigned choice;             /* from 0 */
	char text[CLICK_TEXT_BYTES]; /* of CLICK_TEXT: UTF-8, trimmed, not empty */
	char url[CLICK_URL_BYTES];   /* where an answer may be said; or "" */
};

/* -EBADMSG: no such form, or no such JSON; -E2BIG. */
int click_parse(struct str body, struct click *click_out, struct error *err) MUST_CHECK;
