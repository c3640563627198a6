#include "server/store/database/group_internal.h"

#include <errno.h>

#include "base/clock.h"
#include "base/step.h"

#define CAREFUL_GROUPS 64 /* after one that a failed batch had undone */

static void answer_failure(struct group *group, uint64_t ticket, const struct error *err)
{
	wire_encode_failure(group->out, WIRE_FAILURE, ticket,
			    &(struct wire_failure) { .code = err->code, .text = err->text });
}

static int run_batch(struct group *group, uint64_t ticket, struct error *err)
{
	struct wire_writer writer;
	size_t start = group->out->len;
	int r;

	if (clock_monotonic_ns() > group->batch.deadline_ns)
		return error_set(err, -ETIMEDOUT, "the deadline passed before it began");
	wire_start_result(&writer, group->out, ticket);
	r = group->driver->run(group->db, &group->batch, &writer, err);
	if (r == 0)
		wire_end_result(&writer);
	else
		group->out->len = start;
	return r;
}

/* A batch that fails by itself is answered; what fails all of them is returned. */
static int run_batches(struct group *group, const struct wire_message *messages, unsigned *n,
		       struct error *err)
{
	size_t start = group->out->len;

	for (unsigned i = 0; i < *n; i++) {
		struct error own = { 0 };

		if (wire_decode_batch(messages[i].body, &group->batch) < 0)
			return error_set(err, -EBADMSG, "a message that is no batch");
		if (run_batch(group, messages[i].ticket, &own) < 0) {
			if (group->driver->standing(group->db) != STANDING_OPEN) {
				*err = own;
				return own.code;
			}
			answer_failure(group, messages[i].ticket, &own);
		}
		if (group->out->len - start > GROUP_OUTPUT_BYTES)
			*n = i + 1;
	}
	return 0;
}

static bool is_gone(const struct group *group)
{
	return group->driver->standing(group->db) == STANDING_GONE;
}

/* On failure nothing happened and nothing is answered; but see STANDING_GONE. */
static int run_as(struct group *group, enum begin_as how, const struct wire_message *messages,
		  unsigned *n, struct error *err)
{
	size_t start = group->out->len;
	int r = group->driver->begin(group->db, how, err);

	if (r == 0 && messages[0].type != WIRE_QUESTION)
		r = group->driver->take_turn(group->db, err);
	if (r == 0)
		r = run_batches(group, messages, n, err);
	if (r == 0)
		r = group->driver->commit(group->db, err);
	step_reached("store-committed");
	if (r == 0)
		return 0;
	group->out->len = start;
	group->driver->rollback(group->db);
	return r;
}

/* Where trust was in vain once, there may be more of it. */
static int run_transaction(struct group *group, const struct wire_message *messages, unsigned *n,
			   struct error *err)
{
	unsigned all = *n;
	int r;

	if (group->n_careful == 0) {
		r = run_as(group, BEGIN_TRUSTING, messages, &all, err);
		if (r == 0 || r == -EBADMSG || is_gone(group)) {
			*n = all;
			return r;
		}
		group->n_careful = CAREFUL_GROUPS;
	}
	group->n_careful--;
	return run_as(group, BEGIN_CAREFUL, messages, n, err);
}

static int give_up(struct group *group, const struct wire_message *messages, unsigned n,
		   struct error *err)
{
	struct error unknown = { .code = -EIO };

	text_format(unknown.text, sizeof(unknown.text), "the outcome is unknown: %.400s",
		    err->text);
	for (unsigned i = 0; i < n; i++)
		answer_failure(group, messages[i].ticket, &unknown);
	err->code = -EIO;
	return -EIO;
}

/* One by one, so that the batch which spoils a transaction spoils its own only. */
static int run_apart(struct group *group, const struct wire_message *messages, unsigned *n,
		     struct error *err)
{
	for (unsigned i = 0; i < *n; i++) {
		struct error own = { 0 };
		unsigned one = 1;
		int r = run_as(group, BEGIN_TRUSTING, &messages[i], &one, &own);

		if (r < 0 && (r == -EBADMSG || is_gone(group))) {
			*err = own;
			return r == -EBADMSG ? r : give_up(group, &messages[i], *n - i, err);
		}
		if (r < 0)
			answer_failure(group, messages[i].ticket, &own);
		if (group->out->len > GROUP_OUTPUT_BYTES)
			*n = i + 1;
	}
	return 0;
}

int group_run(struct group *group, const struct wire_message *messages, unsigned *n,
	      struct error *err)
{
	struct error whole = { 0 };
	unsigned all = *n;
	int r;

	if (*n == 1)
		return run_apart(group, messages, n, err);
	r = run_transaction(group, messages, &all, &whole);
	if (r == 0) {
		*n = all;
		return 0;
	}
	if (r != -EBADMSG && !is_gone(group))
		return run_apart(group, messages, n, err);
	*err = whole;
	return r == -EBADMSG ? r : give_up(group, messages, *n, err);
}
