#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "kernel/program/life/entrant_internal.h"

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

static int read_trust(const struct steward *steward, struct entrant *entrant, struct error *err)
{
	const char *key = steward->config->public_key;

	if (limits_load(steward->config->limits, &entrant->limits, &entrant->trust, err) < 0)
		return err->code;
	return key && *key ? trust_add(&entrant->trust, key, strlen(key), err) : 0;
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

int entrant_verify(const struct steward *steward, const json_t *args, struct entrant *entrant,
		   struct error *err)
{
	const char *text = json_get_text(args, "release", "");
	struct release_place place = {
		.host = steward->host,
		.agent_version = steward->config->version,
		.now_ns = clock_wall_ns(),
	};
	uint64_t highest;

	if (take_bytes(args, "signature", &entrant->signature, PROGRAM_SIGNATURE_MAX_BYTES, err) <
		    0 ||
	    take_bytes(args, "artifact", &entrant->artifact, PROGRAM_ARTIFACT_MAX_BYTES, err) < 0 ||
	    read_trust(steward, entrant, err) < 0 ||
	    release_verify(&entrant->trust, &place, (struct str) { text, strlen(text) },
			   (struct str) { buf_text(&entrant->signature), entrant->signature.len },
			   &entrant->release, err) < 0)
		return err->code;
	highest = journal_highest_seq(&steward->journal, entrant->release.name);
	if (!entrant->returns && release_check_seq(&entrant->release, highest, err) < 0)
		return err->code;
	if (check_quarantine(&steward->journal, &entrant->release, err) < 0)
		return err->code;
	return release_check_artifact(&entrant->release, buf_text(&entrant->artifact),
				      entrant->artifact.len, err);
}
