#include "cli/ask/telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "courier/collector.h"
#include "investigation/otlp.h"

#define TRIES 2
#define MAX_WAIT_S 2

/* One trace on its way. */
struct posting {
	struct event_base *base;
	struct courier *courier;
	struct courier_request request;
	struct event *again; /* after a while */
	struct error *err;
	unsigned n_tries, status;
	double wait_s;
	int result; /* 1 while it is open */
};

static void handle_head(const struct courier_head *head, void *data)
{
	struct posting *posting = data;

	posting->status = head->status;
	posting->wait_s = 1;
	if (head->n_headers)
		posting->wait_s = strtod(head->headers[0].value, NULL);
}

static void finish(struct posting *posting, int result)
{
	posting->result = result;
	(void)event_base_loopbreak(posting->base);
}

static void handle_end(const struct error *err, void *data)
{
	struct posting *posting = data;
	struct timeval wait = { .tv_sec = posting->wait_s >= 1 ? (time_t)posting->wait_s : 1 };

	if (err) {
		finish(posting, error_set(posting->err, err->code, "the collector: %s", err->text));
		return;
	}
	if (posting->status / 100 == 2) {
		finish(posting, 0);
		return;
	}
	if (collector_is_busy(posting->status) && posting->n_tries < TRIES &&
	    posting->wait_s <= MAX_WAIT_S) {
		(void)event_add(posting->again, &wait);
		return;
	}
	finish(posting,
	       error_set(posting->err, -EIO, "the collector does not take the trace: status %u",
			 posting->status));
}

static void send_once(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	static const struct courier_handlers handlers = { .head = handle_head, .end = handle_end };
	struct posting *posting = data;

	posting->n_tries++;
	(void)courier_request(posting->courier, &posting->request, &handlers, posting);
}

static int post(const struct cli *cli, struct courier_request request, struct error *err)
{
	const struct courier_config config = { .executables = cli->executables };
	struct posting posting = { .request = request, .err = err, .result = 1 };

	posting.base = event_base_new();
	if (!posting.base)
		return error_set(err, -ENOMEM, "no event loop");
	(void)signal(SIGPIPE, SIG_IGN);
	posting.courier = courier_new(posting.base, &config, err);
	posting.again = evtimer_new(posting.base, send_once, &posting);
	if (posting.courier && posting.again) {
		send_once(-1, 0, &posting);
		while (posting.result == 1 && event_base_dispatch(posting.base) == 0)
			;
	}
	if (posting.again)
		event_free(posting.again);
	courier_free(posting.courier);
	event_base_free(posting.base);
	return posting.result == 1 ? err->code : posting.result;
}

int telemetry_send(const struct cli *cli, const json_t *finished, struct error *err)
{
	const struct collector_settings settings = {
		.endpoint = config_get(cli->config, "otlp_endpoint")->text,
		.headers_file = config_get(cli->config, "otlp_headers_file")->text,
	};
	CLEANUP(collector) struct collector collector = { 0 };
	CLEANUP(json) json_t *trace = NULL;
	CLEANUP(text) char *body = NULL;

	if (!*settings.endpoint)
		return 0;
	if (collector_init(&collector, &settings, err) < 0)
		return err->code;
	trace = otlp_trace(finished, OTLP_WITHOUT_CONTENT, err);
	if (!trace)
		return err->code;
	body = json_canonical(trace);
	return post(cli, collector_request(&collector, body), err);
}
