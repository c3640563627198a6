#include "host/clock_sync.h"

#include <sys/timex.h>

json_t *clock_sync_json(struct error *err)
{
	struct timex timex = { 0 }; /* modes 0: only read */
	int state = adjtimex(&timex);

	if (state < 0) {
		error_errno(err, "read the kernel's clock discipline");
		return NULL;
	}
	return json_pack("{s:i, s:i, s:f, s:f}", "status", timex.status, "state", state, "offset_s",
			 (double)timex.offset / (timex.status & STA_NANO ? 1e9 : 1e6),
			 "max_error_s", (double)timex.maxerror / 1e6);
}
