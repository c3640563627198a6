#include "cli/terminal/escape.h"

#include <locale.h>
#include <string.h>

#include "base/test.h"

static const char *shown(const char *text, enum charset charset)
{
	static char copy[256];
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, sizeof(copy) - 1);
	escape_add(&out, text, strlen(text), charset);
	text_format(copy, sizeof(copy), "%s", buf_text(&out));
	return copy;
}

TEST(control_bytes_become_visible)
{
	CHECK_TEXT(shown("a\033[31mb\a\x7f", CHARSET_UTF8), "a\\x1b[31mb\\x07\\x7f");
	CHECK_TEXT(shown("a\nb\rc\td", CHARSET_UTF8), "a\\nb\\rc d");
}

TEST(c1_controls_become_visible)
{
	CHECK_TEXT(shown("\xc2\x9b"
			 "31m",
			 CHARSET_UTF8),
		   "\\u{9b}31m");
}

TEST(text_that_reorders_or_hides_becomes_visible)
{
	CHECK_TEXT(shown("\u202eevil\u2066\u200b\ufeff", CHARSET_UTF8),
		   "\\u{202e}evil\\u{2066}\\u{200b}\\u{feff}");
	CHECK_TEXT(shown("\U000e0041\u2028", CHARSET_UTF8), "\\u{e0041}\\u{2028}");
}

TEST(what_is_not_utf8_becomes_visible_byte_by_byte)
{
	CHECK_TEXT(shown("\xff\xc0\xaf\xe2\x80", CHARSET_UTF8), "\\xff\\xc0\\xaf\\xe2\\x80");
	CHECK_TEXT(shown("\xed\xa0\x80", CHARSET_UTF8), "\\xed\\xa0\\x80");
}

TEST(other_text_stays_as_it_is)
{
	CHECK_TEXT(shown("Zürich 東京 \\n 😀", CHARSET_UTF8), "Zürich 東京 \\n 😀");
}

TEST(a_terminal_without_utf8_gets_ascii_only)
{
	CHECK_TEXT(shown("Zürich", CHARSET_ASCII), "Z\\u{fc}rich");
}

TEST(wide_characters_take_two_columns_where_the_locale_knows_them)
{
	bool is_known = setlocale(LC_CTYPE, "C.UTF-8") != NULL;

	CHECK_INT(escape_columns("東京", strlen("東京")), is_known ? 4 : 2);
	CHECK_INT(escape_columns("Zürich", strlen("Zürich")), 6);
}
