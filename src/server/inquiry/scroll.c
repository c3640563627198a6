#include "server/inquiry/scroll_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define BATCH_MAX_BYTES (8 * MIB)

struct scroll_write {
	struct scroll_write *next;
	uint64_t tag;
	const char *sql;
	struct store_value values[SCROLL_MAX_VALUES];
	unsigned n_values;
	bool is_glued; /* to the one before */
	size_t n_bytes;
	char texts[];
};

static void send_next(struct scroll *scroll);

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	send_next(data);
}

void scroll_init(struct scroll *scroll)
{
	scroll->last = &scroll->first;
	scroll->again = event_new(scroll->base, -1, 0, handle_again, scroll);
	if (!scroll->again)
		abort();
}

static void drop_first(struct scroll *scroll)
{
	struct scroll_write *write = scroll->first;

	scroll->first = write->next;
	if (!scroll->first)
		scroll->last = &scroll->first;
	free(write);
}

void scroll_finish(struct scroll *scroll)
{
	if (scroll->ticket)
		store_forget(scroll->store, scroll->ticket);
	scroll->ticket = 0;
	while (scroll->first)
		drop_first(scroll);
	if (scroll->again)
		event_free(scroll->again);
	scroll->again = NULL;
}

static bool may_pass(int code)
{
	static const int passing[] = { -EIO, -EBUSY, -ETIMEDOUT, -EAGAIN, -ENOSPC };

	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (code == passing[i])
			return true;
	return false;
}

static void try_again(struct scroll *scroll)
{
	static const struct timeval later = { .tv_usec = SCROLL_AGAIN_NS / 1000 };

	if (event_add(scroll->again, &later) < 0)
		abort();
}

/* 'written' may end the scroll, but only after its last write. */
static void handle_done(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct scroll *scroll = data;
	unsigned n = scroll->n_sent;
	uint64_t tags[SCROLL_BATCH];

	scroll->ticket = 0;
	scroll->n_sent = 0;
	if (err && may_pass(err->code)) {
		try_again(scroll);
		return;
	}
	if (err) {
		scroll->failed(scroll, err);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		tags[i] = scroll->first->tag;
		drop_first(scroll);
	}
	send_next(scroll);
	for (unsigned i = 0; i < n; i++)
		if (tags[i])
			scroll->written(scroll, tags[i]);
}

static bool fits(const struct scroll_write *write, unsigned n, size_t n_bytes)
{
	return write->is_glued || n == 0 ||
	       (n <= SCROLL_BATCH - SCROLL_TOGETHER && n_bytes + write->n_bytes <= BATCH_MAX_BYTES);
}

static void send_next(struct scroll *scroll)
{
	struct store_step steps[1 + SCROLL_BATCH];
	struct store_batch batch = { .org = scroll->org, .steps = steps };
	unsigned n = 0, n_guards = scroll->guard.sql ? 1 : 0;
	size_t n_bytes = 0;

	if (scroll->n_sent || !scroll->first || scroll->is_held)
		return;
	for (const struct scroll_write *write = scroll->first; write && fits(write, n, n_bytes);
	     write = write->next) {
		n_bytes += write->n_bytes;
		steps[n_guards + n++] = (struct store_step) {
			.sql = write->sql,
			.params = write->values,
			.n_params = write->n_values,
		};
	}
	steps[0] = n_guards ? scroll->guard : steps[0];
	batch.n_steps = n_guards + n;
	scroll->n_sent = n;
	scroll->ticket = store_submit(scroll->store, &batch, handle_done, scroll);
}

static size_t size_of(const struct store_value *values, unsigned n)
{
	size_t size = 0;

	for (unsigned i = 0; i < n; i++)
		size += values[i].kind == STORE_TEXT ? values[i].text.len + 1 : 0;
	return size;
}

void scroll_write(struct scroll *scroll, uint64_t tag, const char *sql,
		  const struct store_value *values, unsigned n)
{
	size_t n_bytes = size_of(values, n);
	struct scroll_write *write = calloc(1, sizeof(*write) + n_bytes);
	char *at;

	assert(n <= SCROLL_MAX_VALUES && scroll->n_held < SCROLL_TOGETHER);
	if (!write)
		abort();
	*write =
		(struct scroll_write) { .tag = tag, .sql = sql, .n_values = n, .n_bytes = n_bytes };
	write->is_glued = scroll->is_held && scroll->n_held++ > 0;
	at = write->texts;
	for (unsigned i = 0; i < n; i++) {
		write->values[i] = values[i];
		if (values[i].kind != STORE_TEXT)
			continue;
		memcpy(at, values[i].text.data, values[i].text.len);
		write->values[i].text.data = at;
		at += values[i].text.len + 1;
	}
	*scroll->last = write;
	scroll->last = &write->next;
	send_next(scroll);
}

void scroll_hold(struct scroll *scroll)
{
	scroll->is_held = true;
	scroll->n_held = 0;
}

void scroll_release(struct scroll *scroll)
{
	scroll->is_held = false;
	scroll->n_held = 0;
	send_next(scroll);
}
