#include "server/org/audit.h"

#include <string.h>

#include "base/test.h"

static const struct audit_line line = {
	.seq = 1,
	.time = 1700000000000000000,
	.actor = "key/k",
	.action = "key.create",
	.target = "key_1",
	.details = "{}",
	.prev = "",
};

static void differs(const struct audit_line *other)
{
	char hash[65], others[65];

	audit_hash(&line, hash);
	audit_hash(other, others);
	CHECK(strcmp(hash, others) != 0);
}

/* Computed with sha256sum from the text that audit.h gives. */
TEST(the_hash_is_that_of_the_documented_text)
{
	char hash[65];

	audit_hash(&line, hash);
	CHECK_TEXT(hash, "b88dd7e9a09713041122cb7295560c15712f251969c1ee96b870915eaef0e58f");
}

TEST(each_member_is_part_of_the_hash)
{
	struct audit_line other = line;

	other.seq = 2;
	differs(&other);
	other = line;
	other.time++;
	differs(&other);
	other = line;
	other.actor = "key/l";
	differs(&other);
	other = line;
	other.details = "{\"a\":1}";
	differs(&other);
	other = line;
	other.prev = "00";
	differs(&other);
}

TEST(a_step_asks_for_one_record_of_its_org)
{
	struct audit_record record;
	const struct audit_entry entry = {
		.org = "acme",
		.actor = "key/k",
		.action = "x.y",
		.target = "t",
	};
	struct store_step step = audit_step(&record, &entry);

	CHECK_INT(step.n_params, AUDIT_PARAMS);
	CHECK_TEXT(step.params[0].text.data, "acme");
	CHECK_TEXT(step.params[5].text.data, "{}");
	CHECK_INT(step.expect, STORE_SOME);
}
