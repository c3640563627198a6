#include "report/escape.h"

#include <string.h>

#include "base/test.h"
#include "base/utf8.h"

typedef void escaping(struct buf *out, const char *text, size_t max);

static void check(escaping *escape, const char *text, const char *expected)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, 64 * KIB);
	escape(&out, text, 1000);
	CHECK_TEXT(buf_text(&out), expected);
}

TEST(what_steers_or_hides_is_shown)
{
	check(escape_line, "a\x1b[31m\x07", "a\\x1b[31m\\x07");
	check(escape_line, "one\r\ntwo\tthree", "one  two three");
	check(escape_line, "\xe2\x80\xaegnp.exe\xe2\x80\x8b", "\\u{202e}gnp.exe\\u{200b}");
	check(escape_line, "\xff\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check(escape_line,
	      "gr\xc3\xbc\xc3\x9f"
	      "e \xf0\x9f\x94\xb4",
	      "gr\xc3\xbc\xc3\x9f"
	      "e \xf0\x9f\x94\xb4");
	check(escape_line, "", "");
}

TEST(markup_of_html_is_text)
{
	check(escape_html, "<a href=\"x\" b='y'>&amp;",
	      "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
}

TEST(slack_sees_no_mention_and_no_link)
{
	check(escape_slack, "<!channel> <@U1> <https://x|y> &lt;!here&gt;",
	      "&lt;!channel&gt; &lt;@U1&gt; &lt;https://x|y&gt; &amp;lt;!here&amp;gt;");
}

TEST(markdown_stays_text)
{
	check(escape_markdown, "[a](b) ![c](d) <e> `f` *g* _h_ ~i~ |j| $k$ \\",
	      "\\[a\\](b) \\!\\[c\\](d) \\<e\\> \\`f\\` \\*g\\* \\_h\\_ \\~i\\~ \\|j\\| \\$k\\$ "
	      "\\\\");
	check(escape_markdown, "# a", "\\# a");
	check(escape_markdown, "- a - b", "\\- a - b");
	check(escape_markdown, "12. a 1. b", "12\\. a 1. b");
	check(escape_markdown, " \n 3) a", "   3\\) a");
	check(escape_markdown, "--- ===", "\\--- ===");
	check(escape_markdown, "at 10:20: done", "at 10\\:20: done");
}

TEST(markdown_makes_no_link_of_a_bare_address)
{
	check(escape_markdown, "https://x.example", "https\\://x.example");
	check(escape_markdown, "(WWW.x.example", "(WWW\\.x.example");
	check(escape_markdown, "mailto:a@b xmpp:c",
	      "mailto\\:a@\xe2\x81\xa0"
	      "b xmpp\\:c");
}

TEST(a_code_span_cannot_be_closed)
{
	check(escape_markdown_code, "plain", "`plain`");
	check(escape_markdown_code, "a`b", "`` a`b ``");
	check(escape_markdown_code, "```\nx", "```` ``` x ````");
	check(escape_markdown_code, "", "");
}

TEST(long_text_is_cut_between_characters)
{
	static escaping *const all[] = { escape_line, escape_markdown, escape_html, escape_slack };
	char text[400] = "";

	for (size_t i = 0; i < 90; i++)
		(void)memcpy(text + 4 * i, i % 2 ? "\xf0\x9f\x94\xb4" : "<&>@", 4);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (size_t max = 40; max < 200; max++) {
			CLEANUP(buf) struct buf out = { 0 };

			buf_init(&out, 4 * KIB);
			all[i](&out, text, max);
			CHECK(out.len <= max && utf8_is_valid(out.data, out.len));
			CHECK_TEXT(out.data + out.len - strlen(ESCAPE_CUT), ESCAPE_CUT);
		}
	}
}

TEST(text_that_fits_is_not_cut)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, KIB);
	escape_line(&out, "exactly twenty bytes", 20);
	CHECK_TEXT(out.data, "exactly twenty bytes");
}

TEST(only_harmless_addresses_are_links)
{
	CHECK(escape_is_url("https://constable.example:8000/incidents/inc_1"));
	CHECK(escape_is_url("https://constable.example:8000/incidents/inc-1?a=b"));
	CHECK(!escape_is_url("javascript:alert(1)"));
	CHECK(!escape_is_url("https://"));
	CHECK(!escape_is_url("https://x|y"));
	CHECK(!escape_is_url("https://x>y"));
	CHECK(!escape_is_url("https://x\"y"));
	CHECK(!escape_is_url("https://x y"));
	CHECK(!escape_is_url("https://x)y"));
	CHECK(!escape_is_url("https://user@x"));
}
