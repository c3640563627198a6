#include "identity/grant.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/test.h"
#include "identity/key.h"
#include "identity/statement.h"

#define NOW_S 1800000000

struct scene {
	EVP_PKEY *ana, *bob;
	struct approvers list;
	struct grant grant;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	approvers_finish(&scene->list);
	grant_finish(&scene->grant);
	EVP_PKEY_free(scene->ana);
	EVP_PKEY_free(scene->bob);
}

static void scene_make(struct scene *scene)
{
	*scene = (struct scene) {
		.ana = key_make(KEY_ED25519),
		.bob = key_make(KEY_ED25519),
		.list = { .org = "acme", .sequence = 1 },
		.grant = { .org = "acme",
			   .grant = "g_1",
			   .approver = "ana",
			   .tool = "restart_service",
			   .uses = 2,
			   .expires_s = NOW_S + 3600 },
	};
	scene->grant.arguments = json_pack("{s:s, s:s}", "unit", "app-*.service", "n", "3");
	scene->grant.hosts = json_pack("[s, s]", "web-1", "web-2");
	CHECK_OK(approvers_add(&scene->list, "ana", scene->ana, &scene->err), scene->err);
}

static int check_args(struct scene *scene, const char *args)
{
	CLEANUP(json) json_t *json = json_loads(args, 0, NULL);
	struct grant_call call = { "acme", "web-1", "restart_service", json, NOW_S };

	return grant_check(&scene->grant, &call, &scene->err);
}

TEST(a_grant_is_read_as_it_was_signed)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(grant) struct grant read = { 0 };
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *again = NULL;

	scene_make(&scene);
	sealed = grant_sign(&scene.grant, scene.ana, &scene.err);
	CHECK_OK(grant_verify(sealed, &scene.list, &read, &scene.err), scene.err);
	again = grant_sign(&read, scene.ana, &scene.err);
	CHECK(json_equal(sealed, again));
}

TEST(a_grant_by_another_key_or_name_is_refused)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(grant) struct grant read = { 0 };
	CLEANUP(json) json_t *by_other = NULL;
	CLEANUP(json) json_t *by_nobody = NULL;

	scene_make(&scene);
	by_other = grant_sign(&scene.grant, scene.bob, &scene.err);
	CHECK_INT(grant_verify(by_other, &scene.list, &read, &scene.err), -EBADE);
	text_format(scene.grant.approver, sizeof(scene.grant.approver), "bob");
	by_nobody = grant_sign(&scene.grant, scene.bob, &scene.err);
	CHECK_INT(grant_verify(by_nobody, &scene.list, &read, &scene.err), -EACCES);
}

TEST(what_the_patterns_say_is_covered_and_nothing_else)
{
	static const struct {
		const char *args;
		bool is_covered;
	} rows[] = {
		{ "{\"unit\":\"app-1.service\",\"n\":3}", true },
		{ "{\"unit\":\"app-.service\"}", true },
		{ "{\"unit\":\"app-a.service.service\"}", true },
		{ "{\"unit\":\"app-1.service\",\"n\":4}", false },
		{ "{\"unit\":\"app-1.service\",\"force\":true}", false },
		{ "{\"unit\":\"app-1.service x\"}", false },
		{ "{\"unit\":\"app-1;x.service\"}", false },
		{ "{\"unit\":\"app-1/x.service\"}", false },
		{ "{\"unit\":\"app-...service\"}", false },
		{ "{\"unit\":\"db.service\"}", false },
		{ "{\"unit\":[\"app-1.service\"]}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(scene) struct scene scene;

		scene_make(&scene);
		CHECK_INT(check_args(&scene, rows[i].args), rows[i].is_covered ? 0 : -EACCES);
	}
}

TEST(another_host_tool_org_or_time_is_not_covered)
{
	static const struct {
		struct grant_call call;
		int code;
	} rows[] = {
		{ { "acme", "web-2", "restart_service", NULL, NOW_S + 3599 }, 0 },
		{ { "acme", "web-3", "restart_service", NULL, NOW_S }, -EACCES },
		{ { "other", "web-1", "restart_service", NULL, NOW_S }, -EACCES },
		{ { "acme", "web-1", "write_file", NULL, NOW_S }, -EACCES },
		{ { "acme", "web-1", "restart_service", NULL, NOW_S + 3600 }, -ETIME },
		{ { "acme", "web-1", "restart_service", NULL, NOW_S - GRANT_MAX_LIFE_S }, -EACCES },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(scene) struct scene scene;
		CLEANUP(json) json_t *none = json_object();
		struct grant_call call = rows[i].call;

		scene_make(&scene);
		call.args = none;
		CHECK_INT(grant_check(&scene.grant, &call, &scene.err), rows[i].code);
	}
}

TEST(a_grant_without_hosts_or_uses_is_none)
{
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	scene.grant.uses = 0;
	CHECK(!grant_sign(&scene.grant, scene.ana, &scene.err));
	scene.grant.uses = 1;
	(void)json_array_clear(scene.grant.hosts);
	CHECK(!grant_sign(&scene.grant, scene.ana, &scene.err));
	CHECK_INT(scene.err.code, -EINVAL);
}

TEST(a_revocation_needs_an_approver_and_is_no_grant)
{
	CLEANUP(scene) struct scene scene;
	struct revocation revocation = {
		.org = "acme", .grant = "g_1", .approver = "ana", .expires_s = NOW_S
	};
	struct revocation read;
	CLEANUP(grant) struct grant grant = { 0 };
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *forged = NULL;

	scene_make(&scene);
	sealed = revocation_sign(&revocation, scene.ana, &scene.err);
	forged = revocation_sign(&revocation, scene.bob, &scene.err);
	CHECK_OK(revocation_verify(sealed, &scene.list, &read, &scene.err), scene.err);
	CHECK_TEXT(read.grant, "g_1");
	CHECK_INT(revocation_verify(forged, &scene.list, &read, &scene.err), -EBADE);
	CHECK_INT(grant_parse(sealed, &grant, &scene.err), -EPROTOTYPE);
}
