#include "server/artifact/push.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "identity/token.h"
#include "kernel/program/release.h"
#include "server/artifact/artifact.h"

static const char keys_sql[] = "SELECT key FROM program_keys WHERE org = $1 ORDER BY id";
static const char room_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT count(*) AS n FROM artifacts WHERE org = $1) d "
	"WHERE d.n < $2";
static const char insert_sql[] =
	"INSERT INTO artifacts (org, id, name, version, seq, type, description, architecture, "
	"kernel_version, created, created_by, updated, size, sha256, key_id, signature, metadata, "
	"tags, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $12, $13, $14, "
	"$15, $16, $17, $18)";
static const char one_sql[] =
	"SELECT " ARTIFACT_COLUMNS ARTIFACT_FROM "WHERE a.org = $1 AND a.id = $2";

static void refuse(struct exchange *exchange, const struct error *err)
{
	bool is_foreign = err->code == -EBADE || err->code == -EKEYREVOKED;

	exchange_refuse(exchange, is_foreign ? 403 : 400, is_foreign ? "not_signed" : NULL, "%s",
			err->text);
}

static void handle_pushed(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, artifact_row(&result->steps[3], 0));
}

static void handle_not_pushed(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL,
				"a release of that name with that sequence number is here");
	else if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL, "an org has at most %d artifacts",
				ARTIFACTS_MAX);
	else
		exchange_fail(exchange, err);
}

static const char *canonical_of(struct exchange *exchange, const char *member, json_t *otherwise)
{
	json_t *value = json_object_get(exchange->body, member);
	CLEANUP(text) char *text = json_canonical(value ? value : otherwise);

	json_decref(otherwise);
	return exchange_text(exchange, "%s", text);
}

static void keep(struct exchange *exchange, const struct release *release, const char *signature)
{
	char nonce[NONCE_TEXT_BYTES];
	const char *id = exchange_text(exchange, "artifact_%.20s", nonce_make(nonce));
	const struct store_value org = exchange_org(exchange);
	const struct store_step steps[] = {
		STEP(room_sql, STORE_SOME, org, store_int(ARTIFACTS_MAX)),
		STEP(insert_sql, STORE_SOME, org, store_text(id), store_text(release->name),
		     store_text(release->version), store_int((int64_t)release->seq),
		     store_text(exchange_member(exchange, "type", "")),
		     store_text(exchange_member(exchange, "description", "")),
		     store_text(exchange_member(exchange, "architecture", "")),
		     store_text(exchange_member(exchange, "kernel_version", "")), exchange_now(),
		     store_text(exchange_actor(exchange)), store_int((int64_t)release->size),
		     store_text(release->sha256), store_text(release->key_id),
		     store_text(signature),
		     store_text(canonical_of(exchange, "metadata", json_object())),
		     store_text(canonical_of(exchange, "tags", json_array())),
		     store_text(exchange_member(exchange, "data", ""))),
		exchange_audit(exchange, "artifact.push", id,
			       json_pack("{s:s, s:s, s:I, s:s, s:s}", "name", release->name,
					 "version", release->version, "seq",
					 (json_int_t)release->seq, "sha256", release->sha256,
					 "key_id", release->key_id)),
		STEP(one_sql, STORE_SOME, org, store_text(id)),
	};

	exchange->failed = handle_not_pushed;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_pushed);
}

static int check_words(const struct exchange *exchange, const struct release *release,
		       struct error *err)
{
	if (strcmp(exchange_member(exchange, "name", ""), release->name) != 0 ||
	    strcmp(exchange_member(exchange, "version", ""), release->version) != 0)
		return error_set(err, -EINVAL, "the release is '%s' %s, the request says '%s' %s",
				 release->name, release->version,
				 exchange_member(exchange, "name", ""),
				 exchange_member(exchange, "version", ""));
	if (release->seq > INT64_MAX)
		return error_set(err, -EINVAL, "the sequence number is too large");
	return 0;
}

/* Of it hosts need the release and its signature; the rest is for people. */
static int check_metadata(const struct exchange *exchange, struct error *err)
{
	CLEANUP(text)
	char *text = json_canonical(json_object_get(exchange->body, "metadata"));

	if (strlen(text) <= ARTIFACT_METADATA_MAX_BYTES)
		return 0;
	return error_set(err, -E2BIG, "'metadata' has more than %zu bytes",
			 ARTIFACT_METADATA_MAX_BYTES);
}

static int check_bytes(const struct exchange *exchange, const struct release *release,
		       struct error *err)
{
	const char *text = exchange_member(exchange, "data", "");
	CLEANUP(buf) struct buf bytes = { 0 };
	int r;

	buf_init(&bytes, ARTIFACT_MAX_BYTES);
	r = base64_decode(text, strlen(text), &bytes);
	if (r < 0)
		return error_set(err, r, "'data' is no Base64, or has more than %d bytes",
				 ARTIFACT_MAX_BYTES);
	return release_check_artifact(release, buf_text(&bytes), bytes.len, err);
}

/* The order of trust: nothing but the signature is looked at before that is good. */
static int verify(const struct exchange *exchange, const struct trust *trust, const char *signature,
		  struct release *release, struct error *err)
{
	const char *text =
		json_get_text(json_object_get(exchange->body, "metadata"), "release", "");
	const struct release_place place = { .now_ns = clock_wall_ns() };

	if (!*text || !*signature)
		return error_set(err, -EBADE,
				 "the artifact is not signed: metadata has its 'release', and "
				 "'signature' is that of those bytes");
	if (strlen(text) > PROGRAM_RELEASE_MAX_BYTES)
		return error_set(err, -E2BIG, "a release has at most %zu bytes",
				 PROGRAM_RELEASE_MAX_BYTES);
	if (release_verify(trust, &place, (struct str) { text, strlen(text) },
			   (struct str) { signature, strlen(signature) }, release, err) < 0 ||
	    check_words(exchange, release, err) < 0 || check_metadata(exchange, err) < 0)
		return err->code;
	return check_bytes(exchange, release, err);
}

static int read_keys(const struct store_rows *rows, struct trust *trust, struct error *err)
{
	if (!rows->n_rows)
		return error_set(err, -EBADE,
				 "this org trusts no key: add one with 'constable program trust'");
	for (unsigned i = 0; i < rows->n_rows; i++) {
		const struct str key = store_at(rows, i, 0)->text;

		if (trust_add(trust, key.data, key.len, err) < 0)
			return err->code;
	}
	return 0;
}

static void handle_keys(struct exchange *exchange, const struct store_result *result)
{
	const json_t *metadata = json_object_get(exchange->body, "metadata");
	const char *signature =
		exchange_member(exchange, "signature", json_get_text(metadata, "signature", ""));
	CLEANUP(release) struct release release = { 0 };
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	if (read_keys(&result->steps[0], &trust, &err) < 0 ||
	    verify(exchange, &trust, signature, &release, &err) < 0)
		refuse(exchange, &err);
	else
		keep(exchange, &release, signature);
}

void push_artifact(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(keys_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_keys);
}
