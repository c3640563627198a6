#include "identity/approvers.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/test.h"
#include "identity/key.h"
#include "identity/statement.h"

struct scene {
	EVP_PKEY *root, *ana, *bob;
	struct approvers list;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	approvers_finish(&scene->list);
	EVP_PKEY_free(scene->root);
	EVP_PKEY_free(scene->ana);
	EVP_PKEY_free(scene->bob);
}

static void scene_make(struct scene *scene)
{
	struct error err = { 0 };

	*scene = (struct scene) {
		.root = key_make(KEY_ED25519),
		.ana = key_make(KEY_ED25519),
		.bob = key_make(KEY_ED25519),
		.list = { .org = "acme", .sequence = 7 },
	};
	CHECK_OK(approvers_add(&scene->list, "ana@example.org", scene->ana, &err), err);
	CHECK_OK(approvers_add(&scene->list, "bob", scene->bob, &err), err);
}

static int verify(struct scene *scene, const json_t *sealed, struct approvers_rule rule)
{
	CLEANUP(approvers) struct approvers read = { 0 };
	int r;

	scene->err = (struct error) { 0 };
	r = approvers_verify(sealed, &rule, &read, &scene->err);
	CHECK_INT(read.n, r == 0 ? scene->list.n : 0);
	return r;
}

TEST(a_list_signed_by_the_root_is_read_as_it_was)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(approvers) struct approvers read = { 0 };
	struct approvers_rule rule = { .org = "acme", .least_sequence = 7 };

	scene_make(&scene);
	rule.root = scene.root;
	sealed = approvers_sign(&scene.list, scene.root, &scene.err);
	CHECK_OK(approvers_verify(sealed, &rule, &read, &scene.err), scene.err);
	CHECK_TEXT(read.org, "acme");
	CHECK_INT(read.sequence, 7);
	CHECK_INT(read.n, 2);
	CHECK(key_equal(approvers_find(&read, "ana@example.org"), scene.ana));
	CHECK(key_equal(approvers_find(&read, "bob"), scene.bob));
	CHECK(!approvers_find(&read, "bo") && !approvers_find(&read, ""));
}

TEST(an_older_list_never_comes_back)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;

	scene_make(&scene);
	sealed = approvers_sign(&scene.list, scene.root, &scene.err);
	CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.root, 8 }),
		  -ESTALE);
	CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.root, 0 }), 0);
}

TEST(a_list_of_another_org_or_by_another_key_is_refused)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;

	scene_make(&scene);
	sealed = approvers_sign(&scene.list, scene.root, &scene.err);
	CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme2", scene.root, 0 }),
		  -EACCES);
	CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.ana, 0 }), -EBADE);
}

TEST(a_list_with_a_bad_approver_is_refused_whole)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(key) EVP_PKEY *curve = key_make(KEY_EC_P256);
	char good[KEY_TEXT_BYTES], bad[KEY_TEXT_BYTES];
	const char *const rows[][2] = {
		{ "", good },   { "a b", good }, { "a\n", good },      { "bob", good },
		{ "eve", bad }, { "eve", "" },   { "\xc3\xa4", good },
	};

	scene_make(&scene);
	key_text(scene.bob, good);
	key_text(curve, bad);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json)
		json_t *statement = json_pack("{s:s, s:s, s:i, s:[{s:s, s:s}, {s:s, s:s}]}",
					      "domain", "constable.approvers.v1", "org", "acme",
					      "sequence", 1, "approvers", "name", "bob", "key",
					      good, "name", rows[i][0], "key", rows[i][1]);
		CLEANUP(json) json_t *sealed = statement_seal(statement, scene.root);

		CHECK(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.root, 0 }) <
		      0);
	}
}

TEST(an_approver_with_members_that_nobody_knows_is_refused)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *statement = NULL;
	CLEANUP(json) json_t *sealed = NULL;
	char key[KEY_TEXT_BYTES];

	scene_make(&scene);
	statement = json_pack("{s:s, s:s, s:i, s:[{s:s, s:s, s:b}]}", "domain",
			      "constable.approvers.v1", "org", "acme", "sequence", 1, "approvers",
			      "name", "bob", "key", key_text(scene.bob, key), "suspended", 1);
	sealed = statement_seal(statement, scene.root);
	CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.root, 0 }),
		  -EBADMSG);
}

TEST(members_that_are_missing_mistyped_or_too_many_are_refused)
{
	static const char *const texts[] = {
		"{\"domain\":\"constable.approvers.v1\",\"org\":\"acme\",\"sequence\":1}",
		"{\"approvers\":{},\"domain\":\"constable.approvers.v1\",\"org\":\"acme\","
		"\"sequence\":1}",
		"{\"approvers\":[],\"domain\":\"constable.approvers.v1\",\"org\":\"acme\","
		"\"sequence\":0}",
		"{\"approvers\":[],\"domain\":\"constable.approvers.v1\",\"org\":\"acme\","
		"\"sequence\":-1}",
		"{\"approvers\":[],\"domain\":\"constable.approvers.v1\",\"org\":\"a/"
		"b\",\"sequence\":1}",
		"{\"approvers\":[],\"domain\":\"constable.approvers.v1\",\"org\":\"acme\","
		"\"sequence\":1,\"x\":1}",
		"{\"approvers\":[1],\"domain\":\"constable.approvers.v1\",\"org\":\"acme\","
		"\"sequence\":1}",
	};
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(json) json_t *statement = json_loads(texts[i], 0, NULL);
		CLEANUP(json) json_t *sealed = statement_seal(statement, scene.root);

		CHECK_INT(verify(&scene, sealed, (struct approvers_rule) { "acme", scene.root, 0 }),
			  -EBADMSG);
	}
}

TEST(names_keys_and_numbers_are_checked_when_added)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(key) EVP_PKEY *curve = key_make(KEY_EC_P256);
	char name[APPROVER_NAME_BYTES + 1] = "";

	scene_make(&scene);
	CHECK_INT(approvers_add(&scene.list, "bob", scene.ana, &scene.err), -EEXIST);
	CHECK_INT(approvers_add(&scene.list, "eve", curve, &scene.err), -EINVAL);
	memset(name, 'a', APPROVER_NAME_BYTES);
	CHECK_INT(approvers_add(&scene.list, name, scene.ana, &scene.err), -EINVAL);
	for (unsigned i = 2; i < APPROVERS_MAX; i++) {
		text_format(name, sizeof(name), "person-%u", i);
		CHECK_OK(approvers_add(&scene.list, name, scene.ana, &scene.err), scene.err);
	}
	CHECK_INT(approvers_add(&scene.list, "more", scene.ana, &scene.err), -ENOSPC);
	{
		CLEANUP(json) json_t *full = approvers_sign(&scene.list, scene.root, &scene.err);

		CHECK_INT(verify(&scene, full, (struct approvers_rule) { "acme", scene.root, 0 }),
			  0);
	}
	scene.list.sequence = 0;
	CHECK(!approvers_sign(&scene.list, scene.root, &scene.err));
}
