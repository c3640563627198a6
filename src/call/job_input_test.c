#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "call/job_internal.h"

static int give_much(struct job *job UNUSED, struct buf *given, struct error *err UNUSED)
{
	static const char block[MIB];

	for (unsigned i = 0; i < JOB_GIVEN_MAX_BYTES / MIB; i++)
		buf_add(given, block, sizeof(block));
	return 0;
}

static int give_word(struct job *job UNUSED, struct buf *given, struct error *err UNUSED)
{
	buf_add_text(given, "word");
	return 0;
}

static int give_nothing(struct job *job UNUSED, struct buf *given UNUSED, struct error *err)
{
	return error_set(err, -ENOENT, "there is none");
}

/* All of it, a few bytes at a time. */
static void read_input(struct job *job, struct buf *out)
{
	struct str left;

	buf_init(out, 100);
	while ((left = job_input_left(job)).len) {
		size_t n = left.len < 3 ? left.len : 3;

		buf_add(out, left.data, n);
		job->n_sent += n;
	}
}

TEST(a_child_reads_its_arguments_and_what_is_given)
{
	struct runner runner = { 0 };
	struct job plain = { .runner = &runner, .args = "{\"a\":1}", .n_args = 7 };
	struct job more = plain;
	CLEANUP(buf) struct buf out = { 0 };
	struct error err = { 0 };

	CHECK_OK(job_take_given(&plain, &err), err);
	read_input(&plain, &out);
	CHECK_TEXT(buf_text(&out), "{\"a\":1}");
	buf_finish(&out);
	more.give = give_word;
	CHECK_OK(job_take_given(&more, &err), err);
	read_input(&more, &out);
	CHECK_INT((int)out.len, 12);
	CHECK(memcmp(out.data, "{\"a\":1}\0word", 12) == 0);
	job_drop_given(&more);
	CHECK_INT((int)runner.n_given, 0);
}

TEST(those_that_run_are_given_so_much_and_no_more)
{
	struct runner runner = { 0 };
	struct job jobs[RUNNER_MAX_GIVEN_BYTES / JOB_GIVEN_MAX_BYTES];
	struct job another = { .runner = &runner, .give = give_word };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		jobs[i] = (struct job) { .runner = &runner, .give = give_much };
		CHECK_OK(job_take_given(&jobs[i], &err), err);
	}
	CHECK_INT(job_take_given(&another, &err), -EBUSY);
	job_drop_given(&another);
	job_drop_given(&jobs[0]);
	CHECK_OK(job_take_given(&another, &err), err);
	job_drop_given(&another);
	another.give = give_nothing;
	CHECK_INT(job_take_given(&another, &err), -ENOENT);
	job_drop_given(&another);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		job_drop_given(&jobs[i]);
	CHECK_INT((int)runner.n_given, 0);
}
