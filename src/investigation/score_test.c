#include "investigation/score.h"

#include <string.h>

#include "base/test.h"

static json_t *document(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	CHECK_OK(err.code, err);
	return json;
}

static const char expectation[] =
	"{\"verdict\":\"cause-found\",\"cause_ids\":[\"disk.full\",\"disk.quota\"],\"host\":\"db-"
	"1\","
	"\"evidence\":[{\"tools\":[\"list_filesystems\"]},{\"tools\":[\"read_journal\"]}]}";

static const char kept[] =
	"[{\"id\":\"e1\",\"tool\":\"list_filesystems\",\"bytes\":\"{\\\"used\\\":100}\"},"
	"{\"id\":\"e2\",\"tool\":\"read_journal\",\"error\":{\"code\":-2,\"text\":\"none\"}}]";

static json_t *score(const char *report_text)
{
	CLEANUP(json) json_t *expect = document(expectation);
	CLEANUP(json) json_t *report = document(report_text);
	CLEANUP(json) json_t *evidence = document(kept);

	return score_report(expect, report, evidence);
}

TEST(any_cause_that_is_expected_is_right_with_its_evidence)
{
	CLEANUP(json)
	json_t *scored =
		score("{\"verdict\":\"cause-found\",\"cause_id\":\"disk.quota\","
		      "\"host\":\"db-1\",\"elapsed_ms\":12,\"hypotheses\":[{\"for\":["
		      "{\"evidence\":\"e1\",\"quote\":\"\\\"used\\\":100\"},"
		      "{\"evidence\":\"e1\",\"quote\":\"\\\"used\\\":99\",\"proven\":true},"
		      "{\"evidence\":\"e2\",\"quote\":\"none\"}]}],"
		      "\"engine\":{\"models\":[{\"input_tokens\":600,\"cost\":0.01},"
		      "{\"input_tokens\":300}]}}");

	CHECK(json_get_bool(scored, "right", false));
	CHECK(json_get_number(scored, "evidence", 0) == 0.5);
	CHECK_INT(json_get_int(scored, "claims", 0), 3);
	CHECK_INT(json_get_int(scored, "unproven", 0), 2);
	CHECK(json_get_number(scored, "input_tokens", 0) == 900);
	CHECK(json_get_number(scored, "cost_usd", 0) == 0.01);
	CHECK(json_get_number(scored, "elapsed_ms", 0) == 12);
	CHECK_INT(json_get_int(scored, "calls", 0), 2);
}

TEST(another_host_cause_or_verdict_is_wrong)
{
	static const char *const wrong[] = {
		"{\"verdict\":\"cause-found\",\"cause_id\":\"disk.full\",\"host\":\"web-1\"}",
		"{\"verdict\":\"cause-found\",\"cause_id\":\"cpu.saturated\",\"host\":\"db-1\"}",
		"{\"verdict\":\"cause-found\",\"cause_id\":null,\"host\":\"db-1\"}",
		"{\"verdict\":\"inconclusive\",\"cause_id\":\"disk.full\",\"host\":\"db-1\"}",
		"{}",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *scored = score(wrong[i]);

		CHECK(!json_get_bool(scored, "right", true));
	}
}

TEST(a_total_counts_and_averages)
{
	CLEANUP(json)
	json_t *scores = document("[{\"right\":true,\"evidence\":1.0,\"calls\":12},"
				  "{\"right\":false,\"evidence\":0.0,\"calls\":8}]");
	CLEANUP(json) json_t *total = score_total(scores);

	CHECK_INT(json_get_int(total, "cases", 0), 2);
	CHECK_INT(json_get_int(total, "right", 0), 1);
	CHECK(json_get_number(total, "evidence", 0) == 0.5);
	CHECK(json_get_number(total, "calls", 0) == 20);
}

TEST(what_is_no_expectation_is_refused)
{
	static const char *const wrong[] = {
		"{}",
		"{\"verdict\":\"fine\"}",
		"{\"verdict\":\"cause-found\"}",
		"{\"verdict\":\"healthy\",\"cause_ids\":[\"disk.full\"]}",
		"{\"verdict\":\"healthy\",\"evidence\":{}}",
		"{\"verdict\":\"healthy\",\"evidence\":[{\"tool\":\"ls\"}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *expect = document(wrong[i]);
		struct error err = { 0 };

		CHECK(score_check(expect, &err) < 0);
		CHECK(*err.text);
	}
}
