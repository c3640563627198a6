/* What had changed, and when. */
#include "base/duration.h"
#include "report/outline_internal.h"

#define MAX_TIMELINE 20
#define MAX_TIMELINE_AFTER 6 /* of them, after the alert fired */

/*
 * The first of the rows that are shown: most of them are the last before the alert fired, a few
 * what followed. They stand in order, the oldest first.
 */
static size_t first_shown(const json_t *report, const json_t *list)
{
	double fired_ago = json_get_number(report, "fired_seconds_ago", 0);
	size_t n = json_array_size(list), n_before = 0, end;
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row) n_before +=
		json_get_number(row, "seconds_ago", 0) >= fired_ago;
	end = n_before + MAX_TIMELINE_AFTER < n ? n_before + MAX_TIMELINE_AFTER : n;
	return end > MAX_TIMELINE ? end - MAX_TIMELINE : 0;
}

static void add_left_out(struct outline *outline, size_t n, const char *which)
{
	if (n)
		outline_add(outline, PIECE_ITEM, NULL, "%zu %s rows are left out", n, which);
}

void outline_add_timeline(struct outline *outline, const json_t *report)
{
	const json_t *list = json_object_get(report, "timeline"), *row;
	size_t first = first_shown(report, list), end = first + MAX_TIMELINE, i;

	if (!json_array_size(list))
		return;
	outline_add(outline, PIECE_HEADING, "Timeline", "%s", "");
	add_left_out(outline, first, "earlier");
	json_array_foreach(list, i, row)
	{
		double ago = json_get_number(row, "seconds_ago", 0);
		char text[DURATION_TEXT_BYTES];
		bool is_sane = ago >= 0 && ago < 1e9;

		if (i >= first && i < end)
			outline_add(
				outline, PIECE_ITEM, NULL, "%s before the report: %s (%s)",
				duration_to_text(is_sane ? (uint64_t)ago * NS_PER_SEC : 0, text),
				json_get_text(row, "text", ""), json_get_text(row, "evidence", ""));
	}
	add_left_out(outline, i > end ? i - end : 0, "later");
}
