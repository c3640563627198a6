/* The courier's functions stand here in place of the library's: a collector that we answer for. */
#include "server/inquiry/exports.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/store/scene.h"

#define PAUSE_NS (10 * NS_PER_MS)
#define PATIENCE_NS (20 * NS_PER_SEC)

struct courier_call {
	const struct courier_handlers *handlers;
	void *data;
};

static struct courier_call open_call;
static unsigned n_requests;

struct courier_call *courier_request(struct courier *courier UNUSED,
				     const struct courier_request *request UNUSED,
				     const struct courier_handlers *handlers, void *data)
{
	CHECK(!open_call.handlers);
	open_call = (struct courier_call) { handlers, data };
	n_requests++;
	return &open_call;
}

void courier_cancel(struct courier_call *call)
{
	call->handlers = NULL;
}

static void answer(unsigned status)
{
	const struct courier_call call = open_call;

	open_call.handlers = NULL;
	call.handlers->head(&(struct courier_head) { .status = status }, call.data);
	call.handlers->end(NULL, call.data);
}

static void add_investigation(struct scene *scene, const char *id)
{
	const struct store_value params[] = { store_text(scene->org), store_text(id) };
	const struct store_step steps[] = {
		{ "INSERT INTO threads (org, id, created, updated, caller, title) VALUES ($1, $2, "
		  "1, "
		  "1, 'c', 't')",
		  params, 2, STORE_ANY },
		{ "INSERT INTO investigations (org, id, thread, turn, state, owner, caller, "
		  "engine, "
		  "created, finished, max_ms, max_calls, max_tokens, max_cost_micros, question, "
		  "agents, request, error) VALUES ($1, $2, $2, 1, 'failed', 'o', 'c', 'builtin', "
		  "1, "
		  "2, 1, 1, 1, 1, 'q', '[]', '{}', 'it was cut')",
		  params, 2, STORE_ANY },
		{ "INSERT INTO evidence (org, thread, number, investigation, agent, host, tool, "
		  "asked, "
		  "answered, elapsed_ms, code, args, bytes) VALUES ($1, $2, 1, $2, 'a', 'h', 't', "
		  "1700000000000000000, 1700000000000000000, 1, 0, '{}', '{}')",
		  params, 2, STORE_ANY },
	};
	const struct answer done = scene_run(
		scene, &(struct store_batch) {
			       .org = scene->org, .steps = steps, .n_steps = ARRAY_LEN(steps) });

	if (done.code)
		FAIL("%s", done.text);
}

static uint64_t metric(const struct exports *exports, const char *name)
{
	CLEANUP(buf) struct buf page = { 0 };
	const char *at;
	uint64_t value = 0;

	buf_init(&page, 16 * KIB);
	exports_metrics(exports, &page);
	at = strstr(buf_text(&page), name);
	CHECK(at);
	at += strlen(name);
	CHECK(scan_u64(&at, &value));
	return value;
}

#define SENT "constable_exports_total{outcome=\"sent\"} "
#define DROPPED "constable_exports_total{outcome=\"dropped\"} "
#define RETRIES "\nconstable_export_retries_total "
#define WAITING "\nconstable_exports_waiting "

static void wait_request(struct scene *scene)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	while (!open_call.handlers) {
		CHECK(clock_monotonic_ns() < end_ns);
		(void)event_base_loop(scene->base, EVLOOP_ONCE);
	}
}

static struct exports *make(struct scene *scene, const struct collector *collector)
{
	n_requests = 0;
	open_call.handlers = NULL;
	return exports_new(&(struct exports_config) { .base = scene->base,
						      .store = scene->store,
						      .collector = collector,
						      .pause_ns = PAUSE_NS });
}

TEST(a_trace_is_dropped_after_its_last_try_and_the_next_one_is_sent)
{
	static const struct collector collector = { .url = "http://127.0.0.1:4318/v1/traces" };
	struct scene scene = { 0 };
	struct exports *exports;

	scene_require_walls();
	scene_open(&scene);
	exports = make(&scene, &collector);
	add_investigation(&scene, "busy");
	add_investigation(&scene, "next");
	exports_add(exports, scene.org, "busy");
	exports_add(exports, scene.org, "next");
	for (unsigned i = 0; i < EXPORTS_TRIES; i++) {
		wait_request(&scene);
		CHECK_INT(metric(exports, DROPPED), 0);
		answer(503);
	}
	CHECK_INT(metric(exports, DROPPED), 1);
	CHECK_INT(metric(exports, RETRIES), EXPORTS_TRIES - 1);
	CHECK_INT(metric(exports, WAITING), 1);
	wait_request(&scene);
	answer(200);
	CHECK_INT(metric(exports, SENT), 1);
	CHECK_INT(n_requests, EXPORTS_TRIES + 1);
	exports_free(exports);
	scene_close(&scene);
}

TEST(what_finds_no_place_is_dropped_and_counted_and_what_waits_is_kept)
{
	static const struct collector collector = { .url = "http://127.0.0.1:4318/v1/traces" };
	struct scene scene = { 0 };
	struct exports *exports;

	scene_require_walls();
	scene_open(&scene);
	exports = make(&scene, &collector);
	add_investigation(&scene, "held");
	for (unsigned i = 0; i < EXPORTS_MAX_WAITING + 3; i++)
		exports_add(exports, scene.org, "held");
	CHECK_INT(metric(exports, DROPPED), 3);
	CHECK_INT(metric(exports, WAITING), EXPORTS_MAX_WAITING);
	wait_request(&scene);
	answer(200);
	exports_add(exports, scene.org, "held");
	CHECK_INT(metric(exports, DROPPED), 3);
	CHECK_INT(metric(exports, WAITING), EXPORTS_MAX_WAITING);
	exports_free(exports);
	scene_close(&scene);
}
