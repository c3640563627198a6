/* Whom a rule speaks of: users, groups, the link, clients of the agent's local API. */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

/* Copies, so that a word can be looked up as text. False if it does not fit. */
static bool word_text(struct str word, char *out, size_t size)
{
	if (word.len >= size)
		return false;
	str_copy(word, out, size);
	return true;
}

static bool parse_number(const char *text, uint32_t *value_out)
{
	const char *at = text;
	uint64_t value;

	if (!isdigit((unsigned char)*at) || !scan_u64(&at, &value) || *at || value >= UINT32_MAX)
		return false;
	*value_out = (uint32_t)value;
	return true;
}

static int parse_user(const struct policy_line *line, struct str word, struct subject *subject,
		      struct error *err)
{
	char name[POLICY_NAME_BYTES];
	struct passwd *user;

	subject->kind = SUBJECT_USER;
	if (!word_text(word, name, sizeof(name)))
		return policy_refuse(line, err, "no such user:", word);
	if (parse_number(name, &subject->uid))
		return 0;
	user = getpwnam(name);
	if (!user)
		return policy_refuse(line, err, "no such user:", word);
	subject->uid = user->pw_uid;
	return 0;
}

/* A member without an account can call nothing: it is left out. */
static void add_members(struct subject *subject, char *const *names)
{
	size_t n = 0;

	while (names[n] && n < POLICY_MAX_MEMBERS)
		n++;
	if (!n)
		return;
	subject->members = calloc(n, sizeof(*subject->members));
	if (!subject->members)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct passwd *user = getpwnam(names[i]);

		if (user)
			subject->members[subject->n_members++] = user->pw_uid;
	}
}

static int parse_group(const struct policy_line *line, struct str word, struct subject *subject,
		       struct error *err)
{
	char name[POLICY_NAME_BYTES];
	const struct group *group;
	bool is_number;

	subject->kind = SUBJECT_GROUP;
	if (!word_text(word, name, sizeof(name)))
		return policy_refuse(line, err, "no such group:", word);
	is_number = parse_number(name, &subject->gid);
	group = is_number ? getgrgid(subject->gid) : getgrnam(name);
	if (!group && is_number)
		return 0;
	if (!group)
		return policy_refuse(line, err, "no such group:", word);
	subject->gid = group->gr_gid;
	add_members(subject, group->gr_mem);
	return 0;
}

static int parse_client(const struct policy_line *line, size_t at, struct subject *subject,
			struct error *err)
{
	struct str kind = line->words[at];
	struct str name = at + 1 < line->n_words ? line->words[at + 1] : (struct str) { "", 0 };

	subject->kind = SUBJECT_CLIENT;
	if (kind.len + 1 + name.len >= sizeof(subject->client))
		return policy_refuse(line, err, "too long a name:", name);
	text_format(subject->client, sizeof(subject->client), name.len ? "%.*s %.*s" : "%.*s",
		    (int)kind.len, kind.data, (int)name.len, name.data);
	return caller_is_client(subject->client)
		       ? 0
		       : policy_refuse(line, err, "no name of a client:", name);
}

/* What comes after 'to': one word, or two. */
static int parse_named(const struct policy_line *line, size_t at, struct subject *subject,
		       struct error *err)
{
	size_t n = line->n_words - at;
	struct str word = n ? line->words[at] : (struct str) { "", 0 };

	if (n == 1 && str_is(word, "anyone"))
		return 0;
	if (n == 1 && str_is(word, "root")) {
		subject->kind = SUBJECT_USER;
		return 0;
	}
	if (n == 1 && str_is(word, "link")) {
		subject->kind = SUBJECT_LINK;
		return 0;
	}
	if (n == 2 && str_is(word, "user"))
		return parse_user(line, line->words[at + 1], subject, err);
	if (n == 2 && str_is(word, "group"))
		return parse_group(line, line->words[at + 1], subject, err);
	if ((n == 2 && caller_is_client_kind(word.data, word.len)) ||
	    (n == 1 && caller_is_nameless_client(word.data, word.len)))
		return parse_client(line, at, subject, err);
	return policy_complain(line, err,
			       "after 'to' comes root, link, token, registry, anyone, or user, "
			       "group, certificate, key, oauth or oauth-client with a NAME, and "
			       "then nothing");
}

int policy_parse_subject(const struct policy_line *line, size_t at, struct subject *subject,
			 struct error *err)
{
	if (line->n_words == at)
		return 0; /* anyone */
	if (!str_is(line->words[at], "to"))
		return policy_refuse(line, err, "expected 'to', not", line->words[at]);
	return parse_named(line, at + 1, subject, err);
}

void subject_finish(struct subject *subject)
{
	free(subject->members);
	subject->members = NULL;
}

bool policy_fits(const char *pattern, const char *text)
{
	const char *star = NULL, *from = text;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool is_of_group(const struct subject *subject, const struct caller *caller)
{
	for (size_t i = 0; i < subject->n_members; i++)
		if (subject->members[i] == caller->uid)
			return true;
	return caller->gid == subject->gid;
}

/* Whether the caller is more, or less, than the user whose process it is. */
static bool is_somebody_else(const struct caller *caller)
{
	return caller->on_behalf[0] || (caller->client[0] && strcmp(caller->client, "token") != 0);
}

bool subject_includes(const struct subject *subject, const struct caller *caller)
{
	switch (subject->kind) {
	case SUBJECT_ANYONE:
		return true;
	case SUBJECT_LINK:
		return caller->on_behalf[0];
	case SUBJECT_CLIENT:
		return (caller->client[0] && policy_fits(subject->client, caller->client)) ||
		       (caller->application[0] &&
			policy_fits(subject->client, caller->application));
	case SUBJECT_USER:
		return !is_somebody_else(caller) && caller->uid == subject->uid;
	case SUBJECT_GROUP:
		break;
	}
	return !is_somebody_else(caller) && is_of_group(subject, caller);
}
