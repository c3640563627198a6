#include "kernel/trace/trace.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "kernel/trace/rows_internal.h"
#include "kernel/trace/session_internal.h"
#include "kernel/trace/show_internal.h"
#include "kernel/trace/stacks_internal.h"

#define RESULT_NS NS_PER_SEC /* kept of the deadline, to make the result in */
#define DETACH_NS (10 * NS_PER_SEC)
#define LOOK_NS (50 * NS_PER_MS) /* into the ring, where nobody wakes us */

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* --- the end ------------------------------------------------------------------------- */

/* SIGKILL from the kernel reaches a stopped process too, and what it held is let go. */
static int move_end(timer_t timer, uint64_t end_ns)
{
	struct itimerspec at = {
		.it_value = { .tv_sec = (time_t)(end_ns / NS_PER_SEC),
			      .tv_nsec = (long)(end_ns % NS_PER_SEC) },
	};

	return timer_settime(timer, TIMER_ABSTIME, &at, NULL);
}

static int set_end(timer_t *timer, uint64_t end_ns, struct error *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };

	if (timer_create(CLOCK_BOOTTIME, &event, timer) < 0 || move_end(*timer, end_ns) < 0)
		return error_errno(err, "set the timer that ends the trace");
	return 0;
}

/* Taking probes of functions off can last; who is killed meanwhile takes as long and says nothing.
 */
static int detach(struct session *session, timer_t timer, struct error *err)
{
	if (move_end(timer, boot_ns() + DETACH_NS) < 0)
		return error_errno(err, "move the timer that ends the trace");
	session_detach(session);
	return 0;
}

/* --- events --------------------------------------------------------------------------- */

struct reader {
	const struct session *session;
	const struct trace_owner *owner;
	struct ring_buffer *ring; /* NULL: there are no single events */
	json_t *events;
	uint64_t n;
	size_t least_bytes; /* of each */
};

static void reader_cleanup(struct reader *reader)
{
	ring_buffer__free(reader->ring);
	json_decref(reader->events);
}

static int handle_event(void *data, void *bytes, size_t len)
{
	struct reader *reader = data;
	const struct trace_request *request = reader->session->request;
	struct event_head head;
	json_t *event;

	if (len < reader->least_bytes || reader->n++ >= request->max_events)
		return 0;
	memcpy(&head, bytes, sizeof(head));
	event = json_pack("{s:o, s:o}", "at_ms",
			  json_figure((double)(head.ns - reader->session->begin_ns) / NS_PER_MS),
			  "key", show_key(request, (const uint8_t *)bytes + sizeof(head)));
	if (request->value.path[0])
		json_put(event, "value", show_number(request, request->value.format, head.value));
	json_push(reader->events, event);
	return 0;
}

static int open_reader(struct reader *reader, const struct session *session, struct error *err)
{
	if (session->maps.ring < 0)
		return 0;
	reader->events = json_array();
	reader->least_bytes = sizeof(struct event_head) + program_key_bytes(session->request);
	reader->ring = ring_buffer__new(session->maps.ring, handle_event, reader, NULL);
	return reader->ring ? 0 : error_errno(err, "read the trace's events");
}

/* --- the result ------------------------------------------------------------------------- */

static void put_probes(const struct session *session, json_t *result)
{
	json_t *list = json_array(), *columns = json_array();

	for (unsigned i = 0; i < session->n_hooks; i++) {
		const struct trace_probe *probe = &session->request->probes[i];

		json_push(list, json_pack("{s:s, s:s, s:s}", "target", probe->target, "asked",
					  trace_type_name(probe->type), "ran",
					  trace_type_name(session->hooks[i].ran)));
	}
	for (unsigned i = 0; i < session->request->n_keys; i++)
		json_push(columns, json_string(session->request->keys[i].name));
	json_put(result, "probes", list);
	json_put(result, "columns", columns);
	json_put(result, "aggregate",
		 json_string(trace_aggregate_name(session->request->aggregate)));
}

/* --- watching ------------------------------------------------------------------------- */

static void put_latest(const json_t *events, json_t *result)
{
	size_t n = json_array_size(events);
	json_t *list = json_array();

	for (size_t i = n > TRACE_GLANCE_ROWS ? n - TRACE_GLANCE_ROWS : 0; i < n; i++)
		json_push(list, json_incref(json_array_get(events, i)));
	json_put(result, "events", list);
}

