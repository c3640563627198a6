#include "base/histogram.h"

#include <string.h>

#include "base/test.h"

TEST(buckets_hold_what_is_not_above_them)
{
	struct histogram histogram = { 0 };
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, 4 * KIB);
	histogram_add(&histogram, NS_PER_SEC);
	histogram_add(&histogram, NS_PER_SEC + 1);
	histogram_add(&histogram, 2 * 3600 * NS_PER_SEC);
	histogram_write(&histogram, "x_seconds", &page);
	CHECK(strstr(buf_text(&page), "# TYPE x_seconds histogram\n") == buf_text(&page));
	CHECK(strstr(buf_text(&page), "x_seconds_bucket{le=\"0.5\"} 0\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_bucket{le=\"1\"} 1\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_bucket{le=\"2.5\"} 2\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_bucket{le=\"3600\"} 2\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_bucket{le=\"+Inf\"} 3\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_sum 7202.000000\n"));
	CHECK(strstr(buf_text(&page), "x_seconds_count 3\n"));
}
