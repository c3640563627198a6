#include "warden/tidy.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"

static void handle_tidy(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct warden *warden = data;
	struct error err = { 0 };

	if (audit_needs_sync(warden->gate.audit) && audit_sync(warden->gate.audit, &err) < 0)
		log_error("%s", err.text);
	memory_give_back();
}

void tidy_init(struct warden *warden)
{
	warden->tidy = evtimer_new(warden->base, handle_tidy, warden);
	if (!warden->tidy)
		abort();
}

void tidy_finish(struct warden *warden)
{
	if (warden->tidy)
		event_free(warden->tidy);
	warden->tidy = NULL;
}

void tidy_later(struct warden *warden)
{
	static const struct timeval after = { .tv_usec = TIDY_AFTER_NS / 1000 };

	if (!evtimer_pending(warden->tidy, NULL) && evtimer_add(warden->tidy, &after) < 0)
		abort();
}
