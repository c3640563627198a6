#include "call/policy.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "call/policy_internal.h"

#define SHELL_TOOL "execute_shell_command"
#define COMMAND_MAX_BYTES 4096

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_rules; i++)
		free(policy->rules[i].subject.members);
	for (size_t i = 0; i < policy->n_roots; i++)
		free(policy->roots[i]);
	for (size_t i = 0; i < policy->n_commands; i++)
		free(policy->commands[i]);
	policy_scope_finish(policy);
	free(policy->rules);
	free(policy->roots);
	free(policy->commands);
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

static bool subject_includes(const struct subject *subject, const struct caller *caller)
{
	if (caller->on_behalf[0])
		return subject->kind == SUBJECT_ANYONE || subject->kind == SUBJECT_LINK;
	switch (subject->kind) {
	case SUBJECT_ANYONE:
		return true;
	case SUBJECT_LINK:
		return false;
	case SUBJECT_USER:
		return caller->uid == subject->uid;
	case SUBJECT_GROUP:
		break;
	}
	for (size_t i = 0; i < subject->n_members; i++)
		if (subject->members[i] == caller->uid)
			return true;
	return caller->gid == subject->gid;
}

/*
 * A command line that runs behind the read-only walls is as mild as any look,
 * so rules about 'reads' are the ones that speak of it.
 */
static enum tool_risk risk_of(const struct policy *policy, const struct tool_info *tool,
			      const json_t *args)
{
	if (strcmp(tool->name, SHELL_TOOL) == 0 && policy_is_readonly_command(policy, args))
		return TOOL_READS;
	return tool->risk;
}

enum policy_answer policy_judge(const struct policy *policy, const struct caller *caller,
				const struct tool_info *tool, const json_t *args,
				char why_out[ERROR_TEXT_BYTES])
{
	enum tool_risk risk = risk_of(policy, tool, args);

	if (!policy_scope_allows(policy, args, why_out))
		return POLICY_DENIES;
	for (size_t i = policy->n_rules; i-- > 0;) {
		const struct rule *rule = &policy->rules[i];

		if (rule->has_risk ? rule->risk != risk : strcmp(rule->tool, tool->name) != 0)
			continue;
		if (!subject_includes(&rule->subject, caller))
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

bool policy_may_speak(const struct policy *policy, const struct caller *caller)
{
	return caller->uid == 0 || caller->uid == geteuid() ||
	       (policy->has_link_user && caller->uid == policy->link_uid);
}

bool policy_allows_without_landlock(const struct policy *policy)
{
	return policy->without_landlock;
}

const char *const *policy_roots(const struct policy *policy)
{
	static const char *const everything[] = { "/", NULL };

	return policy->n_roots ? (const char *const *)policy->roots : everything;
}
