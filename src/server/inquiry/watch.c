/* Those who watch an investigation: first from the store, then as it happens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/inquiry/inquiries_internal.h"

#define PAGE "50"
#define PAGE_ROWS 50

static const char events_sql[] =
	"SELECT seq, time, type, data FROM investigation_events WHERE org = $1 AND "
	"investigation = $2 AND seq > $3 ORDER BY seq LIMIT " PAGE;
static const char state_sql[] = "SELECT finished FROM investigations WHERE org = $1 AND id = $2";

struct inquiry_watch {
	struct inquiries *inquiries;
	struct inquiry_watch *next, **link;
	struct inquiry_watcher watcher;
	char org[HUB_ID_BYTES], investigation[INQUIRY_ID_BYTES];
	uint64_t seq; /* the last one he has */
	uint64_t ticket;
	bool is_stale;   /* more may be in the store than was read */
	bool is_blocked; /* he takes nothing now */
	bool is_inside;  /* in one of his callbacks, ... */
	bool is_ended;   /* ... in which he ended it */
};

static void read_on(struct inquiry_watch *watch);

static void watch_free(struct inquiry_watch *watch)
{
	*watch->link = watch->next;
	if (watch->next)
		watch->next->link = watch->link;
	watch->inquiries->counters.watchers--;
	if (watch->ticket)
		store_forget(watch->inquiries->config.store, watch->ticket);
	free(watch);
}

void inquiry_watch_end(struct inquiry_watch *watch)
{
	if (watch->is_inside)
		watch->is_ended = true;
	else
		watch_free(watch);
}

static void end(struct inquiry_watch *watch, const struct error *err)
{
	void (*ended)(const struct error *err, void *data) = watch->watcher.ended;
	void *data = watch->watcher.data;

	watch_free(watch);
	ended(err, data);
}

/* False where the watch is no more. */
static bool deliver(struct inquiry_watch *watch, const struct inquiry_event *event)
{
	int r;

	watch->is_inside = true;
	r = watch->watcher.deliver(event, watch->watcher.data);
	watch->is_inside = false;
	if (watch->is_ended) {
		watch_free(watch);
		return false;
	}
	if (r < 0)
		watch->is_blocked = true;
	else
		watch->seq = event->seq;
	return true;
}

static bool deliver_rows(struct inquiry_watch *watch, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows && !watch->is_blocked; i++) {
		const struct inquiry_event event = {
			.seq = (uint64_t)store_int_at(rows, i, 0),
			.time_ns = (uint64_t)store_int_at(rows, i, 1),
			.type = store_text_at(rows, i, 2),
			.data = store_text_at(rows, i, 3),
		};

		if (!deliver(watch, &event))
			return false;
	}
	return true;
}

static void handle_rows(const struct store_result *result, const struct error *err, void *data)
{
	struct inquiry_watch *watch = data;
	bool is_finished;

	watch->ticket = 0;
	if (err && err->code == -EIO) {
		read_on(watch); /* the store starts again meanwhile */
		return;
	}
	if (err) {
		end(watch, err);
		return;
	}
	is_finished = store_at(&result->steps[0], 0, 0)->kind != STORE_NULL;
	if (!deliver_rows(watch, &result->steps[1]) || watch->is_blocked)
		return;
	if (result->steps[1].n_rows == PAGE_ROWS || watch->is_stale)
		read_on(watch);
	else if (is_finished)
		end(watch, NULL);
}

/* The state before the events: who reads "finished" has all of them. */
static void read_on(struct inquiry_watch *watch)
{
	struct store_value values[] = { store_text(watch->org), store_text(watch->investigation),
					store_int((int64_t)watch->seq) };
	const struct store_step steps[] = {
		{ state_sql, values, 2, STORE_SOME },
		{ events_sql, values, 3, STORE_ANY },
	};
	const struct store_batch batch = { .org = watch->org, .steps = steps, .n_steps = 2 };

	if (watch->ticket)
		return;
	watch->is_stale = false;
	watch->ticket = store_submit(watch->inquiries->config.store, &batch, handle_rows, watch);
}

