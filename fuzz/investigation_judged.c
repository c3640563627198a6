/*
 * A finished case from somewhere, as those read it who do not ask again: as a trace, as one
 * host of several, and as an answer that is scored.
 */
#include "harness.h"

#include <assert.h>

#include "investigation/joint.h"
#include "investigation/otlp.h"
#include "investigation/score.h"

#define MAX_BYTES (64 * KIB)

static void trace(const json_t *finished)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *once = otlp_trace(finished, OTLP_WITH_CONTENT, &err);
	CLEANUP(json) json_t *again = otlp_trace(finished, OTLP_WITH_CONTENT, &err);

	assert(once ? json_equal(once, again) : err.code < 0);
}

static void join(const json_t *finished)
{
	CLEANUP(json) json_t *both = json_pack("[O, O]", finished, finished);
	struct error err = { 0 };
	CLEANUP(json) json_t *joined = joint_case(both, &err);

	assert(joined || err.code < 0);
	if (joined)
		trace(joined);
}

static void score(const json_t *finished)
{
	const json_t *expect = json_object_get(finished, "expect");
	struct error err = { 0 };
	CLEANUP(json) json_t *scores = json_array();

	if (score_check(expect, &err) < 0) {
		assert(err.text[0]);
		return;
	}
	json_push(scores, score_report(expect, json_object_get(finished, "report"),
				       json_object_get(finished, "evidence")));
	CLEANUP(json) json_t *total = score_total(scores);

	assert(json_get_int(total, "cases", 0) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *finished = json_parse((const char *)data, size, MAX_BYTES, &err);

	if (!finished)
		return 0;
	trace(finished);
	join(finished);
	score(finished);
	return 0;
}
