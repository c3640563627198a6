/* A word of a person's for a run of another server: through the store, and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/inquiry/inquiries_internal.h"

#define NOTHING_ASKED (-1)

static const char *const kinds[] = {
	[ORDER_INTERRUPT] = "interrupt",
	[ORDER_ANSWER] = "answer",
	[ORDER_GIVE] = "give",
};

static const char send_sql[] =
	"INSERT INTO investigation_orders (org, id, investigation, created, kind, data) "
	"SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), id, CAST($4 AS BIGINT), CAST($5 AS TEXT), "
	"CAST($6 AS TEXT) FROM investigations WHERE org = $1 AND thread = $3 AND finished IS NULL "
	"RETURNING investigation";
static const char look_sql[] =
	"SELECT o.outcome, i.finished FROM investigation_orders o JOIN investigations i ON "
	"i.org = o.org AND i.id = o.investigation WHERE o.org = $1 AND o.id = $2";
static const char remove_sql[] = "DELETE FROM investigation_orders WHERE org = $1 AND id = $2";
static const char taken_sql[] = "UPDATE investigation_orders SET outcome = $3 WHERE org = $1 AND "
				"id = $2 AND outcome IS NULL";
const char orders_open_sql[] =
	"SELECT org, id, investigation, kind, data FROM investigation_orders WHERE org >= $1 AND "
	"outcome IS NULL ORDER BY created LIMIT 256";

/* One that we have sent. */
struct order {
	struct inquiries *inquiries;
	struct order *next, **link;
	char org[HUB_ID_BYTES], id[NONCE_TEXT_BYTES], thread[INQUIRY_ID_BYTES];
	struct inquiry_place place;
	uint64_t until_ns, ticket;
	inquiry_heard *done;
	void *data;
};

static void forget(struct order *order)
{
	*order->link = order->next;
	if (order->next)
		order->next->link = order->link;
	if (order->ticket)
		store_forget(order->inquiries->config.store, order->ticket);
	free(order);
}

