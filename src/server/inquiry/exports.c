#include "server/inquiry/exports.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "investigation/otlp.h"
#include "server/hub/hub.h"
#include "server/inquiry/exports_internal.h"
#include "server/inquiry/inquiry.h"

#define LAST_PAUSE_NS (30 * NS_PER_SEC)

/* One that waits; the first of them is under way. */
struct parting {
	struct parting *next;
	char org[HUB_ID_BYTES], id[INQUIRY_ID_BYTES];
	char *body; /* NULL: to be read from the store */
	unsigned n_tries, status;
	uint64_t asked_ns; /* "retry-after" of the last answer */
};

struct exports {
	struct exports_config config;
	struct exports_counters counters;
	struct parting *first, **last;
	struct event *next; /* begins with the first, or again */
	struct courier_call *call;
	uint64_t ticket;
};

static void schedule(struct exports *exports, uint64_t pause_ns)
{
	const struct timeval pause = {
		.tv_sec = (time_t)(pause_ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(pause_ns % NS_PER_SEC / 1000),
	};

	(void)event_add(exports->next, &pause);
}

static void remove_first(struct exports *exports)
{
	struct parting *parting = exports->first;

	exports->first = parting->next;
	if (!exports->first)
		exports->last = &exports->first;
	exports->counters.waiting--;
	free(parting->body);
	free(parting);
}

static void drop(struct exports *exports, const char *why)
{
	log_warn("the trace of investigation %s is dropped: %s", exports->first->id, why);
	exports->counters.dropped++;
	remove_first(exports);
	if (exports->first)
		schedule(exports, 0);
}

static void try_again(struct exports *exports, const char *why)
{
	struct parting *parting = exports->first;
	uint64_t pause_ns = exports->config.pause_ns ? exports->config.pause_ns : NS_PER_SEC;

	if (parting->n_tries == EXPORTS_TRIES) {
		drop(exports, why);
		return;
	}
	pause_ns <<= parting->n_tries - 1;
	if (parting->asked_ns > pause_ns)
		pause_ns = parting->asked_ns;
	exports->counters.retried++;
	schedule(exports, pause_ns > LAST_PAUSE_NS ? LAST_PAUSE_NS : pause_ns);
}

/* A date, and what is no number, is taken for "not said". */
static uint64_t asked_ns(const char *value)
{
	uint64_t seconds;

	if (!scan_u64(&value, &seconds))
		return 0;
	return seconds * NS_PER_SEC < LAST_PAUSE_NS ? seconds * NS_PER_SEC : LAST_PAUSE_NS;
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct exports *exports = data;

	exports->first->status = head->status;
	if (head->n_headers)
		exports->first->asked_ns = asked_ns(head->headers[0].value);
}

static void handle_end(const struct error *err, void *data)
{
	struct exports *exports = data;
	unsigned status = exports->first->status;
	char why[64];

	exports->call = NULL;
	text_format(why, sizeof(why), "the collector answered %u", status);
	if (err && (err->code == -EINVAL || err->code == -EACCES || err->code == -E2BIG)) {
		drop(exports, err->text);
	} else if (err) {
		try_again(exports, err->text);
	} else if (status / 100 == 2) {
		exports->counters.sent++;
		remove_first(exports);
		if (exports->first)
			schedule(exports, 0);
	} else if (collector_is_busy(status)) {
		try_again(exports, why);
	} else {
		drop(exports, why);
	}
}

static void send_first(struct exports *exports)
{
	static const struct courier_handlers handlers = { .head = handle_head, .end = handle_end };
	struct parting *parting = exports->first;
	const struct courier_request request =
		collector_request(exports->config.collector, parting->body);

	parting->n_tries++;
	parting->status = 0;
	parting->asked_ns = 0;
	exports->call = courier_request(exports->config.courier, &request, &handlers, exports);
}

static void handle_read(const struct store_result *result, const struct error *err, void *data)
{
	struct exports *exports = data;
	CLEANUP(json) json_t *finished = err ? NULL : export_case(result);
	CLEANUP(json) json_t *trace = NULL;
	struct error why = { 0 };

	exports->ticket = 0;
	if (err) {
		exports->first->n_tries++;
		try_again(exports, err->text);
		return;
	}
	if (finished)
		trace = otlp_trace(finished, OTLP_WITHOUT_CONTENT, &why);
	if (!trace) {
		drop(exports, finished ? why.text : "it is not in the store");
		return;
	}
	exports->first->body = json_canonical(trace);
	send_first(exports);
}

static void handle_next(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct exports *exports = data;
	struct store_value values[2];
	struct store_step steps[EXPORT_STEPS];

	if (exports->first->body) {
		send_first(exports);
		return;
	}
	export_steps(exports->first->org, exports->first->id, values, steps);
	exports->ticket = store_submit(exports->config.store,
				       &(struct store_batch) { .org = exports->first->org,
							       .steps = steps,
							       .n_steps = EXPORT_STEPS },
				       handle_read, exports);
}

struct exports *exports_new(const struct exports_config *config)
{
	struct exports *exports = calloc(1, sizeof(*exports));

	if (!exports)
		abort();
	exports->config = *config;
	exports->last = &exports->first;
	exports->next = evtimer_new(config->base, handle_next, exports);
	if (!exports->next)
		abort();
	return exports;
}

void exports_free(struct exports *exports)
{
	if (!exports)
		return;
	if (exports->call)
		courier_cancel(exports->call);
	if (exports->ticket)
		store_forget(exports->config.store, exports->ticket);
	while (exports->first)
		remove_first(exports);
	event_free(exports->next);
	free(exports);
}

void exports_add(struct exports *exports, const char *org, const char *investigation)
{
	struct parting *parting;

	if (exports->counters.waiting == EXPORTS_MAX_WAITING) {
		exports->counters.dropped++;
		return;
	}
	parting = calloc(1, sizeof(*parting));
	if (!parting)
		abort();
	text_format(parting->org, sizeof(parting->org), "%s", org);
	text_format(parting->id, sizeof(parting->id), "%s", investigation);
	*exports->last = parting;
	exports->last = &parting->next;
	if (exports->counters.waiting++ == 0)
		schedule(exports, 0);
}

void exports_metrics(const struct exports *exports, struct buf *page)
{
	const struct exports_counters *counters = &exports->counters;

	buf_add_format(page,
		       "# TYPE constable_exports_waiting gauge\n"
		       "constable_exports_waiting %llu\n"
		       "# TYPE constable_exports_total counter\n"
		       "constable_exports_total{outcome=\"sent\"} %llu\n"
		       "constable_exports_total{outcome=\"dropped\"} %llu\n"
		       "# TYPE constable_export_retries_total counter\n"
		       "constable_export_retries_total %llu\n",
		       (unsigned long long)counters->waiting, (unsigned long long)counters->sent,
		       (unsigned long long)counters->dropped,
		       (unsigned long long)counters->retried);
}