static bool is_of(const struct inquiry_watch *watch, const char *org, const char *investigation)
{
	return strcmp(watch->investigation, investigation) == 0 && strcmp(watch->org, org) == 0;
}

void watches_tell(struct inquiries *inquiries, const struct run *run,
		  const struct inquiry_event *event)
{
	struct inquiry_watch *next;

	for (struct inquiry_watch *watch = inquiries->watches; watch; watch = next) {
		next = watch->next;
		if (!is_of(watch, run->org, run->id) || watch->is_blocked)
			continue;
		if (watch->ticket)
			watch->is_stale = true;
		else if (event->seq == watch->seq + 1)
			(void)deliver(watch, event);
		else if (event->seq > watch->seq)
			read_on(watch);
	}
}

/*
 * Those of runs that are another server's: 'rows' are all that are unfinished anywhere, with the
 * number of their events. One that is not there has ended.
 */
void watches_look(struct inquiries *inquiries, const struct store_rows *rows)
{
	for (struct inquiry_watch *watch = inquiries->watches; watch; watch = watch->next) {
		unsigned i = 0;

		if (watch->ticket || watch->is_blocked ||
		    run_find_id(inquiries, watch->org, watch->investigation))
			continue;
		while (i < rows->n_rows &&
		       !is_of(watch, store_text_at(rows, i, 0), store_text_at(rows, i, 1)))
			i++;
		if (i == rows->n_rows || (uint64_t)store_int_at(rows, i, 2) > watch->seq)
			read_on(watch);
	}
}

bool watches_any_elsewhere(const struct inquiries *inquiries)
{
	const struct inquiry_watch *watch = inquiries->watches;

	while (watch && run_find_id(inquiries, watch->org, watch->investigation))
		watch = watch->next;
	return watch;
}

void watches_end(struct inquiries *inquiries, const char *org, const char *investigation)
{
	struct inquiry_watch *next;

	for (struct inquiry_watch *watch = inquiries->watches; watch; watch = next) {
		next = watch->next;
		if (!is_of(watch, org, investigation) || watch->is_blocked)
			continue;
		watch->is_stale = true;
		read_on(watch);
	}
}

void watches_drop(struct inquiries *inquiries)
{
	struct error err = { 0 };

	error_set(&err, -ESHUTDOWN, "the server ends");
	while (inquiries->watches)
		end(inquiries->watches, &err);
}

void inquiry_watch_resume(struct inquiry_watch *watch)
{
	watch->is_blocked = false;
	read_on(watch);
}

static bool has_room(const struct inquiries *inquiries, const char *org)
{
	unsigned n = 0;

	for (const struct inquiry_watch *watch = inquiries->watches; watch; watch = watch->next)
		n += strcmp(watch->org, org) == 0;
	return n < INQUIRY_MAX_WATCHERS_OF_ORG &&
	       inquiries->counters.watchers < INQUIRY_MAX_WATCHERS;
}

struct inquiry_watch *inquiry_watch(struct inquiries *inquiries,
				    const struct inquiry_watcher *watcher, struct error *err)
{
	struct inquiry_watch *watch;

	if (!has_room(inquiries, watcher->org)) {
		(void)error_set(err, -EBUSY, "too many clients watch investigations already");
		return NULL;
	}
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		abort();
	*watch = (struct inquiry_watch) {
		.inquiries = inquiries,
		.next = inquiries->watches,
		.link = &inquiries->watches,
		.watcher = *watcher,
		.seq = watcher->after_seq,
	};
	text_format(watch->org, sizeof(watch->org), "%s", watcher->org);
	text_format(watch->investigation, sizeof(watch->investigation), "%s",
		    watcher->investigation);
	if (watch->next)
		watch->next->link = &watch->next;
	inquiries->watches = watch;
	inquiries->counters.watchers++;
	read_on(watch);
	return watch;
}