static void ignore(const struct store_result *result UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

static uint64_t submit(const struct order *order, const struct store_step *step, store_done *done,
		       void *data)
{
	const struct store_batch batch = { .org = order->org, .steps = step, .n_steps = 1 };

	return store_submit(order->inquiries->config.store, &batch, done, data);
}

/* Its row goes: it is not to be obeyed later. */
static void end(struct order *order, const struct error *err)
{
	const struct store_value values[] = { store_text(order->org), store_text(order->id) };
	const struct store_step step = { remove_sql, values, ARRAY_LEN(values), STORE_ANY };
	struct inquiry_place place = order->place;
	inquiry_heard *done = order->done;
	void *data = order->data;

	(void)submit(order, &step, ignore, NULL);
	forget(order);
	done(err ? NULL : &place, err, data);
}

static void explain(int code, const char *thread, struct error *err)
{
	if (code == -ENODATA)
		error_set(err, code, "thread '%s' has asked nothing", thread);
	else if (code == -ENOENT)
		error_set(err, code, "nothing runs in thread '%s'", thread);
	else if (code == -ETIMEDOUT)
		error_set(err, code, "the server that runs thread '%s' does not answer", thread);
	else
		error_set(err, code, "the server is about to end");
}

static void fail(struct order *order, int code)
{
	struct error err = { 0 };

	explain(code, order->thread, &err);
	end(order, &err);
}

void orders_stop(struct inquiries *inquiries)
{
	while (inquiries->orders)
		fail(inquiries->orders, -ESHUTDOWN);
}

static void handle_looked(const struct store_result *result, const struct error *err, void *data)
{
	struct order *order = data;
	const struct store_rows *rows = result ? &result->steps[0] : NULL;
	bool is_late = clock_monotonic_ns() >= order->until_ns;
	int64_t outcome;

	order->ticket = 0;
	if (rows && rows->n_rows && store_at(rows, 0, 0)->kind == STORE_INT) {
		outcome = store_int_at(rows, 0, 0);
		order->place.seq = outcome < 0 ? 0 : (uint64_t)outcome;
		if (outcome == NOTHING_ASKED)
			fail(order, -ENODATA);
		else
			end(order, NULL);
	} else if (rows && (!rows->n_rows || store_at(rows, 0, 1)->kind != STORE_NULL)) {
		fail(order, -ENOENT);
	} else if (is_late) {
		fail(order, -ETIMEDOUT);
	} else if (err && err->code != -EIO && err->code != -EBUSY && err->code != -EAGAIN) {
		end(order, err);
	}
}

void orders_look(struct inquiries *inquiries)
{
	for (struct order *order = inquiries->orders; order; order = order->next) {
		const struct store_value values[] = { store_text(order->org),
						      store_text(order->id) };
		const struct store_step step = { look_sql, values, ARRAY_LEN(values), STORE_ANY };

		if (!order->ticket)
			order->ticket = submit(order, &step, handle_looked, order);
	}
}

static void handle_sent(const struct store_result *result, const struct error *err, void *data)
{
	struct order *order = data;

	order->ticket = 0;
	if (!err)
		text_format(order->place.investigation, sizeof(order->place.investigation), "%s",
			    store_text_at(&result->steps[0], 0, 0));
	else if (err->code == -ENOENT)
		fail(order, -ENOENT);
	else
		end(order, err);
}

/* {"answers", "by"?}, or {"appeal", "text"}; heap, or NULL. */
static char *pack(enum order_kind kind, const struct inquiry_word *word)
{
	CLEANUP(json) json_t *data = NULL;

	if (kind == ORDER_GIVE)
		return json_canonical(word->answers);
	if (kind != ORDER_ANSWER)
		return NULL;
	data = json_pack("{s:O, s:s*}", "answers", word->answers, "by", word->by);
	return json_canonical(data);
}

void order_send(struct inquiries *inquiries, enum order_kind kind, const struct inquiry_word *word)
{
	struct order *order;
	struct error err = { 0 };
	CLEANUP(text) char *data = pack(kind, word);
	struct store_value values[6];
	const struct store_step step = { send_sql, values, ARRAY_LEN(values), STORE_SOME };

	if (inquiries->config.is_alone || inquiries->is_stopped) {
		explain(inquiries->is_stopped ? -ESHUTDOWN : -ENOENT, word->thread, &err);
		word->done(NULL, &err, word->data);
		return;
	}
	order = calloc(1, sizeof(*order));
	if (!order)
		abort();
	*order = (struct order) {
		.inquiries = inquiries,
		.next = inquiries->orders,
		.link = &inquiries->orders,
		.until_ns = clock_monotonic_ns() + INQUIRY_ORDER_NS,
		.done = word->done,
		.data = word->data,
	};
	if (order->next)
		order->next->link = &order->next;
	inquiries->orders = order;
	text_format(order->org, sizeof(order->org), "%s", word->org);
	text_format(order->thread, sizeof(order->thread), "%s", word->thread);
	(void)nonce_make(order->id);
	values[0] = store_text(order->org);
	values[1] = store_text(order->id);
	values[2] = store_text(order->thread);
	values[3] = store_int((int64_t)clock_wall_ns());
	values[4] = store_text(kinds[kind]);
	values[5] = store_text(data ? data : "{}");
	order->ticket = submit(order, &step, handle_sent, order);
}

/* That it was taken is on record before what it does: both, or neither where another has the run.
 */
static void take(struct run *run, const struct store_rows *rows, unsigned row)
{
	const char *kind = store_text_at(rows, row, 3);
	bool is_interrupt = strcmp(kind, kinds[ORDER_INTERRUPT]) == 0;
	CLEANUP(json) json_t *data = json_loads(store_text_at(rows, row, 4), 0, NULL);
	int64_t outcome = (int64_t)run->last_seq;

	if (strcmp(kind, kinds[ORDER_GIVE]) == 0)
		run_give_order(run, data);
	else if (!is_interrupt && !run_answer(run, json_object_get(data, "answers"),
					      json_get_text(data, "by", NULL)))
		outcome = NOTHING_ASKED;
	SCROLL_WRITE(&run->scroll, 0, taken_sql, store_text(run->org),
		     store_text(store_text_at(rows, row, 1)), store_int(outcome));
	if (is_interrupt)
		run_end_interrupted(run);
}

void orders_take(struct inquiries *inquiries, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows; i++) {
		struct run *run = run_find_id(inquiries, store_text_at(rows, i, 0),
					      store_text_at(rows, i, 2));

		if (run && run->state != RUN_ENDING)
			take(run, rows, i);
	}
}
