#include "server/alert/alert.h"

#include "base/buf.h"

void alert_metrics(const struct alerts *alerts, struct buf *page)
{
	const struct alert_counters *counters = &alerts->counters;
	const struct {
		const char *outcome;
		uint64_t n;
	} rows[] = {
		{ "taken", counters->deliveries }, { "replay", counters->replays },
		{ "refused", counters->refused },  { "unauthenticated", counters->unauthenticated },
		{ "failed", counters->failed },
	};

	buf_add_text(page, "# TYPE constable_alert_deliveries_total counter\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		buf_add_format(page, "constable_alert_deliveries_total{outcome=\"%s\"} %llu\n",
			       rows[i].outcome, (unsigned long long)rows[i].n);
	buf_add_format(page,
		       "# TYPE constable_alerts_total counter\nconstable_alerts_total %llu\n"
		       "# TYPE constable_alert_events_ignored_total counter\n"
		       "constable_alert_events_ignored_total %llu\n",
		       (unsigned long long)counters->alerts, (unsigned long long)counters->ignored);
}
