/*
 * What other servers on the same database run, as far as somebody here is concerned: those who
 * watch it, and those who speak to it. All of it is in the store; a look at it is one batch every
 * LOOK_NS however many they are, and none where nobody waits.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "server/inquiry/inquiries_internal.h"

#define LOOK_NS (500 * NS_PER_MS)

static const char unfinished_sql[] =
	"SELECT org, id, n_events FROM investigations WHERE finished IS NULL AND org >= $1 "
	"LIMIT 20000";

static void handle_looked(const struct store_result *result, const struct error *err, void *data)
{
	struct inquiries *inquiries = data;

	inquiries->elsewhere_ticket = 0;
	if (err)
		return;
	orders_take(inquiries, &result->steps[0]);
	if (result->n_steps > 1)
		watches_look(inquiries, &result->steps[1]);
}

static void look(struct inquiries *inquiries)
{
	const struct store_value first = store_text("");
	const struct store_step steps[] = {
		{ orders_open_sql, &first, 1, STORE_ANY },
		{ unfinished_sql, &first, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = watches_any_elsewhere(inquiries) ? 2 : 1,
	};

	if (inquiries->elsewhere_ticket || (!inquiries->runs && batch.n_steps == 1))
		return;
	inquiries->elsewhere_ticket =
		store_submit(inquiries->config.store, &batch, handle_looked, inquiries);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct inquiries *inquiries = data;

	if (store_state(inquiries->config.store) != STORE_READY)
		return;
	look(inquiries);
	orders_look(inquiries);
}

void elsewhere_open(struct inquiries *inquiries)
{
	static const struct timeval every = { .tv_usec = LOOK_NS / 1000 };

	if (inquiries->config.is_alone)
		return;
	inquiries->elsewhere =
		event_new(inquiries->config.base, -1, EV_PERSIST, handle_timer, inquiries);
	if (!inquiries->elsewhere || event_add(inquiries->elsewhere, &every) < 0)
		abort();
}

void elsewhere_stop(struct inquiries *inquiries)
{
	if (inquiries->elsewhere_ticket)
		store_forget(inquiries->config.store, inquiries->elsewhere_ticket);
	inquiries->elsewhere_ticket = 0;
	if (inquiries->elsewhere)
		event_free(inquiries->elsewhere);
	inquiries->elsewhere = NULL;
	orders_stop(inquiries);
}
