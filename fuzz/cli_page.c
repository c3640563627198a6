/* Text and reports of anybody: nothing that reaches the stream can steer a terminal. */
#include "harness.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask/report.h"
#include "cli/terminal/tree.h"

static void check_harmless(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		assert(byte >= ' ' || byte == '\n');
		assert(byte != 0x7f);
		/* C1 as UTF-8 */
		assert(byte != 0xc2 || (unsigned char)text[i + 1] >= 0xa0);
	}
}

static void check_escape(const char *text, size_t size, enum charset charset)
{
	CLEANUP(buf) struct buf once = { 0 };
	CLEANUP(buf) struct buf twice = { 0 };

	buf_init(&once, 8 * MIB);
	buf_init(&twice, 8 * MIB);
	escape_add(&once, text, size, charset);
	check_harmless(buf_text(&once), once.len);
	escape_add(&twice, buf_text(&once), once.len, charset);
	assert(once.len == twice.len && memcmp(buf_text(&once), buf_text(&twice), once.len) == 0);
}

static void check_printed(const json_t *json, enum charset charset)
{
	char *text = NULL;
	size_t len = 0;
	struct page page = { .stream = open_memstream(&text, &len),
			     .charset = charset,
			     .width = 60 };

	assert(page.stream);
	report_print(json, json, NULL, &page);
	report_print_evidence(json, &page);
	tree_print(json, 2, &page);
	(void)fclose(page.stream);
	check_harmless(text, len);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *json = json_parse((const char *)data, size, 64 * KIB, &err);

	check_escape((const char *)data, size, CHARSET_UTF8);
	check_escape((const char *)data, size, CHARSET_ASCII);
	if (json_is_object(json)) {
		check_printed(json, CHARSET_UTF8);
		check_printed(json, CHARSET_ASCII);
	}
	return 0;
}
