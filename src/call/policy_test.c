#include "call/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct tool_info watch = { .name = "watch", .risk = TOOL_TRACES };
static const struct tool_info alter = { .name = "alter", .risk = TOOL_CHANGES };
static const struct tool_info shell = { .name = "execute_shell_command", .risk = TOOL_CHANGES };

static const struct caller root = { .uid = 0, .gid = 0 };
static const struct caller ana = { .uid = 4711, .gid = 4711 };

/* The agent, which runs as root here, asks for somebody behind the link. */
static const struct caller linked = { .uid = 0, .gid = 0, .on_behalf = "acme/ana" };

static char why[ERROR_TEXT_BYTES];

static struct policy *parse(const char *text)
{
	struct error err = { 0 };
	struct policy *policy =
		policy_parse("/etc/constable/policy.conf", text, strlen(text), &err);

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

	CHECK(!policy_parse("policy.conf", text, strlen(text), &err));
	CHECK_TEXT(err.text, sentence);
	CHECK_INT(err.code, -EINVAL);
}

TEST(the_link_is_no_user_and_root_least_of_all)
{
	CHECK_INT(judge("allow changes to root\n", &linked, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to user 0\n", &linked, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to group 0\n", &linked, &alter), POLICY_DENIES);
	CHECK_INT(judge("allow changes to link\n", &linked, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to anyone\n", &linked, &alter), POLICY_ALLOWS);
	CHECK_INT(judge("allow changes to link\n", &root, &alter), POLICY_DENIES);
}

TEST(without_a_file_the_link_may_read_and_trace_and_asks_to_change)
{
	struct error err = { 0 };
	CLEANUP(policy) struct policy *policy = policy_load(NULL, &err);

	CHECK_INT(policy_judge(policy, &linked, &look, NULL, why), POLICY_ALLOWS);
	CHECK_INT(policy_judge(policy, &linked, &watch, NULL, why), POLICY_ALLOWS);
	CHECK_TEXT(why, "default: allow traces to link");
	CHECK_INT(policy_judge(policy, &linked, &alter, NULL, why), POLICY_ASKS);
	CHECK(policy_may_speak(policy, &root));
	CHECK(!policy_may_speak(policy, &ana));
}

TEST(without_a_file_reads_are_allowed_traces_are_roots_and_changes_ask)
{
	struct error err = { 0 };
	CLEANUP(policy) struct policy *policy = policy_load(NULL, &err);

	CHECK_INT(policy_judge(policy, &ana, &look, NULL, why), POLICY_ALLOWS);
	CHECK_TEXT(why, "default: allow reads");
	CHECK_INT(policy_judge(policy, &root, &watch, NULL, why), POLICY_ALLOWS);
	CHECK_INT(policy_judge(policy, &ana, &watch, NULL, why), POLICY_DENIES);
	CHECK_TEXT(why, "default: no rule matches");
	CHECK_INT(policy_judge(policy, &root, &alter, NULL, why), POLICY_ASKS);
	CHECK_TEXT(why, "default: ask changes");
	CHECK(!policy_allows_without_landlock(policy));
	CHECK(!policy_forbids_process_iterator(policy));
	CHECK_TEXT(policy_roots(policy, 0)[0], "/");
	CHECK(!policy_roots(policy, 0)[1]);
}

TEST(the_last_matching_rule_decides)
{
	CHECK_INT(judge("deny reads\nallow reads\n", &ana, &look), POLICY_ALLOWS);
	CHECK_TEXT(why, "policy.conf:2: allow reads");
	CHECK_INT(judge("allow reads\n\n# no\ndeny  reads # really\n", &ana, &look), POLICY_DENIES);
	CHECK_TEXT(why, "policy.conf:4: deny reads");
}

TEST(a_rule_about_a_tool_and_one_about_its_risk_are_equals)
{
	CHECK_INT(judge("allow reads\ndeny look", &ana, &look), POLICY_DENIES);
	CHECK_INT(judge("deny look\nallow reads", &ana, &look), POLICY_ALLOWS);
}

TEST(a_rule_about_a_risk_speaks_of_no_other_risk)
{
	CHECK_INT(judge("allow changes", &root, &look), POLICY_DENIES);
	CHECK_INT(judge("allow reads\nallow traces", &root, &alter), POLICY_DENIES);
	CHECK_TEXT(why, "policy.conf: no rule matches");
}

TEST(a_rule_speaks_only_of_its_subject)
{
	const struct caller staff = { .uid = 4712, .gid = 0 };

	CHECK_INT(judge("deny reads\nallow reads to root", &ana, &look), POLICY_DENIES);
	CHECK_INT(judge("deny reads\nallow reads to root", &root, &look), POLICY_ALLOWS);
	CHECK_INT(judge("deny reads\nallow reads to user 4711", &ana, &look), POLICY_ALLOWS);
	CHECK_INT(judge("deny reads\nallow reads to user 4710", &ana, &look), POLICY_DENIES);
	CHECK_INT(judge("deny reads\nallow reads to user root", &root, &look), POLICY_ALLOWS);
	CHECK_INT(judge("deny reads\nallow reads to group root", &staff, &look), POLICY_ALLOWS);
	CHECK_INT(judge("deny reads\nallow reads to group root", &ana, &look), POLICY_DENIES);
	CHECK_INT(judge("allow reads to group 4711", &ana, &look), POLICY_ALLOWS);
	CHECK_INT(judge("allow reads\ndeny reads to anyone", &ana, &look), POLICY_DENIES);
}

TEST(a_file_without_rules_keeps_the_default_ones)
{
	CHECK_INT(judge("roots /var\n", &ana, &look), POLICY_ALLOWS);
	CHECK_INT(judge("roots /var\n", &ana, &alter), POLICY_ASKS);
	CHECK_TEXT(why, "default: ask changes");
}

static enum policy_answer judge_command(const char *text, const char *command)
{
	CLEANUP(policy) struct policy *policy = parse(text);
	CLEANUP(json) json_t *args = json_pack("{s:s}", "command", command);
	enum policy_answer answer = policy_judge(policy, &ana, &shell, args, why);

	CHECK_INT(policy_is_readonly_command(policy, args), answer == POLICY_ALLOWS);
	return answer;
}

TEST(a_readonly_command_line_is_judged_as_a_read)
{
	const char *text = "readonly df -h /srv/data\nallow reads\nask changes\n";

	CHECK_INT(judge_command(text, "df -h /srv/data"), POLICY_ALLOWS);
	CHECK_INT(judge_command(text, " df \t-h  /srv/data "), POLICY_ALLOWS);
	CHECK_INT(judge_command(text, "df -h /srv/data extra"), POLICY_ASKS);
	CHECK_INT(judge_command(text, "df -h"), POLICY_ASKS);
	CHECK_INT(judge_command(text, "df -h /srv/dat"), POLICY_ASKS);
	CHECK_INT(judge_command(text, ""), POLICY_ASKS);
}

TEST(nothing_a_shell_would_interpret_is_a_readonly_command)
{
	static const char *const lines[] = {
		"df -h;reboot",    "df -h & reboot", "df -h|tee /x",  "df -h >/x",
		"df -h $(reboot)", "df -h `x`",      "df -h\nreboot", "df -h *",
		"PATH=/tmp df -h", "df '-h'",        "df -h #",       "df -h {a,b}",
		"df -h ~",         "df -h\r",        "df \"-h\"",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		CHECK_INT(judge_command("readonly df -h\nallow reads\nask changes", lines[i]),
			  POLICY_ASKS);
	check_refused("readonly df | tee x", "policy.conf:1: a read-only command is plain words, "
					     "nothing for a shell");
	check_refused("readonly A=b df",
		      "policy.conf:1: a read-only command is plain words, nothing for a shell");
}

TEST(a_later_denial_of_the_shell_beats_a_readonly_line)
{
	CLEANUP(policy)
	struct policy *policy = parse("allow reads\nreadonly uptime\ndeny execute_shell_command");
	CLEANUP(json) json_t *args = json_pack("{s:s}", "command", "uptime");

	CHECK_INT(policy_judge(policy, &root, &shell, args, why), POLICY_DENIES);
}

TEST(a_readonly_line_says_nothing_about_other_tools)
{
	CLEANUP(policy) struct policy *policy = parse("allow reads\nask changes\nreadonly uptime");
	CLEANUP(json) json_t *args = json_pack("{s:s}", "command", "uptime");

	CHECK_INT(policy_judge(policy, &root, &alter, args, why), POLICY_ASKS);
}

TEST(roots_and_walls_are_as_the_file_says)
{
	CLEANUP(policy)
	struct policy *policy = parse("roots /var/log /etc # both\nroots /srv\nwithout landlock\n"
				      "without process-iterator\n");

	CHECK_TEXT(policy_roots(policy, 0)[0], "/var/log");
	CHECK_TEXT(policy_roots(policy, 0)[1], "/etc");
	CHECK_TEXT(policy_roots(policy, 0)[2], "/srv");
	CHECK(!policy_roots(policy, 0)[3]);
	CHECK(policy_allows_without_landlock(policy));
	CHECK(policy_forbids_process_iterator(policy));
}

TEST(an_unknown_word_is_an_error_with_its_line)
{
	check_refused("allow reads\npermit changes", "policy.conf:2: unknown word 'permit'");
	check_refused("allow", "policy.conf:1: expected reads, traces, changes or a tool");
	check_refused("allow Reads", "policy.conf:1: expected reads, traces, changes or a tool, "
				     "not 'Reads'");
	check_refused("deny change", "policy.conf:1: with an 's' it is a risk: 'change'");
	check_refused("allow reads for root", "policy.conf:1: expected 'to', not 'for'");
	check_refused("\n\nallow reads to user no_such_user_here",
		      "policy.conf:3: no such user: 'no_such_user_here'");
	check_refused("allow reads to group no_such_group_here",
		      "policy.conf:1: no such group: 'no_such_group_here'");
	check_refused("allow reads to user 4294967295",
		      "policy.conf:1: no such user: '4294967295'");
	check_refused(
		"allow reads to root too",
		"policy.conf:1: after 'to' comes root, link, token, registry, anyone, or user, "
		"group, certificate, key, oauth or oauth-client with a NAME, and then nothing");
	check_refused("roots var", "policy.conf:1: a root is an absolute path, not 'var'");
	check_refused("roots", "policy.conf:1: expected a path");
	check_refused("readonly", "policy.conf:1: expected a command");
	check_refused("without seccomp", "policy.conf:1: unknown word 'without'");
	check_refused("allow \x01reads", "policy.conf:1: holds a control character");
}

TEST(a_policy_over_its_bounds_is_refused)
{
	static char text[POLICY_MAX_BYTES + 1];
	struct error err = { 0 };

	memset(text, ' ', sizeof(text));
	CHECK(!policy_parse("p", text, sizeof(text), &err));
	CHECK_INT(err.code, -E2BIG);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? ' ' : 'a';
	CHECK(!policy_parse("p", text, sizeof(text) - 1, &err));
	CHECK_TEXT(err.text, "p:1: too many words");
}

struct scene {
	char directory[64];
	char path[96];
};

static void write_file(struct scene *scene, const char *text, mode_t mode)
{
	CLEANUP(fd) int fd = -1;

	(void)snprintf(scene->directory, sizeof(scene->directory), "/tmp/policy.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	(void)snprintf(scene->path, sizeof(scene->path), "%s/policy.conf", scene->directory);
	fd = open(scene->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
	CHECK_INT(fchmod(fd, mode), 0);
}

static void remove_file(const struct scene *scene)
{
	(void)unlink(scene->path);
	CHECK_INT(rmdir(scene->directory), 0);
}

TEST(a_file_is_loaded_and_its_rules_named_after_it)
{
	struct scene scene;
	struct error err = { 0 };

	write_file(&scene, "deny reads\n", 0644);
	{
		CLEANUP(policy) struct policy *policy = policy_load(scene.path, &err);

		CHECK(policy);
		CHECK_INT(policy_judge(policy, &root, &look, NULL, why), POLICY_DENIES);
		CHECK_TEXT(why, "policy.conf:1: deny reads");
	}
	remove_file(&scene);
	{
		CLEANUP(policy) struct policy *policy = policy_load(scene.path, &err);

		CHECK(policy);
		CHECK_INT(policy_judge(policy, &root, &look, NULL, why), POLICY_ALLOWS);
	}
}

TEST(a_file_that_others_may_write_is_refused)
{
	struct scene scene;
	struct error err = { 0 };

	write_file(&scene, "allow changes\n", 0666);
	CHECK(!policy_load(scene.path, &err));
	CHECK_INT(err.code, -EPERM);
	CHECK(strstr(err.text, "chmod go-w"));
	remove_file(&scene);
}

TEST(a_fifo_or_a_folder_is_no_policy)
{
	struct scene scene;
	struct error err = { 0 };

	write_file(&scene, "", 0600);
	(void)unlink(scene.path);
	CHECK_INT(mkfifo(scene.path, 0600), 0);
	CHECK(!policy_load(scene.path, &err));
	CHECK(strstr(err.text, "not a regular file"));
	CHECK(!policy_load(scene.directory, &err));
	remove_file(&scene);
}

static enum policy_answer judge_args(const char *text, const char *args_text)
{
	CLEANUP(policy) struct policy *policy = parse(text);
	CLEANUP(json) json_t *args = json_loads(args_text, 0, NULL);

	CHECK(args);
	why[0] = '\0';
	return policy_judge(policy, &linked, &look, args, why);
}

TEST(what_the_host_does_not_name_is_denied_with_its_list)
{
	static const struct {
		const char *args, *why; /* NULL: allowed */
	} rows[] = {
		{ "{}", NULL },
		{ "{\"namespaces\":[\"shop\"]}", NULL },
		{ "{\"namespaces\":[\"shop\",\"kube-system\"]}",
		  "policy.conf: 'kube-system' is not among this host's namespaces: shop pay" },
		{ "{\"namespace\":\"sho\"}", "policy.conf: 'sho' is not" },
		{ "{\"log_groups\":[\"/aws/lambda/a\"]}", NULL },
		{ "{\"log_group\":\"/aws/lambda/b\"}", "policy.conf: '/aws/lambda/b' is not among "
						       "this host's log-groups: /aws/lambda/a" },
		{ "{\"path\":\"/var/log/pods/shop_web_1/web/0.log\"}", NULL },
		{ "{\"path\":\"/var/log/pods/kube-system_dns_1/dns/0.log\"}",
		  "policy.conf: 'kube-system' is not" },
		{ "{\"paths\":[\"/var/log/syslog\",\"/var/log/containers/dns_other_c-1.log\"]}",
		  "policy.conf: 'other' is not" },
		{ "{\"path\":7,\"namespaces\":7}", NULL },
	};
	const char *text = "namespaces shop\nnamespaces pay\nlog-groups /aws/lambda/a\n";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(judge_args(text, rows[i].args),
			  rows[i].why ? POLICY_DENIES : POLICY_ALLOWS);
		CHECK(!rows[i].why || strncmp(why, rows[i].why, strlen(rows[i].why)) == 0);
	}
	CHECK_INT(judge_args("", rows[2].args), POLICY_ALLOWS);
}

TEST(a_limit_without_a_name_is_refused)
{
	check_refused("namespaces\n", "policy.conf:1: expected a name");
	check_refused("log-groups # none\n", "policy.conf:1: expected a name");
}

static enum policy_answer judge_trace(const struct caller *caller, const char *args_text)
{
	static const struct tool_info trace = { .name = "trace_kernel", .risk = TOOL_TRACES };
	struct error err = { 0 };
	CLEANUP(policy) struct policy *policy = policy_parse("policy.conf", "", 0, &err);
	CLEANUP(json) json_t *args = json_loads(args_text, 0, NULL);

	return policy_judge(policy, caller, &trace, args, why);
}

TEST(what_a_server_reads_out_of_the_kernel_is_a_preset)
{
	static const char preset[] = "{\"preset\":\"execs\"}", own[] = "{\"target\":\"vfs_read\"}";
	static const struct caller root_here = { .uid = 0 };
	static const struct caller server = { .uid = 0, .on_behalf = "acme/ana" };

	CHECK_INT(judge_trace(&server, preset), POLICY_ALLOWS);
	CHECK_INT(judge_trace(&server, own), POLICY_ASKS);
	CHECK_INT(judge_trace(&root_here, own), POLICY_ALLOWS);
}
