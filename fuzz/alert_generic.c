/* Any JSON, for payload_read_generic(): a line with a mapping, then a delivery for it. */
#include "harness.h"

#include <string.h>

#include "alert_item.h"
#include "server/alert/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	size_t n_first = newline ? (size_t)(newline - data) : 0;
	struct error err = { 0 };
	CLEANUP(json) json_t *mapping = json_parse((const char *)data, n_first, 4 * KIB, &err);
	CLEANUP(json) json_t *settings = NULL;
	struct alert_payload payload = { 0 };
	struct error why = { 0 };
	int r;
	struct alert_source source = { .kind = ALERT_GENERIC, .integration = "int_1" };

	if (mapping && mapping_check(mapping, &err) == 0)
		source.settings = settings = json_pack("{s:O}", "mapping", mapping);
	if (newline)
		n_first++;
	r = alert_payload_read(&source,
			       (struct str) { (const char *)data + n_first, size - n_first },
			       &payload, &why);
	alert_item_check(r, &payload, &why);
	return 0;
}
