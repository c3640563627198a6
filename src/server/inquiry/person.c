#include "server/inquiry/person.h"

#include <errno.h>

#include "server/inquiry/inquiries_internal.h"

static struct run *find(const struct inquiries *inquiries, const struct inquiry_word *word)
{
	struct run *run = run_find_thread(inquiries, word->org, word->thread);

	return run && run->state != RUN_ENDING ? run : NULL;
}

static struct inquiry_place place_of(const struct run *run)
{
	struct inquiry_place place = { .seq = run->last_seq };

	text_format(place.investigation, sizeof(place.investigation), "%s", run->id);
	return place;
}

void inquiry_interrupt(struct inquiries *inquiries, const struct inquiry_word *word)
{
	struct run *run = find(inquiries, word);
	struct inquiry_place place;

	if (!run) {
		order_send(inquiries, ORDER_INTERRUPT, word);
		return;
	}
	place = place_of(run);
	run_end_interrupted(run);
	word->done(&place, NULL, word->data);
}

void inquiry_answer(struct inquiries *inquiries, const struct inquiry_word *word)
{
	struct run *run = find(inquiries, word);
	struct inquiry_place place;
	struct error err = { 0 };

	if (!run) {
		order_send(inquiries, ORDER_ANSWER, word);
		return;
	}
	place = place_of(run);
	if (!run_answer(run, word->answers, word->by))
		error_set(&err, -ENODATA, "thread '%s' has asked nothing", word->thread);
	word->done(err.code ? NULL : &place, err.code ? &err : NULL, word->data);
}
