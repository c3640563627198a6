/* Drivers and groups inside this process, where their memory is watched. */
#include "server/store/database/group_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/store/database/migrate_internal.h"

#define MINUTE_NS (60 * NS_PER_SEC)

struct stage {
	struct group group;
	struct buf in, out;
	struct wire_message messages[64];
	unsigned n;
	char folder[64], path[96];
};

static const struct migration first[] = {
	{ 1, "one",
	  "CREATE TABLE things (org TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (org, id))" },
	{ 0 },
};
static const struct migration second[] = {
	{ 1, "one", "never run again" },
	{ 2, "two",
	  "ALTER TABLE things ADD COLUMN note TEXT; CREATE INDEX notes ON things (note)" },
	{ 0 },
};
static const struct migration broken[] = {
	{ 1, "one", "" },
	{ 2, "two", "CREATE TABLE half (id TEXT NOT NULL)" },
	{ 3, "three", "CREATE TABEL nonsense" },
	{ 0 },
};

/* PostgreSQL keeps what a stage made: it is dropped when the next is set up. */
static void set_up(struct stage *stage)
{
	const char *url = getenv("STORE_TEST_DATABASE");
	struct error err = { 0 };

	*stage = (struct stage) { 0 };
	text_format(stage->folder, sizeof(stage->folder), "/tmp/constable-test.XXXXXX");
	CHECK(mkdtemp(stage->folder));
	text_format(stage->path, sizeof(stage->path), "%s/store.db", stage->folder);
	stage->group.driver = driver_find(url ? url : stage->path);
	stage->group.db = stage->group.driver->open(url ? url : stage->path, &err);
	if (!stage->group.db)
		FAIL("%s", err.text);
	if (url)
		CHECK_OK(stage->group.driver->execute(stage->group.db,
						      "DROP SCHEMA public CASCADE;"
						      "CREATE SCHEMA public",
						      &err),
			 err);
	buf_init(&stage->in, MIB);
	buf_init(&stage->out, 64 * MIB);
	stage->group.out = &stage->out;
}

static void tear_down(struct stage *stage)
{
	stage->group.driver->close(stage->group.db);
	buf_finish(&stage->in);
	buf_finish(&stage->out);
	(void)unlink(stage->path);
	(void)rmdir(stage->folder);
}

static void add(struct stage *stage, const char *sql, const char *id, uint64_t deadline_ns)
{
	const struct store_value params[] = { store_text("acme"), store_text(id) };
	const struct store_step step = { sql, params, 2, STORE_ANY };
	const struct store_batch batch = { "acme", &step, 1, 0 };

	wire_encode_batch(&stage->in, ++stage->n, &batch, deadline_ns);
}

static void add_thing(struct stage *stage, const char *id)
{
	add(stage, "INSERT INTO things (org, id) VALUES ($1, $2)", id,
	    clock_monotonic_ns() + MINUTE_NS);
}

static int run(struct stage *stage)
{
	struct error err = { 0 };
	size_t at = 0;
	unsigned n = stage->n;
	int r;

	for (unsigned i = 0; i < n; i++) {
		ssize_t used =
			wire_decode(stage->in.data + at, stage->in.len - at, &stage->messages[i]);

		CHECK(used > 0);
		at += (size_t)used;
	}
	r = group_run(&stage->group, stage->messages, &n, &err);
	CHECK(r < 0 || n == stage->n);
	buf_clear(&stage->in);
	stage->n = 0;
	return r;
}

/* The code of the next answer, which must be for this batch. */
static int next_code(struct stage *stage, size_t *at, uint64_t ticket)
{
	struct wire_message message;
	struct wire_failure failure;
	ssize_t used = wire_decode(stage->out.data + *at, stage->out.len - *at, &message);

	CHECK(used > 0);
	*at += (size_t)used;
	CHECK_INT(message.ticket, ticket);
	if (message.type == WIRE_RESULT)
		return 0;
	CHECK_INT(wire_decode_failure(message.body, &failure), 0);
	return failure.code;
}

TEST(migrations_run_once_and_in_order)
{
	struct stage stage;
	struct error err = { 0 };
	int64_t version = 0;

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, second, &err), err);
	CHECK_OK(stage.group.driver->version(stage.group.db, &version, &err), err);
	CHECK_INT(version, 2);
	CHECK_INT(migrate(stage.group.driver, stage.group.db, first, &err), -EPROTO);
	CHECK(strstr(err.text, "newer version"));
	tear_down(&stage);
}

TEST(a_migration_that_fails_changes_nothing)
{
	struct stage stage;
	struct error err = { 0 };
	int64_t version = 0;

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	CHECK_INT(migrate(stage.group.driver, stage.group.db, broken, &err), -EINVAL);
	CHECK(strstr(err.text, "migration 3 (three)"));
	CHECK_OK(stage.group.driver->version(stage.group.db, &version, &err), err);
	CHECK_INT(version, 1);
	CHECK(stage.group.driver->execute(stage.group.db, "INSERT INTO half VALUES ('')", &err) <
	      0);
	tear_down(&stage);
}

TEST(the_product_schema_is_made)
{
	struct stage stage;
	struct error err = { 0 };

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, migrations, &err), err);
	tear_down(&stage);
}

