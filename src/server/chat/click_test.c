#include "server/chat/click.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/test.h"

/* As Slack writes it: every byte that is no letter or digit is escaped. */
static int parse(const char *payload, struct click *click)
{
	CLEANUP(buf) struct buf body = { 0 };
	struct error err = { 0 };

	buf_init(&body, 64 * KIB);
	buf_add_text(&body, "payload=");
	for (; *payload; payload++)
		buf_add_format(&body, "%%%02X", (unsigned char)*payload);
	*click = (struct click) { 0 };
	return click_parse((struct str) { body.data, body.len }, click, &err);
}

static enum click_kind kind_of(const char *action)
{
	struct click click;
	char payload[2048];

	(void)snprintf(payload, sizeof(payload),
		       "{\"type\":\"block_actions\",\"user\":{\"id\":\"U1\",\"team_id\":\"T1\"},"
		       "\"team\":{\"id\":\"T2\"},\"response_url\":\"https://hooks.slack.com/a\","
		       "\"actions\":[%s]}",
		       action);
	CHECK_INT(parse(payload, &click), 0);
	if (click.kind != CLICK_OTHER) {
		CHECK_TEXT(click.user, "U1");
		CHECK_TEXT(click.team, "T1");
		CHECK_TEXT(click.appeal, "ap_1f");
		CHECK_TEXT(click.url, "https://hooks.slack.com/a");
	}
	return click.kind;
}

#define ACTION(block, id) "{\"block_id\":\"" block "\",\"action_id\":\"" id "\",\"value\":\" hi \"}"

TEST(what_stands_below_an_appeal_is_understood)
{
	CHECK_INT(kind_of(ACTION("constable.ap_1f.a", "choice.3")), CLICK_CHOICE);
	CHECK_INT(kind_of(ACTION("constable.ap_1f.a", "refuse")), CLICK_REFUSE);
	CHECK_INT(kind_of(ACTION("constable.ap_1f.t", "text")), CLICK_TEXT);
}

TEST(all_else_is_nothing)
{
	static const char *const actions[] = {
		"",
		"null",
		"[]",
		"{}",
		ACTION("constable.ap_1f.a", "approve"),
		ACTION("constable.ap_1f.a", "choice.-1"),
		ACTION("constable.ap_1f.a", "choice.100"),
		ACTION("constable.ap_1f.a", "choice."),
		ACTION("other.ap_1f.a", "refuse"),
		ACTION("constable..a", "refuse"),
		ACTION("constable.AP-1.a", "refuse"),
		"{\"block_id\":\"constable.ap_1f.t\",\"action_id\":\"text\",\"value\":\"  \"}",
		"{\"block_id\":7,\"action_id\":[],\"value\":{}}",
	};
	struct click click;

	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		CHECK_INT(kind_of(actions[i]), CLICK_OTHER);
	CHECK_INT(parse("{\"type\":\"view_submission\",\"user\":{\"id\":\"U1\"}}", &click), 0);
	CHECK_INT(click.kind, CLICK_OTHER);
}

TEST(bad_bytes_are_refused)
{
	static const char *const bodies[] = { "",          "payload",      "payload=%7",
					      "payload=[", "other=%7B%7D", "payload=%00",
					      "payload=7" };
	struct click click;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		CHECK_INT(click_parse((struct str) { bodies[i], strlen(bodies[i]) }, &click, &err),
			  -EBADMSG);
}

TEST(a_long_text_is_cut_between_characters)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct click click;

	buf_init(&text, 32 * KIB);
	buf_add_text(&text,
		     "{\"type\":\"block_actions\",\"user\":{\"id\":\"U1\"},\"actions\":[{"
		     "\"block_id\":\"constable.ap_1.t\",\"action_id\":\"text\",\"value\":\"x");
	for (unsigned i = 0; i < 2000; i++)
		buf_add_text(&text, "\xc3\xa4");
	buf_add_text(&text, "\"}]}");
	CHECK_INT(parse(buf_text(&text), &click), 0);
	CHECK_INT(click.kind, CLICK_TEXT);
	CHECK_INT(strlen(click.text), 2999);
	CHECK_TEXT(click.text + 2997, "\xc3\xa4");
}
