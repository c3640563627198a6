#include "identity/approval.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/test.h"
#include "identity/key.h"
#include "identity/statement.h"

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER_SHA "0000000000000000000000000000000000000000000000000000000000000000"

static const struct approval good = {
	.org = "acme",
	.host = "vm-web-1-12345",
	.tool = "write_file",
	.args_sha256 = SHA,
	.call_id = "c_0123456789",
	.nonce = "00112233445566778899aabbccddeeff",
	.approver = "ana@example.org",
	.lifetime_s = 600,
};

struct scene {
	EVP_PKEY *ana, *bob;
	struct approvers list;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	approvers_finish(&scene->list);
	EVP_PKEY_free(scene->ana);
	EVP_PKEY_free(scene->bob);
}

static void scene_make(struct scene *scene)
{
	struct error err = { 0 };

	*scene = (struct scene) {
		.ana = key_make(KEY_ED25519),
		.bob = key_make(KEY_ED25519),
		.list = { .org = "acme", .sequence = 1 },
	};
	CHECK_OK(approvers_add(&scene->list, "ana@example.org", scene->ana, &err), err);
	CHECK_OK(approvers_add(&scene->list, "bob", scene->bob, &err), err);
}

static int verify(struct scene *scene, const json_t *sealed)
{
	struct approval read = { 0 };
	int r;

	scene->err = (struct error) { 0 };
	r = approval_verify(sealed, &scene->list, &read, &scene->err);
	CHECK_INT(read.lifetime_s, r == 0 ? 600 : 0);
	return r;
}

TEST(an_approval_by_an_approver_is_read_as_it_was_signed)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;
	struct approval read;

	scene_make(&scene);
	sealed = approval_sign(&good, scene.ana, &scene.err);
	CHECK(sealed);
	CHECK_TEXT(json_get_text(sealed, "statement", ""),
		   "{\"approver\":\"ana@example.org\",\"args_sha256\":\"" SHA
		   "\",\"call_id\":\"c_0123456789\",\"domain\":\"constable.approval.v1\","
		   "\"host\":\"vm-web-1-12345\",\"lifetime_s\":600,"
		   "\"nonce\":\"00112233445566778899aabbccddeeff\",\"org\":\"acme\","
		   "\"tool\":\"write_file\"}");
	CHECK_OK(approval_verify(sealed, &scene.list, &read, &scene.err), scene.err);
	CHECK_OK(approval_check(&read, &good, 599 * NS_PER_SEC, &scene.err), scene.err);
	CHECK_TEXT(read.approver, "ana@example.org");
}

TEST(nobody_signs_in_anothers_name)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;

	scene_make(&scene);
	sealed = approval_sign(&good, scene.bob, &scene.err);
	CHECK_INT(verify(&scene, sealed), -EBADE);
}

TEST(who_is_not_in_the_list_does_not_approve)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *stranger = NULL;
	CLEANUP(json) json_t *other_org = NULL;
	struct approval approval = good;

	scene_make(&scene);
	text_format(approval.approver, sizeof(approval.approver), "eve");
	stranger = approval_sign(&approval, scene.ana, &scene.err);
	CHECK_INT(verify(&scene, stranger), -EACCES);
	approval = good;
	text_format(approval.org, sizeof(approval.org), "acme2");
	other_org = approval_sign(&approval, scene.ana, &scene.err);
	CHECK_INT(verify(&scene, other_org), -EACCES);
}

TEST(an_approval_is_for_exactly_one_call)
{
	struct approval wanted[] = { good, good, good, good, good, good };
	struct error err = { 0 };

	text_format(wanted[0].org, sizeof(wanted[0].org), "acme2");
	text_format(wanted[1].host, sizeof(wanted[1].host), "vm-web-1-1234");
	text_format(wanted[2].tool, sizeof(wanted[2].tool), "write_files");
	text_format(wanted[3].args_sha256, sizeof(wanted[3].args_sha256), OTHER_SHA);
	text_format(wanted[4].call_id, sizeof(wanted[4].call_id), "c_012345678");
	text_format(wanted[5].nonce, sizeof(wanted[5].nonce), "%.32s", OTHER_SHA);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		CHECK_INT(approval_check(&good, &wanted[i], 0, &err), -EACCES);
	text_format(wanted[0].org, sizeof(wanted[0].org), "acme");
	text_format(wanted[0].approver, sizeof(wanted[0].approver), "whoever");
	CHECK_OK(approval_check(&good, &wanted[0], 0, &err), err);
}

TEST(an_approval_ends_with_its_lifetime)
{
	struct error err = { 0 };

	CHECK_INT(approval_check(&good, &good, 600 * NS_PER_SEC, &err), -ETIME);
	CHECK_INT(approval_check(&good, &good, UINT64_MAX, &err), -ETIME);
	CHECK_INT(approval_check(&good, &good, 600 * NS_PER_SEC - 1, &err), 0);
}

TEST(what_cannot_be_approved_is_not_signed)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(key) EVP_PKEY *curve = key_make(KEY_EC_P256);
	struct approval bad[] = { good, good, good, good, good, good };

	scene_make(&scene);
	bad[0].lifetime_s = 0;
	bad[1].lifetime_s = APPROVAL_MAX_LIFETIME_S + 1;
	bad[2].tool[0] = '\0';
	bad[3].args_sha256[0] = 'A';
	bad[4].nonce[31] = '\0';
	bad[5].approver[3] = ' ';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!approval_sign(&bad[i], scene.ana, &scene.err));
	CHECK(!approval_sign(&good, curve, &scene.err));
	CHECK_INT(scene.err.code, -EINVAL);
}

TEST(members_that_are_missing_mistyped_or_too_many_are_refused)
{
	static const char *const members[] = { "org",     "host",  "tool",     "args_sha256",
					       "call_id", "nonce", "approver", "lifetime_s" };
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *statement = NULL;

	scene_make(&scene);
	sealed = approval_sign(&good, scene.ana, &scene.err);
	statement = statement_peek(sealed, "constable.approval.v1", &scene.err);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		CLEANUP(json) json_t *missing = json_deep_copy(statement);
		CLEANUP(json) json_t *mistyped = json_deep_copy(statement);
		CLEANUP(json) json_t *of_missing = NULL;
		CLEANUP(json) json_t *of_mistyped = NULL;

		CHECK_INT(json_object_del(missing, members[i]), 0);
		json_put(mistyped, members[i], json_true());
		of_missing = statement_seal(missing, scene.ana);
		of_mistyped = statement_seal(mistyped, scene.ana);
		CHECK_INT(verify(&scene, of_missing), -EBADMSG);
		CHECK_INT(verify(&scene, of_mistyped), -EBADMSG);
	}
	{
		CLEANUP(json) json_t *more = json_deep_copy(statement);
		CLEANUP(json) json_t *of_more = NULL;

		json_put(more, "also", json_string("rm"));
		of_more = statement_seal(more, scene.ana);
		CHECK_INT(verify(&scene, of_more), -EBADMSG);
	}
}

TEST(what_was_signed_for_something_else_approves_nothing)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *statement = NULL;
	CLEANUP(json) json_t *other = NULL;

	scene_make(&scene);
	sealed = approval_sign(&good, scene.ana, &scene.err);
	statement = statement_peek(sealed, "constable.approval.v1", &scene.err);
	json_put(statement, "domain", json_string("constable.anchor.v1"));
	other = statement_seal(statement, scene.ana);
	CHECK_INT(verify(&scene, other), -EPROTOTYPE);
}