TEST(answers_come_in_order_and_tell_batches_apart)
{
	struct stage stage;
	struct error err = { 0 };
	size_t at = 0;

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	add_thing(&stage, "a");
	add_thing(&stage, "a");
	add(&stage, "INSERT INTO things (org, id) VALUES ($1, $2)", "late", 1);
	add(&stage, "SELECT nothing FROM things WHERE org = $1 AND id = $2", "x",
	    clock_monotonic_ns() + MINUTE_NS);
	add_thing(&stage, "b");
	CHECK_INT(run(&stage), 0);
	CHECK_INT(next_code(&stage, &at, 1), 0);
	CHECK_INT(next_code(&stage, &at, 2), -EEXIST);
	CHECK_INT(next_code(&stage, &at, 3), -ETIMEDOUT);
	CHECK_INT(next_code(&stage, &at, 4), -EINVAL);
	CHECK_INT(next_code(&stage, &at, 5), 0);
	CHECK_INT(at, stage.out.len);
	tear_down(&stage);
}

/* SQLite gives the whole transaction up when it interrupts a write in it. */
/* Makes two things, in a batch that fails when the second is there already. */
static void add_pair(struct stage *stage, const char *first_id, const char *second_id)
{
	static const char sql[] = "INSERT INTO things (org, id) VALUES ($1, $2)";
	const struct store_value one[] = { store_text("acme"), store_text(first_id) };
	const struct store_value other[] = { store_text("acme"), store_text(second_id) };
	const struct store_step steps[] = { { sql, one, 2, STORE_SOME },
					    { sql, other, 2, STORE_SOME } };
	const struct store_batch batch = { "acme", steps, 2, 0 };

	wire_encode_batch(&stage->in, ++stage->n, &batch, clock_monotonic_ns() + MINUTE_NS);
}

static void check_half_batch(struct stage *stage, const char *round)
{
	char ids[4][16];
	size_t at = stage->out.len;

	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		text_format(ids[i], sizeof(ids[i]), "%s-%u", round, i);
	add_thing(stage, ids[0]);
	add_pair(stage, ids[1], ids[0]); /* half of it is done when it fails */
	add_thing(stage, ids[1]);        /* which it could not, were that half there */
	add_pair(stage, ids[2], ids[3]);
	CHECK_INT(run(stage), 0);
	CHECK_INT(next_code(stage, &at, 1), 0);
	CHECK_INT(next_code(stage, &at, 2), -EEXIST);
	CHECK_INT(next_code(stage, &at, 3), 0);
	CHECK_INT(next_code(stage, &at, 4), 0);
}

TEST(half_a_batch_is_undone_and_its_neighbours_are_not)
{
	struct stage stage;
	struct error err = { 0 };

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	check_half_batch(&stage, "trusting");
	check_half_batch(&stage, "careful");
	tear_down(&stage);
}

TEST(a_transaction_that_is_lost_is_done_again_in_parts)
{
	static const char endless[] =
		"WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n "
		"WHERE i < 1000000000000) INSERT INTO things (org, id) SELECT $1, $2 || i FROM n";
	struct stage stage;
	struct error err = { 0 };
	size_t at = 0;

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	add_thing(&stage, "a");
	add(&stage, endless, "x", clock_monotonic_ns() + 200 * NS_PER_MS);
	add_thing(&stage, "b");
	CHECK_INT(run(&stage), 0);
	CHECK_INT(next_code(&stage, &at, 1), 0);
	CHECK_INT(next_code(&stage, &at, 2), -ETIMEDOUT);
	CHECK_INT(next_code(&stage, &at, 3), 0);
	add_thing(&stage, "a");
	add_thing(&stage, "b");
	CHECK_INT(run(&stage), 0);
	CHECK_INT(next_code(&stage, &at, 1), -EEXIST);
	CHECK_INT(next_code(&stage, &at, 2), -EEXIST);
	tear_down(&stage);
}

/* More statements than places, so that some are prepared anew. */
TEST(statements_without_end_are_forgotten)
{
	struct stage stage;
	struct error err = { 0 };

	set_up(&stage);
	CHECK_OK(migrate(stage.group.driver, stage.group.db, first, &err), err);
	for (unsigned i = 0; i < 3000;) {
		size_t at = 0;

		for (unsigned n = 0; n < 50; n++, i++) {
			char sql[96];

			text_format(sql, sizeof(sql),
				    "SELECT id, %u FROM things WHERE org = $1 AND id = $2", i);
			add(&stage, sql, "a", clock_monotonic_ns() + MINUTE_NS);
		}
		buf_clear(&stage.out);
		CHECK_INT(run(&stage), 0);
		for (unsigned n = 1; n <= 50; n++)
			CHECK_INT(next_code(&stage, &at, n), 0);
	}
	tear_down(&stage);
}

TEST(a_message_that_is_no_batch_ends_it)
{
	struct wire_message message = { .type = WIRE_BATCH, .body = { "x", 1 } };
	struct stage stage;
	struct error err = { 0 };
	unsigned n = 1;

	set_up(&stage);
	CHECK_INT(group_run(&stage.group, &message, &n, &err), -EBADMSG);
	CHECK_INT(stage.out.len, 0);
	tear_down(&stage);
}
