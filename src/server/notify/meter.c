#include "server/notify/meter.h"

void meter_add(struct meter *meter, const struct kind *kind, enum meter_outcome outcome,
	       uint64_t took_ns)
{
	for (size_t i = 0; i < KINDS_N; i++)
		if (kinds[i] == kind) {
			meter->n[i][outcome]++;
			histogram_add(&meter->seconds[i], took_ns);
		}
}

void meter_write(const struct meter *meter, struct buf *page)
{
	static const char *const outcomes[METER_OUTCOMES] = { "delivered", "skipped", "retried",
							      "refused", "given-up" };

	buf_add_text(page, "# TYPE constable_deliveries_total counter\n");
	for (size_t i = 0; i < KINDS_N; i++)
		for (size_t k = 0; k < METER_OUTCOMES; k++)
			buf_add_format(page,
				       "constable_deliveries_total{channel=\"%s\",outcome=\"%s\"} "
				       "%llu\n",
				       kinds[i]->name, outcomes[k],
				       (unsigned long long)meter->n[i][k]);
	buf_add_text(page, "# TYPE constable_delivery_duration_seconds histogram\n");
	for (size_t i = 0; i < KINDS_N; i++) {
		char labels[64];

		text_format(labels, sizeof(labels), "channel=\"%s\"", kinds[i]->name);
		histogram_write_one(&meter->seconds[i], "constable_delivery_duration_seconds",
				    labels, page);
	}
}
