#include "base/encoding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

#define MAX_BYTES 64

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *base64, *hex;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "66" },
	{ "fo", "Zm8=", "666f" },
	{ "foo", "Zm9v", "666f6f" },
	{ "foob", "Zm9vYg==", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "666f6f626172" },
};

static int decode(const char *text, struct buf *out)
{
	buf_finish(out);
	buf_init(out, MAX_BYTES);
	return base64_decode(text, strlen(text), out);
}

static int decode_lines(const char *text, struct buf *out)
{
	buf_finish(out);
	buf_init(out, MAX_BYTES);
	return base64_decode_lines(text, strlen(text), out);
}

TEST(the_vectors_of_rfc_4648_hold_in_both_directions)
{
	char text[BASE64_TEXT_BYTES(6)], hex[HEX_TEXT_BYTES(6)], bytes[8] = "";
	CLEANUP(buf) struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		size_t len = strlen(vectors[i].bytes);

		CHECK_TEXT(base64_encode(vectors[i].bytes, len, text), vectors[i].base64);
		CHECK_INT(decode(vectors[i].base64, &out), 0);
		CHECK_TEXT(buf_text(&out), vectors[i].bytes);
		CHECK_TEXT(hex_encode(vectors[i].bytes, len, hex), vectors[i].hex);
		CHECK_INT(hex_decode(vectors[i].hex, bytes, len), 0);
		CHECK(memcmp(bytes, vectors[i].bytes, len) == 0);
	}
}

TEST(every_byte_comes_back_at_every_place)
{
	unsigned char bytes[3], back[3];
	CLEANUP(buf) struct buf out = { 0 };
	char text[BASE64_TEXT_BYTES(3)], hex[HEX_TEXT_BYTES(3)];

	for (unsigned i = 0; i < 256 * 3; i++) {
		memset(bytes, 0xa5, sizeof(bytes));
		bytes[i / 256] = (unsigned char)i;
		CHECK_INT(decode(base64_encode(bytes, 3, text), &out), 0);
		CHECK(out.len == 3 && memcmp(out.data, bytes, 3) == 0);
		CHECK_INT(hex_decode(hex_encode(bytes, 3, hex), back, 3), 0);
		CHECK(memcmp(back, bytes, 3) == 0);
	}
}

TEST(base64_has_one_text_for_the_same_bytes)
{
	static const char *const refused[] = {
		"Z",    "Zg",    "Zg=",   "Zg===",  "Zh==",     "Zm9=",     "Zm8",
		"=",    "==",    "====",  "Z===",   "Zg==Zg==", "Zm8=Zm9v", "Zm9v=",
		"Zm-_", "Zm9v ", " Zm9v", "Zm\n9v", "Zm9v\n",   "Zm9v.",    "Z=m9",
	};
	CLEANUP(buf) struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (decode(refused[i], &out) != -EBADMSG)
			FAIL("'%s' decodes", refused[i]);
	buf_clear(&out);
	CHECK_INT(base64_decode("Zm\0v", 4, &out), -EBADMSG);
}

TEST(folded_base64_is_as_strict_but_for_blanks)
{
	CLEANUP(buf) struct buf out = { 0 };

	CHECK_INT(decode_lines(" Zm9v\r\n\tYm Fy\n", &out), 0);
	CHECK_TEXT(buf_text(&out), "foobar");
	CHECK_INT(decode_lines("Zm8=\n", &out), 0);
	CHECK_TEXT(buf_text(&out), "fo");
	CHECK_INT(decode_lines("Zm8=\nZm9v", &out), -EBADMSG);
	CHECK_INT(decode_lines("Zm9=\n", &out), -EBADMSG);
	CHECK_INT(decode_lines("Zm8\n", &out), -EBADMSG);
	CHECK_INT(decode_lines("Zm8=\v", &out), -EBADMSG);
}

TEST(what_passes_the_ceiling_is_no_result)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, 5);
	CHECK_INT(base64_decode("Zm9vYmFy", 8, &out), -EFBIG);
}

TEST(hex_is_of_its_length_and_lower_case)
{
	unsigned char bytes[2] = { 1, 2 };

	CHECK(hex_is("09af", 4) && hex_is("", 0));
	CHECK(!hex_is("09AF", 4) && !hex_is("09a", 4) && !hex_is("09af0", 4) && !hex_is("09ag", 4));
	CHECK_INT(hex_decode("09aF", bytes, 2), -EBADMSG);
	CHECK_INT(hex_decode("09a", bytes, 2), -EBADMSG);
	CHECK_INT(hex_decode("09af1", bytes, 2), -EBADMSG);
	CHECK(bytes[0] == 1 && bytes[1] == 2);
}

TEST(base64_for_urls_has_its_own_letters_and_no_padding)
{
	static const unsigned char bytes[] = { 0xfb, 0xef, 0xff, 0xfe };
	static const char *const refused[] = { "Z",  "Zg==", "Zm9vY", "++__", "-/",
					       "Zh", "Zm9",  "Zm8=",  "Zm 8", "A=" };

	for (size_t len = 0; len <= sizeof(bytes); len++) {
		CLEANUP(text) char *text = base64url_text(bytes, len);
		CLEANUP(buf) struct buf out = { 0 };

		buf_init(&out, MAX_BYTES);
		CHECK(!strpbrk(text, "+/="));
		CHECK_INT(base64url_decode(text, strlen(text), &out), 0);
		CHECK(out.len == len && (!len || memcmp(out.data, bytes, len) == 0));
	}
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(buf) struct buf out = { 0 };

		buf_init(&out, MAX_BYTES);
		if (base64url_decode(refused[i], strlen(refused[i]), &out) != -EBADMSG)
			FAIL("'%s' decodes", refused[i]);
	}
}
