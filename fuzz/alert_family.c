/* Deliveries of Alertmanager and of Grafana: what payload_read_family() is handed. */
#include "harness.h"

#include "alert_item.h"

static void try_kind(enum alert_kind kind, const uint8_t *data, size_t size)
{
	const struct alert_source source = { .kind = kind, .integration = "int_1" };
	struct alert_payload payload = { 0 };
	struct error err = { 0 };
	int r = alert_payload_read(&source, (struct str) { (const char *)data, size }, &payload,
				   &err);

	alert_item_check(r, &payload, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_kind(ALERT_ALERTMANAGER, data, size);
	try_kind(ALERT_GRAFANA, data, size);
	return 0;
}
