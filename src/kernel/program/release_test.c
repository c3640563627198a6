#include "kernel/program/release.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/test.h"
#include "call/hash.h"
#include "identity/key.h"

#define ARTIFACT "the bytes of an archive"
#define NOW UINT64_C(1800000000) * NS_PER_SEC /* 2027-01-15 */

/* One release, its signature, and a host that trusts the key. */
struct scene {
	EVP_PKEY *key;
	struct trust trust;
	struct release_place place;
	json_t *document;
	char *text;
	struct buf signature;
	struct release release;
	struct error err;
};

static void sign(struct scene *scene)
{
	free(scene->text);
	buf_finish(&scene->signature);
	buf_init(&scene->signature, PROGRAM_SIGNATURE_MAX_BYTES);
	scene->text = json_canonical(scene->document);
	trust_sign(scene->key, scene->text, strlen(scene->text), &scene->signature);
}

static void begin(struct scene *scene, enum key_kind kind)
{
	char text[KEY_TEXT_BYTES], sha256[HASH_TEXT_BYTES], id[PROGRAM_KEY_ID_BYTES];
	struct error err = { 0 };

	*scene = (struct scene) {
		.key = key_make(kind),
		.place = { .host = "web-1", .agent_version = "0.1.0", .now_ns = NOW },
	};
	(void)key_text(scene->key, text);
	CHECK_OK(trust_add(&scene->trust, text, strlen(text), &err), err);
	scene->document = json_pack(
		"{s:i, s:s, s:s, s:i, s:s, s:i, s:s, s:s, s:s}", "schema", 1, "name", "drop",
		"version", "1.0", "seq", 5, "sha256", hash_text(ARTIFACT, strlen(ARTIFACT), sha256),
		"size", (int)strlen(ARTIFACT), "key_id", trust_key_id(scene->key, id), "not_before",
		"2027-01-01T00:00:00Z", "not_after", "2027-02-01T00:00:00Z");
	sign(scene);
}

static void scene_cleanup(struct scene *scene)
{
	EVP_PKEY_free(scene->key);
	trust_finish(&scene->trust);
	json_decref(scene->document);
	free(scene->text);
	buf_finish(&scene->signature);
	release_finish(&scene->release);
}

static int verify(struct scene *scene)
{
	release_finish(&scene->release);
	scene->err = (struct error) { 0 };
	return release_verify(&scene->trust, &scene->place,
			      (struct str) { scene->text, strlen(scene->text) },
			      (struct str) { buf_text(&scene->signature), scene->signature.len },
			      &scene->release, &scene->err);
}

static void check_refused(struct scene *scene, int code, const char *reason)
{
	CHECK_INT(verify(scene), code);
	if (!strstr(scene->err.text, reason))
		FAIL("'%s' does not name '%s'", scene->err.text, reason);
}

TEST(a_release_signed_by_a_trusted_key_of_either_kind_is_taken)
{
	for (enum key_kind kind = KEY_EC_P256; kind <= KEY_ED25519; kind++) {
		CLEANUP(scene) struct scene scene;

		begin(&scene, kind);
		CHECK_OK(verify(&scene), scene.err);
		CHECK_TEXT(scene.release.name, "drop");
		CHECK_INT(scene.release.seq, 5);
		CHECK_INT(release_check_artifact(&scene.release, ARTIFACT, strlen(ARTIFACT),
						 &scene.err),
			  0);
	}
}

TEST(a_signature_may_be_base64_and_as_vault_writes_it)
{
	static const char *const before[] = { "", "vault:v1:" };

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		CLEANUP(scene) struct scene scene;
		CLEANUP(text) char *text = NULL;

		begin(&scene, KEY_EC_P256);
		text = base64_text(scene.signature.data, scene.signature.len);
		buf_clear(&scene.signature);
		buf_add_format(&scene.signature, "%s%s\n", before[i], text);
		CHECK_OK(verify(&scene), scene.err);
	}
}

TEST(changed_bytes_or_another_key_are_refused_before_anything_is_parsed)
{
	CLEANUP(scene) struct scene scene, other;

	begin(&scene, KEY_ED25519);
	begin(&other, KEY_ED25519);
	for (size_t i = 0; i < strlen(scene.text); i++) {
		scene.text[i] ^= 1;
		check_refused(&scene, -EBADE, "signed by no key");
		scene.text[i] ^= 1;
	}
	scene.signature.data[0] ^= 1;
	check_refused(&scene, -EBADE, "signed by no key");
	check_refused((other.trust.keys[0].id[0] ^= 1, &other), -EBADE, "names the key");
	trust_finish(&other.trust);
	check_refused(&other, -EBADE, "no key is trusted");
}

