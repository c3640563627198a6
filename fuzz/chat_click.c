/* What Slack posts of a click: the form, the JSON in it, and what of that is believed. */
#include "harness.h"

#include <string.h>

#include "base/utf8.h"
#include "server/chat/click.h"

static void check_text(const char *text, const char *chars)
{
	if (text[strspn(text, chars)])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct click click = { 0 };
	struct error err = { 0 };

	if (click_parse((struct str) { (const char *)data, size }, &click, &err) < 0) {
		if (!*err.text)
			abort();
		return 0;
	}
	check_text(click.user, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	check_text(click.team, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	check_text(click.appeal, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (click.kind != CLICK_OTHER && (!*click.user || !*click.appeal))
		abort();
	if (click.kind == CLICK_TEXT && !*click.text)
		abort();
	for (const char *at = click.text; *at;) {
		size_t len = utf8_len(at, strlen(at));

		if (!len)
			abort();
		at += len;
	}
	return 0;
}
