#include "investigation/ledger.h"

#include <string.h>

#include "base/test.h"
#include "investigation/investigation.h"

#define RESULT "{\"load\":1}"

/* As a case has it. */
static json_t *item_of(const char *id, const char *bytes)
{
	char sha256[HASH_TEXT_BYTES];

	hash_text(bytes, strlen(bytes), sha256);
	return json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:b}", "id", id, "tool", "get_load",
			 "args", "time", "2026-11-29T00:00:00.000Z", "bytes", bytes, "sha256",
			 sha256, "earlier", 1);
}

static bool restores(struct ledger *ledger, const char *id, const char *bytes)
{
	CLEANUP(json) json_t *item = item_of(id, bytes);

	return ledger_restore(ledger, item);
}

TEST(what_was_told_before_keeps_its_id_and_new_ids_go_on)
{
	struct ledger ledger = { 0 };
	CLEANUP(json) json_t *args = json_object();

	CHECK(restores(&ledger, "e7", RESULT));
	CHECK_TEXT(ledger.items[0].id, "e7");
	CHECK(ledger.items[0].is_earlier && ledger.items[0].result);
	CHECK(evidence_has_quote(&ledger.items[0], "\"load\":1"));
	CHECK_TEXT(ledger_add(&ledger, "get_cpu", args)->id, "e8");
	ledger_finish(&ledger);
}

TEST(what_was_altered_is_not_restored)
{
	struct ledger ledger = { 0 };
	CLEANUP(json) json_t *item = item_of("e1", RESULT);

	json_put(item, "bytes", json_string("{\"load\":9}"));
	CHECK(!ledger_restore(&ledger, item));
	CHECK_INT(ledger.n, 0);
	ledger_finish(&ledger);
}

TEST(what_is_no_evidence_is_not_restored)
{
	static const char *const ids[] = { "", "e", "e0", "7", "e-1", "e1x", "e1000000" };
	struct ledger ledger = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		CHECK(!restores(&ledger, ids[i], RESULT));
	CHECK(!restores(&ledger, "e1", "[1]"));
	CHECK(!restores(&ledger, "e1", "{"));
	CHECK_INT(ledger.n, 0);
	ledger_finish(&ledger);
}

TEST(a_full_ledger_takes_no_more)
{
	struct ledger ledger = { 0 };
	char id[8];

	for (unsigned i = 1; i <= LEDGER_MAX_ITEMS; i++) {
		text_format(id, sizeof(id), "e%u", i);
		CHECK(restores(&ledger, id, RESULT));
	}
	CHECK(!restores(&ledger, "e99", RESULT));
	CHECK_INT(ledger.n, LEDGER_MAX_ITEMS);
	ledger_finish(&ledger);
}
