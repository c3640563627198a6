#include "investigation/joint.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static json_t *document(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	CHECK_OK(err.code, err);
	return json;
}

#define HEALTHY(name)                                                                  \
	"{\"host\":\"" name "\",\"evidence\":[{\"id\":\"e1\",\"tool\":\"get_load\"}]," \
	"\"report\":{\"verdict\":\"healthy\",\"cause_id\":null,\"confidence\":0.9,"    \
	"\"hypotheses\":[],\"evidence\":[{\"id\":\"e1\"}],\"timeline\":[],\"unknowns\":[]}}"
#define FOUND(name, address, cause, confidence, points)                                      \
	"{\"host\":\"" name "\",\"addresses\":[\"" address                                   \
	"\"],\"evidence\":[{\"id\":\"e1\",\"tool\":\"a\"},{\"id\":\"e2\",\"tool\":\"b\"}],"  \
	"\"report\":{\"verdict\":\"cause-found\",\"cause_id\":\"" cause                      \
	"\",\"confidence\":" confidence ",\"hypotheses\":[{\"cause_id\":\"" cause            \
	"\",\"elsewhere\":\"" points "\",\"for\":[{\"evidence\":\"e2\",\"quote\":\"x\"}]}]," \
	"\"evidence\":[{\"id\":\"e1\"},{\"id\":\"e2\"}],\"timeline\":[{\"seconds_ago\":5,"   \
	"\"evidence\":\"e2\"}],\"unknowns\":[],\"elapsed_ms\":7}}"

static json_t *joined(const char *text)
{
	CLEANUP(json) json_t *cases = document(text);
	struct error err = { 0 };
	json_t *all = joint_case(cases, &err);

	CHECK_OK(err.code, err);
	return all;
}

static void check_chosen(const char *text, const char *host, const char *verdict)
{
	CLEANUP(json) json_t *all = joined(text);
	const json_t *report = json_object_get(all, "report");

	CHECK_TEXT(json_get_text(report, "host", ""), host);
	CHECK_TEXT(json_get_text(report, "verdict", ""), verdict);
}

TEST(a_cause_that_points_elsewhere_yields_to_the_one_it_points_to)
{
	check_chosen(
		"[" FOUND("web-1", "10.9.0.1", "web.nginx-upstream-down", "0.99",
			  "http://10.9.0.2:8080/") "," FOUND("db-1", "10.9.0.3", "disk.full",
							     "0.98",
							     "") "," FOUND("app-1", "10.9.0.2",
									   "service.crash-at-start",
									   "0.9", "") "]",
		"app-1", "cause-found");
}

TEST(an_address_is_a_word_of_its_own)
{
	check_chosen("[" FOUND("a", "10.0.0.1", "x.y", "0.9", "") "," FOUND(
			     "b", "10.0.0.12", "x.z", "0.8",
			     "") "," FOUND("c", "10.0.0.3", "x.w", "0.99", "10.0.0.12:80") "]",
		     "b", "cause-found");
}

TEST(what_points_to_nobody_here_or_to_itself_still_counts)
{
	check_chosen("[" HEALTHY("db-1") "," FOUND("web-1", "10.9.0.1",
						   "network.dependency-refused", "0.9",
						   "203.0.113.9:443") "]",
		     "web-1", "cause-found");
	check_chosen("[" FOUND("a", "10.0.0.1", "x.y", "0.95",
			       "127.0.0.1:80") "," FOUND("b", "10.0.0.2", "x.z", "0.9", "") "]",
		     "a", "cause-found");
}

TEST(healthy_hosts_together_are_healthy)
{
	check_chosen("[" HEALTHY("a") "," HEALTHY("b") "]", "a", "healthy");
}

TEST(evidence_ids_stay_unique_and_claims_follow_them)
{
	CLEANUP(json)
	json_t *all = joined("[" HEALTHY("a") "," FOUND("b", "10.0.0.2", "x.y", "0.9", "") "]");
	const json_t *evidence = json_object_get(all, "evidence");
	const json_t *report = json_object_get(all, "report");
	const json_t *hypothesis = json_array_get(json_object_get(report, "hypotheses"), 0);
	const json_t *claim = json_array_get(json_object_get(hypothesis, "for"), 0);

	CHECK_INT(json_array_size(evidence), 3);
	CHECK_TEXT(json_get_text(json_array_get(evidence, 2), "id", ""), "e3");
	CHECK_TEXT(json_get_text(json_array_get(evidence, 2), "host", ""), "b");
	CHECK_TEXT(json_get_text(claim, "evidence", ""), "e3");
	CHECK_TEXT(json_get_text(json_array_get(json_object_get(report, "timeline"), 0), "evidence",
				 ""),
		   "e3");
	CHECK_INT(json_array_size(json_object_get(report, "evidence")), 3);
}

TEST(no_case_and_one_without_a_report_are_refused)
{
	static const char *const wrong[] = { "[]", "[{\"host\":\"a\"}]", "{}" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *cases = document(wrong[i]);
		struct error err = { 0 };

		CHECK(!joint_case(cases, &err));
		CHECK_INT(err.code, -EINVAL);
	}
}
