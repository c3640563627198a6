#include "kernel/program/release.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "call/hash.h"
#include "call/schema.h"

#define TEXT(min, max) "{\"type\":\"string\",\"minLength\":" #min ",\"maxLength\":" #max "}"

static const char release_schema[] =
	"{\"type\":\"object\",\"additionalProperties\":false,"
	"\"required\":[\"schema\",\"name\",\"version\",\"seq\",\"sha256\",\"size\",\"key_id\","
	"\"not_before\",\"not_after\"],\"properties\":{"
	"\"schema\":{\"const\":1},"
	"\"name\":" TEXT(1, 63) ",\"version\":" TEXT(
		1,
		31) ","
		    "\"seq\":{\"type\":\"integer\",\"minimum\":1},"
		    "\"sha256\":" TEXT(
			    64,
			    64) ","
				"\"size\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":4194304},"
				"\"key_id\":" TEXT(
					16,
					16) ","
					    "\"not_before\":" TEXT(20, 40) ",\"not_after\":" TEXT(
						    20,
						    40) ","
							"\"min_agent\":" TEXT(
								1,
								31) ","
								    "\"hosts\":{\"type\":\"array\","
								    "\"minItems\":1,\"maxItems\":"
								    "64,\"items\":" TEXT(1,
											 255) "}}}";

void release_finish(struct release *release)
{
	json_decref(release->document);
	*release = (struct release) { 0 };
}

void release_cleanup(struct release *release)
{
	release_finish(release);
}

static int take_words(struct release *release, struct error *err)
{
	const json_t *document = release->document;
	const char *name = json_get_text(document, "name", "");
	const char *version = json_get_text(document, "version", "");
	const char *sha256 = json_get_text(document, "sha256", "");

	if (!program_is_name(name))
		return error_set(err, -EINVAL, "/name: lower-case letters, digits, '-' and '_'");
	if (!program_is_version(version))
		return error_set(err, -EINVAL, "/version: letters, digits, '.', '+', '-' and '_'");
	if (!hex_is(sha256, 64))
		return error_set(err, -EINVAL, "/sha256: no lower-case hexadecimal digits");
	text_copy(release->name, sizeof(release->name), name);
	text_copy(release->version, sizeof(release->version), version);
	text_copy(release->sha256, sizeof(release->sha256), sha256);
	text_copy(release->key_id, sizeof(release->key_id), json_get_text(document, "key_id", ""));
	return 0;
}

static int take_numbers(struct release *release, struct error *err)
{
	const json_t *document = release->document;

	release->seq = (uint64_t)json_get_int(document, "seq", 0);
	release->size = (uint64_t)json_get_int(document, "size", 0);
	if (!clock_parse(json_get_text(document, "not_before", ""), &release->not_before_ns))
		return error_set(err, -EINVAL, "/not_before: no time as RFC 3339 has it");
	if (!clock_parse(json_get_text(document, "not_after", ""), &release->not_after_ns))
		return error_set(err, -EINVAL, "/not_after: no time as RFC 3339 has it");
	if (release->not_after_ns <= release->not_before_ns)
		return error_set(err, -EINVAL, "/not_after: is not after not_before");
	return 0;
}

int release_parse(const char *bytes, size_t len, struct release *release_out, struct error *err)
{
	CLEANUP(json)
	json_t *schema =
		json_parse(release_schema, sizeof(release_schema) - 1, sizeof(release_schema), err);
	CLEANUP(release) struct release release = { 0 };
	int r;

	release.document = json_parse(bytes, len, PROGRAM_RELEASE_MAX_BYTES, err);
	if (!release.document || !schema)
		return error_wrap(err, "release.json");
	r = schema_check(schema, release.document, err);
	if (r == 0)
		r = take_words(&release, err);
	if (r == 0)
		r = take_numbers(&release, err);
	if (r < 0)
		return error_wrap(err, "release.json");
	*release_out = release;
	release = (struct release) { 0 };
	return 0;
}

static int check_time(const struct release *release, uint64_t now_ns, struct error *err)
{
	char when[CLOCK_TEXT_BYTES];

	if (now_ns < release->not_before_ns)
		return error_set(err, -EKEYEXPIRED, "the release of '%s' is not valid before %s",
				 release->name, clock_format(release->not_before_ns, when));
	if (now_ns >= release->not_after_ns)
		return error_set(err, -EKEYEXPIRED, "the release of '%s' expired at %s",
				 release->name, clock_format(release->not_after_ns, when));
	return 0;
}

static bool is_for(const struct release *release, const char *host)
{
	const json_t *hosts = json_object_get(release->document, "hosts"), *item;
	size_t i;

	json_array_foreach(hosts, i, item)
	{
		if (fnmatch(json_string_value(item), host, FNM_NOESCAPE) == 0)
			return true;
	}
	return !hosts;
}

static int check_place(const struct release *release, const struct release_place *place,
		       struct error *err)
{
	const char *min_agent = json_get_text(release->document, "min_agent", "0");

	if (check_time(release, place->now_ns, err) < 0)
		return err->code;
	if (!place->host)
		return 0;
	if (!is_for(release, place->host))
		return error_set(err, -EXDEV, "the release of '%s' is for other hosts than '%s'",
				 release->name, place->host);
	if (program_compare_versions(place->agent_version, min_agent) < 0)
		return error_set(err, -EPROTO, "'%s' needs Constable %s or newer, this is %s",
				 release->name, min_agent, place->agent_version);
	return 0;
}

int release_verify(const struct trust *trust, const struct release_place *place, struct str bytes,
		   struct str signature, struct release *release_out, struct error *err)
{
	const struct trusted_key *signer = trust_verify(trust, bytes, signature, err);
	CLEANUP(release) struct release release = { 0 };

	if (!signer || release_parse(bytes.data, bytes.len, &release, err) < 0)
		return err->code;
	if (strcmp(release.key_id, signer->id) != 0)
		return error_set(err, -EBADE, "the release names the key %s and is signed by %s",
				 release.key_id, signer->id);
	if (trust_has_revoked_artifact(trust, release.sha256))
		return error_set(err, -EKEYREVOKED, "this artifact of '%s' was revoked",
				 release.name);
	if (check_place(&release, place, err) < 0)
		return err->code;
	*release_out = release;
	release = (struct release) { 0 };
	return 0;
}

int release_check_seq(const struct release *release, uint64_t highest_seq, struct error *err)
{
	if (release->seq >= highest_seq)
		return 0;
	return error_set(err, -ESTALE,
			 "'%s' was here with sequence number %ju already: %ju is a downgrade",
			 release->name, (uintmax_t)highest_seq, (uintmax_t)release->seq);
}

int release_check_artifact(const struct release *release, const void *artifact, size_t len,
			   struct error *err)
{
	char sha256[HASH_TEXT_BYTES];

	if (len != release->size)
		return error_set(err, -EBADE,
				 "the artifact has %zu bytes, its release says %ju: truncated?",
				 len, (uintmax_t)release->size);
	if (strcmp(hash_text(artifact, len, sha256), release->sha256) != 0)
		return error_set(err, -EBADE,
				 "the artifact is another than the one that its release names");
	return 0;
}
