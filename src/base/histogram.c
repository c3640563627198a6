#include "base/histogram.h"

static const double bounds_s[HISTOGRAM_BUCKETS - 1] = { 0.1, 0.5, 1,   2.5, 5,   10,
							30,  60,  120, 600, 3600 };

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	size_t i = 0;

	while (i < ARRAY_LEN(bounds_s) && (double)ns > bounds_s[i] * (double)NS_PER_SEC)
		i++;
	histogram->counts[i]++;
	histogram->n++;
	histogram->sum_ns += ns;
}

void histogram_write_one(const struct histogram *histogram, const char *name, const char *labels,
			 struct buf *page)
{
	const char *comma = *labels ? "," : "", *open = *labels ? "{" : "",
		   *close = *labels ? "}" : "";
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(bounds_s); i++) {
		n += histogram->counts[i];
		buf_add_format(page, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma,
			       bounds_s[i], (unsigned long long)n);
	}
	buf_add_format(page,
		       "%s_bucket{%s%sle=\"+Inf\"} %llu\n%s_sum%s%s%s %.6f\n%s_count%s%s%s %llu\n",
		       name, labels, comma, (unsigned long long)histogram->n, name, open, labels,
		       close, (double)histogram->sum_ns / (double)NS_PER_SEC, name, open, labels,
		       close, (unsigned long long)histogram->n);
}

void histogram_write(const struct histogram *histogram, const char *name, struct buf *page)
{
	buf_add_format(page, "# TYPE %s histogram\n", name);
	histogram_write_one(histogram, name, "", page);
}
