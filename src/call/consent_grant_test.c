/* Standing grants on a host: what each needs, and how often it is good. */
#include "call/consent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/test.h"
#include "call/consent_internal.h"
#include "identity/grant.h"
#include "identity/key.h"

static time_t later_s; /* what the clock shows beyond the host's */

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long r = syscall(SYS_clock_gettime, clock, now);

	now->tv_sec += later_s;
	return (int)r;
}

struct scene {
	char directory[64];
	struct consent *consent;
	EVP_PKEY *root, *ana, *bob;
	struct grant grant;
	struct consent_call call;
	struct consent_grant used;
	struct error err;
};

static void open_consent(struct scene *scene)
{
	consent_close(scene->consent);
	scene->consent = consent_open(scene->directory, "boot", &scene->err);
	CHECK(scene->consent);
}

static void set_approvers(struct scene *scene, uint64_t sequence, EVP_PKEY *bob)
{
	CLEANUP(approvers) struct approvers list = { .org = "acme", .sequence = sequence };
	CLEANUP(json) json_t *sealed = NULL;

	CHECK_OK(approvers_add(&list, "bob", bob, &scene->err), scene->err);
	sealed = approvers_sign(&list, scene->root, &scene->err);
	CHECK_OK(consent_set_approvers(scene->consent, sealed, &scene->err), scene->err);
}

static void scene_make(struct scene *scene)
{
	char text[KEY_TEXT_BYTES];
	struct consent_pin pin = { "acme", "web-1", NULL, "" };

	later_s = 0;
	text_format(scene->directory, sizeof(scene->directory), "/tmp/grants.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	scene->root = key_make(KEY_ED25519);
	scene->ana = key_make(KEY_ED25519);
	scene->bob = key_make(KEY_ED25519);
	open_consent(scene);
	pin.root = key_text(scene->root, text);
	CHECK_OK(consent_set_pin(scene->consent, &pin, &scene->err), scene->err);
	set_approvers(scene, 1, scene->bob);
	scene->grant = (struct grant) { .org = "acme",
					.grant = "g_1",
					.approver = "bob",
					.tool = "write_file",
					.uses = 2,
					.expires_s = clock_wall_ns() / NS_PER_SEC + 3600 };
	scene->grant.arguments = json_pack("{s:s}", "path", "/srv/*");
	scene->grant.hosts = json_pack("[s]", "web-1");
	scene->call = (struct consent_call) {
		.call_id = "c_1", .tool = "write_file", .args_sha256 = "", .on_behalf = "key_1/ana"
	};
}

static void scene_cleanup(struct scene *scene)
{
	char path[128];
	DIR *directory;
	const struct dirent *entry;

	later_s = 0;
	text_format(path, sizeof(path), "%s/approval", scene->directory);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(path);
	(void)rmdir(scene->directory);
	consent_close(scene->consent);
	grant_finish(&scene->grant);
	EVP_PKEY_free(scene->root);
	EVP_PKEY_free(scene->ana);
	EVP_PKEY_free(scene->bob);
}

static int use_by(struct scene *scene, EVP_PKEY *key)
{
	CLEANUP(json) json_t *sealed = grant_sign(&scene->grant, key, &scene->err);
	CLEANUP(json) json_t *args = json_pack("{s:s}", "path", "/srv/file");

	CHECK(sealed);
	return consent_use_grant(scene->consent, sealed, &scene->call, args, &scene->used,
				 &scene->err);
}

static int revoke_by(struct scene *scene, EVP_PKEY *key)
{
	struct revocation revocation = { .org = "acme",
					 .grant = "g_1",
					 .approver = "bob",
					 .expires_s = scene->grant.expires_s };
	CLEANUP(json) json_t *sealed = revocation_sign(&revocation, key, &scene->err);

	CHECK(sealed);
	return consent_revoke(scene->consent, sealed, &scene->err);
}

TEST(a_grant_is_good_as_often_as_it_says_also_across_a_restart)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(use_by(&scene, scene.bob), scene.err);
	CHECK_INT(scene.used.n_used, 1);
	open_consent(&scene);
	CHECK_OK(use_by(&scene, scene.bob), scene.err);
	CHECK_INT(scene.used.n_used, 2);
	CHECK_TEXT(scene.used.approver, "bob");
	CHECK_INT(use_by(&scene, scene.bob), -EDQUOT);
	open_consent(&scene);
	CHECK_INT(use_by(&scene, scene.bob), -EDQUOT);
}

TEST(a_grant_of_somebody_else_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_INT(use_by(&scene, scene.ana), -EBADE);
	text_format(scene.grant.approver, sizeof(scene.grant.approver), "ana");
	CHECK_INT(use_by(&scene, scene.ana), -EACCES);
}

TEST(a_grant_of_a_removed_approver_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	set_approvers(&scene, 2, scene.ana); /* who is called bob now has another key */
	CHECK_INT(use_by(&scene, scene.bob), -EBADE);
}

TEST(who_granted_it_cannot_use_it)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.call.on_behalf = "key_2/Bob";
	CHECK_INT(use_by(&scene, scene.bob), -EACCES);
}

TEST(an_expired_grant_is_refused_and_forgotten)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(use_by(&scene, scene.bob), scene.err);
	later_s = 3600;
	CHECK_INT(use_by(&scene, scene.bob), -ETIME);
}

TEST(a_revoked_grant_stays_revoked)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(use_by(&scene, scene.bob), scene.err);
	CHECK_INT(revoke_by(&scene, scene.ana), -EBADE);
	CHECK_OK(revoke_by(&scene, scene.bob), scene.err);
	CHECK_OK(revoke_by(&scene, scene.bob), scene.err); /* said twice is said once */
	CHECK_INT(use_by(&scene, scene.bob), -EACCES);
	open_consent(&scene);
	CHECK_INT(use_by(&scene, scene.bob), -EACCES);
}

TEST(a_grant_that_was_revoked_before_it_came_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(revoke_by(&scene, scene.bob), scene.err);
	CHECK_INT(use_by(&scene, scene.bob), -EACCES);
}

TEST(what_an_access_token_asked_for_nobody_approves_unless_authors_may)
{
	struct approvers approvers = { .author_may_approve = false };
	struct error err = { 0 };

	CHECK_INT(consent_check_author("ana", &approvers, "key_1/bob", &err), 0);
	CHECK_INT(consent_check_author("ana", &approvers, "oauth_1/8f3c", &err), -EACCES);
	CHECK_INT(consent_check_author("ana", &approvers, "person_1/Ana", &err), -EACCES);
	CHECK_INT(consent_check_author("ana", &approvers, "person_1/bob", &err), 0);
	approvers.author_may_approve = true;
	CHECK_INT(consent_check_author("ana", &approvers, "oauth_1/8f3c", &err), 0);
}
