#include "call/policy.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "call/policy_internal.h"

#define SHELL_TOOL "execute_shell_command"
#define SCRIPT_TOOL "run_script"
#define TRACE_TOOL "trace_kernel"
#define CASE_TOOL "read_case"
#define COMMAND_MAX_BYTES 4096

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_rules; i++)
		subject_finish(&policy->rules[i].subject);
	for (size_t i = 0; i < policy->n_commands; i++)
		free(policy->commands[i]);
	policy_roots_finish(policy);
	policy_scope_finish(policy);
	free(policy->rules);
	free(policy->commands);
	free(policy->scripts);
	free(policy);
}

void policy_cleanup(struct policy **policy)
{
	policy_free(*policy);
}

static struct policy *load_default(struct error *err)
{
	return policy_parse("default", "", 0, err);
}

/* Who may write the rules rules: the same care that sudo takes of its file. */
static int check_owner(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return error_set(err, -EPERM, "%s: belongs to uid %u; make it root's", path,
				 st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, -EPERM, "%s: others may write it; run chmod go-w", path);
	return 0;
}

struct policy *policy_load(const char *path, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (!path)
		return load_default(err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return load_default(err);
	if (fd < 0) {
		error_errno(err, "%s", path);
		return NULL;
	}
	if (check_owner(fd, path, err) < 0)
		return NULL;
	buf_init(&text, POLICY_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "%s: %s", path,
			  r < 0 ? strerrordesc_np(-r) : "is longer than 64 KiB");
		return NULL;
	}
	return policy_parse(path, buf_text(&text), text.len, err);
}

/*
 * A command line that runs behind the read-only walls is as mild as any look,
 * so rules about 'reads' are the ones that speak of it. A script runs behind the same
 * walls, but whose bytes nobody here has seen is not taken for one. Of traces it is the
 * presets that show no more than their names say: what else is read out of the kernel is root's
 * to choose, or an approver's.
 */
enum tool_risk policy_risk(const struct policy *policy, const struct caller *caller,
			   const struct tool_info *tool, const json_t *args)
{
	if (strcmp(tool->name, SHELL_TOOL) == 0 && policy_is_readonly_command(policy, args))
		return TOOL_READS;
	if (strcmp(tool->name, SCRIPT_TOOL) == 0 && !policy_script_is_known(policy, args))
		return TOOL_CHANGES;
	if (strcmp(tool->name, TRACE_TOOL) == 0 && !json_object_get(args, "preset") &&
	    (caller->uid != 0 || caller->on_behalf[0] || caller->client[0]))
		return TOOL_CHANGES;
	return tool->risk;
}

/*
 * What a case holds is what any tool has read, which rules about those tools would not be asked:
 * to who is no user of this host only a rule that names the tool itself allows it.
 */
static bool is_too_wide(const struct rule *rule, const struct caller *caller,
			const struct tool_info *tool)
{
	if (rule->answer != POLICY_ALLOWS || strcmp(tool->name, CASE_TOOL) != 0 ||
	    (!caller->client[0] && !caller->on_behalf[0]))
		return false;
	return rule->has_risk || strcmp(rule->tool, tool->name) != 0;
}

enum policy_answer policy_judge(const struct policy *policy, const struct caller *caller,
				const struct tool_info *tool, const json_t *args,
				char why_out[ERROR_TEXT_BYTES])
{
	enum tool_risk risk = policy_risk(policy, caller, tool, args);

	if (!policy_scope_allows(policy, args, why_out))
		return POLICY_DENIES;
	if (strcmp(tool->name, SCRIPT_TOOL) == 0 && !policy_script_is_itself(args, why_out))
		return POLICY_DENIES;
	for (size_t i = policy->n_rules; i-- > 0;) {
		const struct rule *rule = &policy->rules[i];

		if (rule->has_risk ? rule->risk != risk : !policy_fits(rule->tool, tool->name))
			continue;
		if (!subject_includes(&rule->subject, caller) || is_too_wide(rule, caller, tool))
			continue;
		if (rule->line)
			(void)snprintf(why_out, ERROR_TEXT_BYTES, "%s:%u: %s", policy->name,
				       rule->line, rule->text);
		else
			(void)snprintf(why_out, ERROR_TEXT_BYTES, "default: %s", rule->text);
		return rule->answer;
	}
	(void)snprintf(why_out, ERROR_TEXT_BYTES, "%s: no rule matches", policy->name);
	return POLICY_DENIES;
}

static bool is_shell_plain(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_./:,+@%=-", c));
}

bool policy_plain_command(const char *line, size_t len, char *out, size_t size)
{
	size_t n = 0;
	bool first = true;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == ' ' || line[i] == '\t')
			continue;
		/* "A=b df" would set a variable. */
		if (!is_shell_plain(line[i]) || (first && line[i] == '='))
			return false;
		if (i && (line[i - 1] == ' ' || line[i - 1] == '\t') && n) {
			if (n + 2 >= size)
				return false;
			first = false;
			out[n++] = ' ';
		}
		if (n + 1 >= size)
			return false;
		out[n++] = line[i];
	}
	out[n] = '\0';
	return n > 0 && !memchr(out, '=', strcspn(out, " "));
}

bool policy_is_readonly_command(const struct policy *policy, const json_t *args)
{
	const json_t *command = json_object_get(args, "command");
	char line[COMMAND_MAX_BYTES];

	if (!json_is_string(command) ||
	    !policy_plain_command(json_string_value(command), json_string_length(command), line,
				  sizeof(line)))
		return false;
	for (size_t i = 0; i < policy->n_commands; i++)
		if (strcmp(policy->commands[i], line) == 0)
			return true;
	return false;
}

void policy_find_link_user(struct policy *policy)
{
	const struct passwd *user = getpwnam("constable");

	policy->has_link_user = user;
	if (user)
		policy->link_uid = user->pw_uid;
}

bool policy_may_speak(const struct policy *policy, const struct caller *caller)
{
	return caller->uid == 0 || caller->uid == geteuid() ||
	       (policy->has_link_user && caller->uid == policy->link_uid);
}

bool policy_forbids_process_iterator(const struct policy *policy)
{
	return policy->without_process_iterator;
}

bool policy_allows_without_landlock(const struct policy *policy)
{
	return policy->without_landlock;
}
