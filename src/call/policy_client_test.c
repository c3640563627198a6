/* Rules for clients of the agent's local API. */
#include "call/policy.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static const struct tool_info look = { .name = "get_cpu", .risk = TOOL_READS };
static const struct tool_info read_any = { .name = "read_file", .risk = TOOL_READS };
static const struct tool_info alter = { .name = "write_file", .risk = TOOL_CHANGES };
static const struct tool_info trace = { .name = "trace_kernel", .risk = TOOL_TRACES };

/* The agent runs as root here. */
static const struct caller grafana = { .uid = 0, .client = "key grafana" };
static const struct caller backup = { .uid = 0, .client = "certificate backup.example" };
static const struct caller ana = { .uid = 0,
				   .client = "oauth ana",
				   .application = "oauth-client inspector" };
static const struct caller registry = { .uid = 0, .client = "registry" };
static const struct caller token = { .uid = 0, .client = "token" };
static const struct caller root = { .uid = 0 };

static char why[ERROR_TEXT_BYTES];

static struct policy *parse(const char *text)
{
	struct error err = { 0 };
	struct policy *policy = policy_parse("policy", text, strlen(text), &err);

	if (!policy)
		fail_msg("%s", err.text);
	return policy;
}

static enum policy_answer judge(const char *text, const struct caller *caller,
				const struct tool_info *tool)
{
	CLEANUP(policy) struct policy *policy = parse(text);

	return policy_judge(policy, caller, tool, NULL, why);
}

static void check_refused(const char *text, const char *sentence)
{
	struct error err = { 0 };

	CHECK(!policy_parse("policy", text, strlen(text), &err));
	CHECK_TEXT(err.text, sentence);
	CHECK_INT(err.code, -EINVAL);
}

TEST(a_client_is_not_the_user_whose_process_asks)
{
	CHECK_INT(judge("allow changes to root", &grafana, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to group 0", &ana, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to link", &backup, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to anyone", &backup, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to root", &token, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to root", &registry, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to registry", &registry, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to registry", &root, &alter), POLICY_DENIES);
}

TEST(kept_investigations_are_allowed_by_name_alone)
{
	static const struct tool_info kept = { .name = "read_case", .risk = TOOL_READS };
	static const struct caller linked = { .uid = 0, .on_behalf = "default/ana" };
	static const char *const wide[] = { "allow reads", "allow *", "allow read_*",
					    "allow read_case\ndeny reads",
					    "allow read_case to root" };

	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		CHECK_INT(judge(wide[i], &grafana, &kept), POLICY_DENIES);
		CHECK_INT(judge(wide[i], &linked, &kept), POLICY_DENIES);
	}
	CHECK_INT(judge("allow reads", &root, &kept), POLICY_ALLOWS);
	CHECK_INT(judge("allow reads", &token, &kept), POLICY_DENIES);
	CHECK_INT(judge("ask reads", &grafana, &kept), POLICY_ASKS);
	CHECK_INT(judge("allow read_case\nallow reads", &grafana, &kept), POLICY_ALLOWS);
	CHECK_INT(judge("allow read_case to key grafana", &grafana, &kept), POLICY_ALLOWS);
	CHECK_INT(judge("allow read_case to key grafana", &backup, &kept), POLICY_DENIES);
	CHECK_INT(judge("allow read_case to link", &linked, &kept), POLICY_ALLOWS);
	CHECK_INT(judge("deny reads\nallow read_case", &token, &kept), POLICY_ALLOWS);
}

TEST(a_rule_names_one_client)
{
	CHECK_INT(judge("allow changes to key grafana", &grafana, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to key grafana", &backup, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to key grafana", &root, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to certificate grafana", &grafana, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to certificate *.example", &backup, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to oauth ana", &ana, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to oauth-client insp*", &ana, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to oauth inspector", &ana, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow reads\ndeny * to token", &token, &look), POLICY_DENIES);
	CHECK_TEXT(why, "policy:2: deny * to token");
}

TEST(a_rule_names_tools_by_pattern)
{
	static const char rules[] = "allow reads\ndeny * to key grafana\n"
				    "allow get_* to key grafana\n";

	CHECK_INT(judge(rules, &grafana, &look), POLICY_ALLOWS);
	CHECK_INT(judge(rules, &grafana, &read_any), POLICY_DENIES);
	CHECK_INT(judge(rules, &backup, &read_any), POLICY_ALLOWS);
	CHECK_INT(judge("allow *_file*", &root, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow *_files", &root, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow w*_*e", &root, &alter), POLICY_ALLOWS);
}

TEST(free_traces_are_changes_for_a_client)
{
	CLEANUP(policy) struct policy *policy = parse("allow traces\nask changes\n");
	CLEANUP(json) json_t *args = json_pack("{s:s}", "kind", "kprobe");

	CHECK_INT(policy_judge(policy, &root, &trace, args, why), POLICY_ALLOWS);
	CHECK_INT(policy_judge(policy, &grafana, &trace, args, why), POLICY_ASKS);
}

TEST(a_client_may_have_roots_of_its_own)
{
	CLEANUP(policy)
	struct policy *policy = parse("roots /var\nroots /var/log to key grafana\n"
				      "roots /srv /opt to certificate *\nroots /etc\n"
				      "roots /run to key grafana\n");

	CHECK_INT(policy_root_set(policy, &root), 0);
	CHECK_TEXT(policy_roots(policy, 0)[0], "/var");
	CHECK_TEXT(policy_roots(policy, 0)[1], "/etc");
	CHECK(!policy_roots(policy, 0)[2]);
	CHECK_INT(policy_root_set(policy, &grafana), 1);
	CHECK_TEXT(policy_roots(policy, 1)[0], "/var/log");
	CHECK_TEXT(policy_roots(policy, 1)[1], "/run");
	CHECK_INT(policy_root_set(policy, &backup), 2);
	CHECK(!policy_roots(policy, 3));
	CHECK_INT(policy_root_set(policy, &ana), 0);
}

TEST(what_names_no_client_is_an_error_with_its_line)
{
	check_refused(
		"allow reads to key",
		"policy:1: after 'to' comes root, link, token, registry, anyone, or user, "
		"group, certificate, key, oauth or oauth-client with a NAME, and then nothing");
	check_refused(
		"allow reads to token grafana",
		"policy:1: after 'to' comes root, link, token, registry, anyone, or user, "
		"group, certificate, key, oauth or oauth-client with a NAME, and then nothing");
	check_refused("allow reads to key a\xc3\xa9", "policy:1: no name of a client: 'a\xc3\xa9'");
	check_refused("roots /srv to root", "policy:1: roots are of all, or of a client");
	check_refused("roots to key grafana", "policy:1: expected a path");
	check_refused("\nroots srv to key grafana",
		      "policy:2: a root is an absolute path, not 'srv'");
}

TEST(who_calls_himself_a_client_says_which)
{
	CHECK(caller_is_client("token"));
	CHECK(caller_is_client("registry"));
	CHECK(caller_is_client("key grafana"));
	CHECK(caller_is_client("oauth https://issuer/ana"));
	CHECK(!caller_is_client("key"));
	CHECK(!caller_is_client("key "));
	CHECK(!caller_is_client("key two words"));
	CHECK(!caller_is_client("user root"));
	CHECK(!caller_is_client(""));
}