static void show_glance(const struct reader *reader, uint64_t attached_ns)
{
	CLEANUP(json) json_t *result = json_object();

	put_probes(reader->session, result);
	rows_put_tally(reader->session, result);
	if (reader->ring)
		put_latest(reader->events, result);
	else
		rows_put(reader->session, ROWS_GLANCE, result);
	json_put(result, "duration_ms", json_figure((double)(boot_ns() - attached_ns) / NS_PER_MS));
	reader->owner->show(reader->owner, result);
}

static void pause_for(const struct reader *reader, uint64_t ns)
{
	struct timespec pause = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_nsec = (long)(ns % NS_PER_SEC),
	};

	if (reader->ring)
		(void)ring_buffer__poll(reader->ring,
					(int)((ns < LOOK_NS ? ns : LOOK_NS) / NS_PER_MS));
	else
		(void)nanosleep(&pause, NULL);
}

/* Sleeps until it is time, takes what comes, and shows it now and then. */
static void watch(struct reader *reader, uint64_t attached_ns, uint64_t until_ns)
{
	uint64_t next_ns = reader->owner->show ? attached_ns + TRACE_GLANCE_NS : UINT64_MAX;
	uint64_t now;

	while ((now = boot_ns()) < until_ns) {
		uint64_t wake_ns = next_ns < until_ns ? next_ns : until_ns;

		if (now < wake_ns) {
			pause_for(reader, wake_ns - now);
			continue;
		}
		show_glance(reader, attached_ns);
		next_ns = now + TRACE_GLANCE_NS;
	}
	if (reader->ring)
		(void)ring_buffer__consume(reader->ring);
}

static void put_all(const struct session *session, struct reader *reader, json_t *result)
{
	put_probes(session, result);
	rows_put_tally(session, result);
	if (!reader->ring) {
		rows_put(session, ROWS_ALL, result);
		if (!stacks_name(session, reader->owner, json_object_get(result, "rows")))
			json_put(result, "truncated", json_true());
		return;
	}
	if (!stacks_name(session, reader->owner, reader->events) ||
	    reader->n > session->request->max_events)
		json_put(result, "truncated", json_true());
	json_put(result, "events", TAKE(reader->events));
}

/* How long it may be watched: as asked, unless the deadline comes first. */
static uint64_t duration_within(const struct trace_request *request, uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = deadline_ns > now_ns + RESULT_NS ? deadline_ns - now_ns - RESULT_NS : 0;

	return request->duration_ns < left_ns ? request->duration_ns : left_ns;
}

static int run(struct session *session, struct reader *reader, timer_t timer, uint64_t duration_ns,
	       json_t *result, struct error *err)
{
	uint64_t attached_ns, end_ns = session->end_ns;
	int r = session_open(session, session->request, reader->owner, session->begin_ns, end_ns,
			     err);

	if (r == 0)
		r = open_reader(reader, session, err);
	if (r < 0)
		return r;
	attached_ns = boot_ns();
	if (move_end(timer, attached_ns + duration_ns + 2 * TRACE_GRACE_NS) < 0)
		return error_errno(err, "move the timer that ends the trace");
	watch(reader, attached_ns,
	      attached_ns + duration_ns < end_ns ? attached_ns + duration_ns : end_ns);
	json_put(result, "duration_ms", json_figure((double)(boot_ns() - attached_ns) / NS_PER_MS));
	json_put(result, "began_ms", json_figure((double)session->begin_ns / NS_PER_MS));
	json_put(result, "attach_ms",
		 json_figure((double)(attached_ns - session->begin_ns) / NS_PER_MS));
	r = detach(session, timer, err);
	if (r == 0)
		put_all(session, reader, result);
	return r;
}

int trace_run(const struct trace_request *request, const struct trace_owner *owner,
	      uint64_t deadline_ns, json_t *result, struct error *err)
{
	uint64_t duration_ns = duration_within(request, deadline_ns), begin_ns = boot_ns();
	CLEANUP(session)
	struct session session = {
		.request = request,
		.maps = PROGRAM_NO_MAPS,
		.begin_ns = begin_ns,
		.end_ns = begin_ns + TRACE_ATTACH_NS + duration_ns + TRACE_GRACE_NS,
	};
	CLEANUP(reader) struct reader reader = { .session = &session, .owner = owner };
	timer_t timer;
	/* Before anything is in the kernel. */
	int r = set_end(&timer, session.end_ns + TRACE_GRACE_NS, err);

	if (r < 0)
		return r;
	r = run(&session, &reader, timer, duration_ns, result, err);
	session_detach(&session);
	timer_delete(timer);
	return r;
}
