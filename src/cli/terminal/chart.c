#include "cli/terminal/chart.h"

#include <math.h>

#define LEVELS 8

static const char *const eighths[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
static const char *const steps[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const plain_steps[LEVELS] = { "_", ".", ":", "-", "=", "+", "*", "#" };

static void add_cell(struct page *page, struct buf *bar, double eighths_left)
{
	int level = eighths_left >= 8 ? 8 : (int)fmax(0, eighths_left);

	if (page->charset == CHARSET_UTF8)
		buf_add_text(bar, eighths[level]);
	else
		buf_add_text(bar, level >= 4 ? "#" : ".");
}

void chart_bar(struct page *page, enum style style, double percent, unsigned cells)
{
	CLEANUP(buf) struct buf bar = { 0 };
	double share = percent > 0 ? fmin(percent, 100) / 100 : 0;
	double left = round(share * cells * 8);

	/* Something is never shown as nothing. */
	if (percent > 0 && left < 1)
		left = 1;
	buf_init(&bar, (size_t)cells * 4);
	for (unsigned i = 0; i < cells; i++)
		add_cell(page, &bar, left - 8.0 * i);
	page_add(page, style, "%s", buf_text(&bar));
}

enum style chart_style(double percent)
{
	if (percent >= 90)
		return STYLE_BAD;
	return percent >= 75 ? STYLE_WARN : STYLE_GOOD;
}

static double greatest(const json_t *numbers, size_t first, size_t end)
{
	double max = json_number_value(json_array_get(numbers, first));

	for (size_t i = first + 1; i < end; i++)
		max = fmax(max, json_number_value(json_array_get(numbers, i)));
	return max;
}

static bool is_all_numbers(const json_t *numbers)
{
	const json_t *number;
	size_t i;

	json_array_foreach(numbers, i, number)
	{
		if (!json_is_number(number))
			return false;
	}
	return json_array_size(numbers) >= 2;
}

bool chart_spark(struct page *page, const json_t *numbers, unsigned cells)
{
	const char *const *glyphs = page->charset == CHARSET_UTF8 ? steps : plain_steps;
	CLEANUP(buf) struct buf spark = { 0 };
	size_t n = json_array_size(numbers);
	size_t n_cells = n < cells ? n : cells;
	double max;

	if (!is_all_numbers(numbers))
		return false;
	max = greatest(numbers, 0, n);
	buf_init(&spark, (size_t)cells * 4);
	for (size_t i = 0; i < n_cells; i++) {
		double value = greatest(numbers, i * n / n_cells, (i + 1) * n / n_cells);
		double level = max > 0 ? round(value / max * (LEVELS - 1)) : 0;

		buf_add_text(&spark, glyphs[(int)fmax(0, level)]);
	}
	page_add(page, STYLE_NAME, "%s", buf_text(&spark));
	return true;
}
