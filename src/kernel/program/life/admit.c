#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "kernel/program/life/entrant_internal.h"
#include "kernel/program/life/keys_internal.h"

static int take_bytes(const json_t *args, const char *member, struct buf *out, size_t max,
		      struct error *err)
{
	const char *text = json_get_text(args, member, "");
	int r;

	buf_init(out, max);
	r = base64_decode_lines(text, strlen(text), out);
	return r < 0 ? error_set(err, r, "'%s' is no Base64, or has more than %zu bytes", member,
				 max)
		     : 0;
}

static int verify(const struct steward *steward, enum keys_scope scope, const char *text,
		  struct entrant *entrant, struct error *err)
{
	struct release_place place = {
		.host = steward->host,
		.agent_version = steward->config->version,
		.now_ns = clock_wall_ns(),
	};
	struct error absent = { 0 }, why = { 0 };
	int r;

	limits_finish(&entrant->limits);
	trust_finish(&entrant->trust);
	r = limits_load(steward->config->limits, &entrant->limits, &entrant->trust, err);
	if (r == 0)
		r = keys_add(steward, scope, &entrant->trust, &absent, err);
	if (r == 0)
		r = release_verify(
			&entrant->trust, &place, (struct str) { text, strlen(text) },
			(struct str) { buf_text(&entrant->signature), entrant->signature.len },
			&entrant->release, &why);
	if (r < 0 && why.code && absent.code && r == -EBADE)
		return error_set(err, r, "%.200s; %.280s", why.text, absent.text);
	if (r < 0 && why.code)
		*err = why;
	return r;
}

/*
 * What the host's own keys have signed asks nobody. Vault is looked at anew before a key of its
 * own lets anything in, so that one that was withdrawn counts no longer; what comes back after a
 * rollback was let in before, and waits for no answer.
 */
static int admit(struct steward *steward, const char *text, struct entrant *entrant,
		 struct error *err)
{
	struct error why = { 0 };
	int r = verify(steward, KEYS_OF_HOST, text, entrant, &why);

	if (r == -EBADE && keys_are_in_vault(steward, &entrant->limits)) {
		if (!entrant->returns)
			keys_look(steward, &entrant->limits);
		else
			keys_recall(steward, &entrant->limits);
		return verify(steward, KEYS_ALL, text, entrant, err);
	}
	if (r < 0)
		*err = why;
	return r;
}

static int check_quarantine(const struct journal *journal, const struct release *release,
			    struct error *err)
{
	const json_t *item = journal_find_quarantined(journal, release->sha256);

	if (!item)
		return 0;
	return error_set(
		err, -EKEYREVOKED,
		"'%s' %s was rolled back here (%s) and is in quarantine; 'constable program "
		"release %s' lets it in again",
		release->name, release->version, json_get_text(item, "why", ""), release->name);
}

int entrant_verify(struct steward *steward, const json_t *args, struct entrant *entrant,
		   struct error *err)
{
	const char *text = json_get_text(args, "release", "");
	uint64_t highest;

	if (take_bytes(args, "signature", &entrant->signature, PROGRAM_SIGNATURE_MAX_BYTES, err) <
		    0 ||
	    take_bytes(args, "artifact", &entrant->artifact, PROGRAM_ARTIFACT_MAX_BYTES, err) < 0 ||
	    admit(steward, text, entrant, err) < 0)
		return err->code;
	highest = journal_highest_seq(&steward->journal, entrant->release.name);
	if (!entrant->returns && release_check_seq(&entrant->release, highest, err) < 0)
		return err->code;
	if (check_quarantine(&steward->journal, &entrant->release, err) < 0)
		return err->code;
	return release_check_artifact(&entrant->release, buf_text(&entrant->artifact),
				      entrant->artifact.len, err);
}
