#include "call/redact_stream.h"

#include <string.h>

#include "base/test.h"

/* The text in pieces of that size, passed through; what came before the end is in 'early'. */
struct passed {
	struct buf early, all;
};

static void passed_cleanup(struct passed *passed)
{
	buf_finish(&passed->early);
	buf_finish(&passed->all);
}

static void pass(const char *text, size_t len, size_t piece, struct passed *passed)
{
	struct redactor *redactor = redactor_new();
	struct redact_stream stream;

	buf_init(&passed->early, 4 * MIB);
	buf_init(&passed->all, 4 * MIB);
	redact_stream_init(&stream, redactor);
	for (size_t at = 0; at < len; at += piece)
		redact_stream_add(&stream, text + at, len - at < piece ? len - at : piece,
				  &passed->early);
	buf_add(&passed->all, passed->early.data, passed->early.len);
	redact_stream_end(&stream, &passed->all);
	redact_stream_finish(&stream);
	redactor_free(redactor);
}

/* In pieces of every size it comes out as in one. */
static void check_same(const char *text)
{
	struct redactor *redactor = redactor_new();
	CLEANUP(buf) struct buf whole = { 0 };

	buf_init(&whole, 4 * MIB);
	(void)redact_text(redactor, text, strlen(text), &whole);
	redactor_free(redactor);
	for (size_t piece = 1; piece < 80; piece++) {
		CLEANUP(passed) struct passed passed = { 0 };

		pass(text, strlen(text), piece, &passed);
		CHECK_TEXT(buf_text(&passed.all), buf_text(&whole));
	}
}

#define KEY_LINE "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"

TEST(a_secret_across_borders_is_hidden)
{
	check_same("user=ana\npassword=hunter2hunter2\nend\n");
	check_same("curl -u ana:s3cretS3cret https://x\nAuthorization: Bearer abcdef0123456789\n");
	check_same("token: ghp_0123456789abcdefghijABCDEFGHIJ012345\nplain");
	check_same("password=\"abc\\\ndefgh1jk\"\nnext\n");
}

TEST(a_private_key_across_borders_is_hidden_whole)
{
	check_same("before\n-----BEGIN PRIVATE KEY-----\n" KEY_LINE KEY_LINE
		   "Q8Vbvg==\n-----END PRIVATE KEY-----\nafter\n");
	check_same("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" KEY_LINE
		   "and then something else\n");
	/* Cut off by the program itself. */
	check_same("before it\n" KEY_LINE KEY_LINE "Q8VbvgaaaaaaaaaaAA==\n"
		   "-----END PRIVATE KEY-----\nafter\n");
}

TEST(plain_lines_are_shown_as_soon_as_they_are_whole)
{
	CLEANUP(passed) struct passed passed = { 0 };

	pass("one\n2\nthree and", 15, 1, &passed);
	CHECK_TEXT(buf_text(&passed.early), "one\n2\n");
	CHECK_TEXT(buf_text(&passed.all), "one\n2\nthree and");
}

TEST(nothing_of_a_key_is_shown_before_its_end)
{
	CLEANUP(passed) struct passed passed = { 0 };
	static const char text[] = "x\n-----BEGIN PRIVATE KEY-----\n" KEY_LINE KEY_LINE;

	pass(text, sizeof(text) - 1, 7, &passed);
	CHECK_TEXT(buf_text(&passed.early), "x\n");
	CHECK(!strstr(buf_text(&passed.all), "MIIE"));
}

TEST(a_line_that_never_ends_is_left_out_and_bounded)
{
	static char text[512 * 1024];
	CLEANUP(passed) struct passed passed = { 0 };

	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 6, "\nnext\n", 6);
	pass(text, sizeof(text), 4096, &passed);
	CHECK_TEXT(buf_text(&passed.all), "[a line too long to be shown as it comes]\nnext\n");
}

TEST(text_that_looks_like_a_key_for_ever_is_shown_in_the_end)
{
	CLEANUP(passed) struct passed passed = { 0 };
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 1 * MIB);
	while (text.len < 300 * KIB)
		buf_add_text(&text, KEY_LINE);
	pass(text.data, text.len, 1000, &passed);
	CHECK(passed.early.len > 200 * KIB);
	CHECK_INT(passed.all.len, text.len);
}