TEST(both_keys_sign_while_one_takes_the_place_of_the_other)
{
	CLEANUP(scene) struct scene old, new;
	char text[KEY_TEXT_BYTES];

	begin(&old, KEY_EC_P256);
	begin(&new, KEY_ED25519);
	(void)key_text(old.key, text);
	CHECK_OK(trust_add(&new.trust, text, strlen(text), &new.err), new.err);
	CHECK_INT(new.trust.n_keys, 2);
	trust_finish(&old.trust);
	old.trust = new.trust;
	CHECK_OK(verify(&old), old.err);
	CHECK_OK(verify(&new), new.err);
	old.trust = (struct trust) { 0 };
}

TEST(what_was_revoked_is_refused)
{
	CLEANUP(scene) struct scene scene;

	begin(&scene, KEY_ED25519);
	scene.trust.revoked = json_pack("{s:[s]}", "keys", scene.trust.keys[0].id);
	check_refused(&scene, -EKEYREVOKED, "was revoked");
	json_decref(scene.trust.revoked);
	scene.trust.revoked =
		json_pack("{s:[O]}", "artifacts", json_object_get(scene.document, "sha256"));
	check_refused(&scene, -EKEYREVOKED, "was revoked");
}

TEST(a_release_is_for_a_time_a_host_and_a_version)
{
	CLEANUP(scene) struct scene scene;

	begin(&scene, KEY_ED25519);
	scene.place.now_ns += 30 * 86400 * NS_PER_SEC;
	check_refused(&scene, -EKEYEXPIRED, "expired at 2027-02-01");
	scene.place.now_ns = NOW - 30 * 86400 * NS_PER_SEC;
	check_refused(&scene, -EKEYEXPIRED, "not valid before 2027-01-01");
	scene.place.now_ns = NOW;
	json_put(scene.document, "hosts", json_pack("[s, s]", "db-*", "web-2"));
	sign(&scene);
	check_refused(&scene, -EXDEV, "for other hosts than 'web-1'");
	scene.place.host = "db-7";
	CHECK_OK(verify(&scene), scene.err);
	json_put(scene.document, "min_agent", json_string("0.10.0"));
	sign(&scene);
	check_refused(&scene, -EPROTO, "needs Constable 0.10.0");
	scene.place.agent_version = "0.10";
	CHECK_OK(verify(&scene), scene.err);
}

TEST(an_older_release_is_a_downgrade_and_the_same_one_is_not)
{
	CLEANUP(scene) struct scene scene;

	begin(&scene, KEY_ED25519);
	CHECK_OK(verify(&scene), scene.err);
	CHECK_INT(release_check_seq(&scene.release, 5, &scene.err), 0);
	CHECK_INT(release_check_seq(&scene.release, 6, &scene.err), -ESTALE);
	CHECK(strstr(scene.err.text, "downgrade"));
}

TEST(another_archive_than_the_signed_one_is_refused)
{
	CLEANUP(scene) struct scene scene;

	begin(&scene, KEY_ED25519);
	CHECK_OK(verify(&scene), scene.err);
	CHECK_INT(
		release_check_artifact(&scene.release, ARTIFACT, strlen(ARTIFACT) - 1, &scene.err),
		-EBADE);
	CHECK(strstr(scene.err.text, "truncated"));
	CHECK_INT(release_check_artifact(&scene.release, "THE bytes of an archive",
					 strlen(ARTIFACT), &scene.err),
		  -EBADE);
}

TEST(what_is_signed_and_no_release_is_refused_by_its_place)
{
	static const struct {
		const char *member, *value, *reason;
	} wrong[] = {
		{ "name", "\"../x\"", "/name" },
		{ "version", "\"a b\"", "/version" },
		{ "seq", "0", "/seq" },
		{ "sha256", "\"zz\"", "/sha256" },
		{ "size", "4194305", "/size" },
		{ "not_after", "\"2026-01-01T00:00:00Z\"", "/not_after" },
		{ "schema", "2", "/schema" },
		{ "not_before", "\"yesterday, at noon..\"", "/not_before" },
		{ "more", "1", "more" },
		{ "hosts", "[]", "/hosts" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(scene) struct scene scene;

		begin(&scene, KEY_ED25519);
		json_put(scene.document, wrong[i].member,
			 json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		sign(&scene);
		check_refused(&scene, -EINVAL, wrong[i].reason);
	}
}

TEST(a_key_of_another_kind_signs_no_programs)
{
	CLEANUP(key) EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };
	char text[KEY_TEXT_BYTES];

	(void)key_text(rsa, text);
	CHECK_INT(trust_add(&trust, text, strlen(text), &err), -EKEYREJECTED);
	CHECK(trust_add(&trust, "garbage", 7, &err) < 0);
	CHECK(trust_add(&trust, "-----BEGIN PUBLIC KEY-----\nMA==", 31, &err) < 0);
	CHECK_INT(trust.n_keys, 0);
}
