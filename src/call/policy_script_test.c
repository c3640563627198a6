#include "call/policy.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static const struct caller linked = { .uid = 0, .gid = 0, .on_behalf = "acme/ana" };
static char why[ERROR_TEXT_BYTES];

/* Of "#!/bin/sh\n". */
#define SHA256 "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf"

static enum policy_answer judge_script(const char *text, const char *sha256)
{
	static const struct tool_info run_script = { .name = "run_script", .risk = TOOL_READS };
	struct error err = { 0 };
	CLEANUP(policy)
	struct policy *policy = policy_parse("policy.conf", text, strlen(text), &err);
	CLEANUP(json)
	json_t *args = json_pack("{s:s, s:s}", "source", "#!/bin/sh\n", "sha256", sha256);

	if (!policy)
		FAIL("%s", err.text);
	return policy_judge(policy, &linked, &run_script, args, why);
}

TEST(a_script_that_nobody_here_knows_is_asked_about)
{
	CHECK_INT(judge_script("", SHA256), POLICY_ASKS);
	CHECK_TEXT(why, "default: ask changes");
	CHECK_INT(judge_script("allow reads\n", SHA256), POLICY_DENIES);
	CHECK_INT(judge_script("allow reads\nallow run_script to link\n", SHA256), POLICY_ALLOWS);
	CHECK_INT(judge_script("deny run_script\n", SHA256), POLICY_DENIES);
}

TEST(a_script_that_the_policy_names_only_reads)
{
	CHECK_INT(judge_script("scripts " SHA256 "\n", SHA256), POLICY_ALLOWS);
	CHECK_TEXT(why, "default: allow reads");
	CHECK_INT(judge_script("scripts " SHA256 "\ndeny reads\n", SHA256), POLICY_DENIES);
}

TEST(a_script_under_the_name_of_another_never_runs)
{
	static const char other[] =
		"0000000000000000000000000000000000000000000000000000000000000000";

	CHECK_INT(judge_script("allow changes\nallow reads\nallow run_script\n", other),
		  POLICY_DENIES);
	CHECK_TEXT(why, "its sha256 is not that of its source");
}

static void check_refused(const char *text, const char *sentence)
{
	struct error err = { 0 };

	CHECK(!policy_parse("policy.conf", text, strlen(text), &err));
	CHECK_TEXT(err.text, sentence);
}

TEST(a_script_is_named_by_its_hash)
{
	check_refused("scripts\n", "policy.conf:1: expected the SHA-256 of a script");
	check_refused("scripts x.sh\n",
		      "policy.conf:1: a script is named by its SHA-256, not 'x.sh'");
}
