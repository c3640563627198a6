/* Events of PagerDuty: what payload_read_pagerduty() is handed. */
#include "harness.h"

#include "alert_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct alert_source source = { .kind = ALERT_PAGERDUTY, .integration = "int_1" };
	struct alert_payload payload = { 0 };
	struct error err = { 0 };
	int r = alert_payload_read(&source, (struct str) { (const char *)data, size }, &payload,
				   &err);

	alert_item_check(r, &payload, &err);
	return 0;
}
