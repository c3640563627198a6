#include "cli/terminal/page.h"

#include <string.h>

#include "base/test.h"
#include "cli/terminal/amount.h"
#include "cli/terminal/chart.h"
#include "cli/terminal/shell.h"
#include "cli/terminal/tree.h"

/* A page of 40 columns, and what was written to it. */
struct scene {
	struct page page;
	char *text;
	size_t len;
};

static void begin(struct scene *scene, enum charset charset)
{
	*scene = (struct scene) { .page = { .charset = charset, .width = 40 } };
	scene->page.stream = open_memstream(&scene->text, &scene->len);
	CHECK(scene->page.stream);
}

static void shows(struct scene *scene, const char *expected)
{
	(void)fclose(scene->page.stream);
	CHECK_TEXT(scene->text, expected);
	free(scene->text);
}

TEST(a_long_sentence_is_wrapped_and_indented)
{
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	page_add(&scene.page, STYLE_PLAIN, "  e1");
	page_to(&scene.page, 6);
	page_flow(&scene.page, STYLE_PLAIN, 6, "the quick brown fox jumps over the lazy dog");
	page_end(&scene.page);
	shows(&scene, "  e1  the quick brown fox jumps over the\n      lazy dog\n");
}

TEST(a_word_that_no_line_can_hold_goes_on_from_line_to_line)
{
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	page_to(&scene.page, 30);
	page_flow(&scene.page, STYLE_PLAIN, 30, "abcdefghijklmnop");
	page_end(&scene.page);
	shows(&scene, "                              abcdefghij\n"
		      "                              klmnop\n");
}

TEST(foreign_text_cannot_begin_a_line)
{
	struct scene scene;

	begin(&scene, CHARSET_UTF8);
	page_flow_format(&scene.page, STYLE_PLAIN, 0, "x%s", "\nhealthy\033[2J");
	page_end(&scene.page);
	shows(&scene, "x\\nhealthy\\x1b[2J\n");
}

TEST(colours_stand_around_text_only_where_they_are_wanted)
{
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	page_add(&scene.page, STYLE_BAD, "a");
	scene.page.has_colours = true;
	page_add(&scene.page, STYLE_BAD, "b");
	page_add(&scene.page, STYLE_PLAIN, "c");
	shows(&scene, "a\033[31mb\033[0mc");
}

TEST(a_colour_does_not_reach_over_the_indentation)
{
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	scene.page.has_colours = true;
	page_to(&scene.page, 2);
	page_flow(&scene.page, STYLE_BAD, 2, "the quick brown fox jumps over the lazy dog");
	shows(&scene, "  \033[31mthe quick brown fox jumps over the\033[0m\n"
		      "  \033[31mlazy dog\033[0m");
}

TEST(a_bar_is_always_as_wide_as_asked)
{
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	chart_bar(&scene.page, STYLE_PLAIN, 50, 4);
	page_add(&scene.page, STYLE_PLAIN, "|");
	chart_bar(&scene.page, STYLE_PLAIN, -3, 4);
	page_add(&scene.page, STYLE_PLAIN, "|");
	chart_bar(&scene.page, STYLE_PLAIN, 400, 4);
	shows(&scene, "##..|....|####");
}

TEST(something_is_never_drawn_as_nothing)
{
	struct scene scene;

	begin(&scene, CHARSET_UTF8);
	chart_bar(&scene.page, STYLE_PLAIN, 0.1, 3);
	shows(&scene, "▏  ");
}

TEST(a_sparkline_keeps_the_peaks_of_a_long_history)
{
	CLEANUP(json) json_t *numbers = json_array();
	struct scene scene;

	for (int i = 0; i < 100; i++)
		json_push(numbers, json_integer(i == 57 ? 8 : 0));
	begin(&scene, CHARSET_UTF8);
	CHECK(chart_spark(&scene.page, numbers, 10));
	shows(&scene, "▁▁▁▁▁█▁▁▁▁");
}

TEST(what_is_not_all_numbers_has_no_sparkline)
{
	CLEANUP(json) json_t *mixed = json_pack("[i, s, i]", 1, "2", 3);
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	CHECK(!chart_spark(&scene.page, mixed, 10));
	shows(&scene, "");
}

TEST(units_come_from_names)
{
	CLEANUP(json) json_t *number = json_real(1610612736.0);
	CLEANUP(json) json_t *share = json_real(42.4);
	char text[AMOUNT_TEXT_BYTES];

	CHECK_TEXT(amount_format("free_bytes", number, text), "1.5 GiB");
	CHECK_TEXT(amount_format("rx_bytes_per_s", number, text), "1.5 GiB/s");
	CHECK_TEXT(amount_format("used_percent", share, text), "42 %");
	CHECK_TEXT(amount_format("uptime_s", share, text), "42 s");
	CHECK_TEXT(amount_format("await_ms", share, text), "42.4 ms");
	CHECK_TEXT(amount_format("n", json_true(), text), "yes");
}

TEST(a_command_line_can_be_copied)
{
	CLEANUP(json) json_t *args = json_pack("{s:s}", "path", "/a b/it's\u202e");
	CLEANUP(buf) struct buf line = { 0 };

	shell_add_call(&line, NULL, "get_disk_usage", args);
	CHECK_TEXT(buf_text(&line), "constable call get_disk_usage "
				    "'{\"path\":\"/a b/it'\\''s\\u202E\"}'");
	buf_finish(&line);
	shell_add_call(&line, "web;1", "get_load", NULL);
	CHECK_TEXT(buf_text(&line), "constable --host 'web;1' call get_load");
}

TEST(records_become_a_table)
{
	CLEANUP(json)
	json_t *value = json_pack("{s:[{s:s, s:i}, {s:s, s:i}]}", "disks", "name", "sda",
				  "size_bytes", 1024, "name", "nvme0n1", "size_bytes", 2048);
	struct scene scene;

	begin(&scene, CHARSET_ASCII);
	tree_print(value, 0, &scene.page);
	shows(&scene, "disks\n"
		      "  name     size bytes\n"
		      "  sda      1.0 KiB\n"
		      "  nvme0n1  2.0 KiB\n");
}
