#include "identity/approvers.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "identity/key.h"
#include "identity/statement.h"

static const char domain[] = "constable.approvers.v1";

bool approver_is_name(const char *text)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (text[len] <= ' ' || text[len] > '~' || len >= APPROVER_NAME_BYTES - 1)
			return false;
	return len > 0;
}

void approvers_finish(struct approvers *approvers)
{
	for (size_t i = 0; i < approvers->n; i++)
		EVP_PKEY_free(approvers->list[i].key);
	free(approvers->list);
	*approvers = (struct approvers) { 0 };
}

void approvers_cleanup(struct approvers *approvers)
{
	approvers_finish(approvers);
}

EVP_PKEY *approvers_find(const struct approvers *approvers, const char *name)
{
	for (size_t i = 0; i < approvers->n; i++)
		if (strcmp(approvers->list[i].name, name) == 0)
			return approvers->list[i].key;
	return NULL;
}

int approvers_add(struct approvers *approvers, const char *name, EVP_PKEY *key, struct error *err)
{
	struct approver *added;

	if (!approver_is_name(name) || !key_is(key, KEY_ED25519))
		return error_set(
			err, -EINVAL,
			"an approver has a name of 1 to %d printable characters without blanks, "
			"and an Ed25519 key",
			APPROVER_NAME_BYTES - 1);
	if (approvers_find(approvers, name))
		return error_set(err, -EEXIST, "'%s' is an approver already", name);
	if (approvers->n == APPROVERS_MAX)
		return error_set(err, -ENOSPC, "an org has at most %d approvers", APPROVERS_MAX);
	approvers->list = realloc(approvers->list, (approvers->n + 1) * sizeof(*approvers->list));
	if (!approvers->list || !EVP_PKEY_up_ref(key))
		abort();
	added = &approvers->list[approvers->n++];
	*added = (struct approver) { .key = key };
	text_format(added->name, sizeof(added->name), "%s", name);
	return 0;
}

json_t *approvers_sign(const struct approvers *approvers, EVP_PKEY *root, struct error *err)
{
	CLEANUP(json) json_t *statement = json_object();
	json_t *list = json_array();
	char key[KEY_TEXT_BYTES];

	json_put(statement, "approvers", list);
	if (!certificate_is_id(approvers->org) || approvers->sequence == 0 ||
	    approvers->sequence > INT64_MAX || !key_is(root, KEY_ED25519)) {
		error_set(err, -EINVAL,
			  "a list of approvers needs an org, a sequence from 1 and an Ed25519 root "
			  "key");
		return NULL;
	}
	json_put(statement, "domain", json_string(domain));
	json_put(statement, "org", json_string(approvers->org));
	json_put(statement, "sequence", json_count(approvers->sequence));
	if (approvers->author_may_approve)
		json_put(statement, "author_may_approve", json_true());
	for (size_t i = 0; i < approvers->n; i++)
		json_push(list, json_pack("{s:s, s:s}", "name", approvers->list[i].name, "key",
					  key_text(approvers->list[i].key, key)));
	return statement_seal(statement, root);
}

static int read_approver(const json_t *item, struct approvers *approvers, struct error *err)
{
	const char *name = json_get_text(item, "name", "");
	const char *text = json_get_text(item, "key", "");
	CLEANUP(key) EVP_PKEY *key = NULL;

	if (json_object_size(item) != 2)
		return error_set(err, -EBADMSG, "an approver has the members name and key");
	key = key_parse(text, strlen(text), err);
	return key ? approvers_add(approvers, name, key, err) : err->code;
}

static int read_list(const json_t *statement, struct approvers *approvers, struct error *err)
{
	const json_t *list = json_object_get(statement, "approvers");
	const char *org = json_get_text(statement, "org", "");
	int64_t sequence = json_get_int(statement, "sequence", 0);
	bool may_author = json_get_bool(statement, "author_may_approve", false);
	const json_t *item;
	size_t i;

	if (json_object_size(statement) != 4 + (size_t)may_author || !json_is_array(list) ||
	    sequence < 1 || !certificate_is_id(org))
		return error_set(
			err, -EBADMSG,
			"a list of approvers has the members domain, org, sequence, approvers");
	text_format(approvers->org, sizeof(approvers->org), "%s", org);
	approvers->sequence = (uint64_t)sequence;
	approvers->author_may_approve = may_author;
	json_array_foreach(list, i, item)
	{
		if (read_approver(item, approvers, err) < 0)
			return error_wrap(err, "approver %zu", i + 1);
	}
	return 0;
}

int approvers_verify(const json_t *sealed, const struct approvers_rule *rule,
		     struct approvers *approvers_out, struct error *err)
{
	CLEANUP(json) json_t *statement = statement_open(sealed, domain, rule->root, err);
	CLEANUP(approvers) struct approvers approvers = { 0 };

	if (!statement || read_list(statement, &approvers, err) < 0)
		return err->code;
	if (strcmp(approvers.org, rule->org) != 0)
		return error_set(err, -EACCES, "the list is of org '%s', not '%s'", approvers.org,
				 rule->org);
	if (approvers.sequence < rule->least_sequence)
		return error_set(err, -ESTALE,
				 "the list has sequence %" PRIu64 ", but %" PRIu64 " is the least",
				 approvers.sequence, rule->least_sequence);
	*approvers_out = approvers;
	approvers = (struct approvers) { 0 };
	return 0;
}

bool author_is_nameless(const char *on_behalf)
{
	return strncmp(on_behalf, AUTHOR_NAMELESS, strlen(AUTHOR_NAMELESS)) == 0;
}

bool author_is_person(const char *on_behalf)
{
	return strncmp(on_behalf, AUTHOR_PERSON, strlen(AUTHOR_PERSON)) == 0;
}
