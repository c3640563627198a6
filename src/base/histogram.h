/*
 * How long things take, in buckets of seconds: a histogram in the text format of Prometheus
 * (prometheus.io/docs/instrumenting/exposition_formats).
 */
#pragma once

#include "base/buf.h"

#define HISTOGRAM_BUCKETS 12 /* 0.1 s to an hour, and beyond */

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t n, sum_ns;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* The same with labels ("a=\"b\""), of several that share a name, without its type. */
void histogram_write_one(const struct histogram *histogram, const char *name, const char *labels,
			 struct buf *page);

/* "# TYPE name histogram", its buckets, sum and count. */
void histogram_write(const struct histogram *histogram, const char *name, struct buf *page);
