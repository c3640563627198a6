/* One test for each reason to refuse an approval, on a clock of our own. */
#include "call/consent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/test.h"
#include "call/hash.h"
#include "identity/key.h"
#include "identity/statement.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define ARGS "{\"command\":\"reboot\"}"

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
	struct consent_call call;
	char sha256[HASH_TEXT_BYTES];
	struct approval approval; /* what the approver signs, as a test may have changed it */
	char approver[APPROVER_NAME_BYTES];
	struct error err;
};

static void open_consent(struct scene *scene, const char *boot_id)
{
	consent_close(scene->consent);
	scene->consent = consent_open(scene->directory, boot_id, &scene->err);
	if (!scene->consent)
		fail_msg("%s", scene->err.text);
}

static int pin(struct scene *scene, const char *org, const char *host, EVP_PKEY *root)
{
	char text[KEY_TEXT_BYTES];
	struct consent_pin pin = { org, host, key_text(root, text), "" };

	return consent_set_pin(scene->consent, &pin, &scene->err);
}

static int set_approvers(struct scene *scene, uint64_t sequence, bool author_may_approve)
{
	CLEANUP(approvers) struct approvers list = { .org = "acme", .sequence = sequence };
	CLEANUP(json) json_t *sealed = NULL;

	list.author_may_approve = author_may_approve;
	CHECK_OK(approvers_add(&list, "bob", scene->bob, &scene->err), scene->err);
	sealed = approvers_sign(&list, scene->root, &scene->err);
	CHECK(sealed);
	return consent_set_approvers(scene->consent, sealed, &scene->err);
}

/* A nonce for the call, and what bob would sign of it. */
static void ask(struct scene *scene)
{
	CLEANUP(json) json_t *request = consent_request(scene->consent, &scene->call, &scene->err);

	if (!request)
		fail_msg("%s", scene->err.text);
	scene->approval = (struct approval) { .approver = "bob", .lifetime_s = 600 };
	text_format(scene->approval.org, sizeof(scene->approval.org), "%s",
		    json_get_text(request, "org", ""));
	text_format(scene->approval.host, sizeof(scene->approval.host), "%s",
		    json_get_text(request, "host", ""));
	text_format(scene->approval.tool, sizeof(scene->approval.tool), "%s",
		    json_get_text(request, "tool", ""));
	text_format(scene->approval.args_sha256, sizeof(scene->approval.args_sha256), "%s",
		    json_get_text(request, "args_sha256", ""));
	text_format(scene->approval.call_id, sizeof(scene->approval.call_id), "%s",
		    json_get_text(request, "call_id", ""));
	text_format(scene->approval.nonce, sizeof(scene->approval.nonce), "%s",
		    json_get_text(request, "nonce", ""));
}

static void scene_make(struct scene *scene)
{
	later_s = 0;
	text_format(scene->directory, sizeof(scene->directory), "/tmp/consent.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	scene->root = key_make(KEY_ED25519);
	scene->ana = key_make(KEY_ED25519);
	scene->bob = key_make(KEY_ED25519);
	open_consent(scene, BOOT);
	CHECK_OK(pin(scene, "acme", "web-1", scene->root), scene->err);
	CHECK_OK(set_approvers(scene, 5, false), scene->err);
	scene->call = (struct consent_call) {
		.call_id = "c_1",
		.tool = "execute_shell_command",
		.args_sha256 = hash_text(ARGS, strlen(ARGS), scene->sha256),
		.on_behalf = "acme/ana",
	};
	ask(scene);
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
	EVP_PKEY_free(scene->root);
	EVP_PKEY_free(scene->ana);
	EVP_PKEY_free(scene->bob);
}

static int take_by(struct scene *scene, EVP_PKEY *key)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *sealed = approval_sign(&scene->approval, key, &err);
	int r;

	if (!sealed)
		fail_msg("%s", err.text);
	scene->err = err;
	r = consent_take(scene->consent, sealed, &scene->call, scene->approver, &scene->err);
	CHECK_INT(r, scene->err.code);
	return r;
}

static int take(struct scene *scene)
{
	return take_by(scene, scene->bob);
}

static void check_refused(struct scene *scene, int code, const char *words)
{
	CHECK_INT(take(scene), code);
	if (!strstr(scene->err.text, words))
		fail_msg("'%s' does not say '%s'", scene->err.text, words);
}

TEST(an_approval_of_exactly_this_call_is_taken_and_names_its_approver)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(take(&scene), scene.err);
	CHECK_TEXT(scene.approver, "bob");
}

TEST(for_another_host_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	text_format(scene.approval.host, sizeof(scene.approval.host), "web-2");
	check_refused(&scene, -EACCES, "host");
}

TEST(of_another_org_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	text_format(scene.approval.org, sizeof(scene.approval.org), "other");
	check_refused(&scene, -EACCES, "org");
}

TEST(for_another_tool_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	text_format(scene.approval.tool, sizeof(scene.approval.tool), "write_file");
	check_refused(&scene, -EACCES, "tool");
}

TEST(for_arguments_that_differ_in_one_byte_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.call.args_sha256 = hash_text("{\"command\":\"reboou\"}", strlen(ARGS), scene.sha256);
	check_refused(&scene, -EACCES, "args_sha256");
}

TEST(for_another_call_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.call.call_id = "c_2";
	check_refused(&scene, -EACCES, "call_id");
	/* The nonce itself tells, too. */
	text_format(scene.approval.call_id, sizeof(scene.approval.call_id), "c_2");
	check_refused(&scene, -EACCES, "nonce");
}

TEST(too_late_in_boot_time_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	later_s = 601;
	check_refused(&scene, -ETIME, "expired");
	later_s = 598;
	CHECK_OK(take(&scene), scene.err);
}

TEST(a_second_time_it_is_refused_and_after_a_restart_too)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(take(&scene), scene.err);
	check_refused(&scene, -EACCES, "used before");
	open_consent(&scene, BOOT);
	check_refused(&scene, -EACCES, "used before");
}

TEST(after_a_restart_of_the_warden_alone_a_nonce_is_still_good)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	open_consent(&scene, BOOT);
	CHECK_OK(take(&scene), scene.err);
}

TEST(after_another_boot_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	open_consent(&scene, "99999999-2222-3333-4444-555555555555");
	check_refused(&scene, -EACCES, "nonce");
}

TEST(with_a_nonce_that_nobody_gave_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.approval.nonce[31] = scene.approval.nonce[31] == '0' ? '1' : '0';
	check_refused(&scene, -EACCES, "nonce");
}

TEST(by_somebody_not_on_the_list_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	text_format(scene.approval.approver, sizeof(scene.approval.approver), "mallory");
	CHECK_INT(take_by(&scene, scene.ana), -EACCES);
}

TEST(in_bobs_name_by_another_key_it_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_INT(take_by(&scene, scene.ana), -EBADE);
}

TEST(an_author_does_not_approve_himself_unless_the_root_says_so)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.call.on_behalf = "acme/bob";
	check_refused(&scene, -EACCES, "another must approve");
	scene.call.on_behalf = "acme/Bob";
	check_refused(&scene, -EACCES, "another must approve");
	CHECK_OK(set_approvers(&scene, 6, true), scene.err);
	CHECK_OK(take(&scene), scene.err);
}

TEST(a_list_that_is_not_newer_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_INT(set_approvers(&scene, 4, false), -ESTALE);
	CHECK_INT(set_approvers(&scene, 5, true), -ESTALE);
	open_consent(&scene, BOOT);
	CHECK_INT(set_approvers(&scene, 5, true), -ESTALE);
	CHECK_OK(set_approvers(&scene, 5, false), scene.err); /* the one in force */
	CHECK_OK(set_approvers(&scene, 6, true), scene.err);
	CHECK_INT(set_approvers(&scene, 5, false), -ESTALE);
}

TEST(a_list_by_another_root_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };
	EVP_PKEY *root;

	scene_make(&scene);
	root = scene.root;
	scene.root = scene.ana;
	CHECK_INT(set_approvers(&scene, 9, true), -EBADE);
	scene.root = root;
}

TEST(a_signature_of_another_domain_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *statement = NULL;

	scene_make(&scene);
	sealed = approval_sign(&scene.approval, scene.bob, &scene.err);
	statement = statement_peek(sealed, "constable.approval.v1", &scene.err);
	CHECK(statement);
	json_put(statement, "domain", json_string("constable.anchor.v1"));
	json_decref(sealed);
	sealed = statement_seal(statement, scene.bob);
	CHECK_INT(consent_take(scene.consent, sealed, &scene.call, scene.approver, &scene.err),
		  -EPROTOTYPE);
}

TEST(what_is_no_statement_is_refused)
{
	static const char *const texts[] = { "{}", "{\"statement\":1,\"signature\":\"\"}",
					     "{\"statement\":\"{}\",\"signature\":\"AAAA\"}" };
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(json) json_t *sealed = json_loads(texts[i], 0, NULL);

		CHECK(consent_take(scene.consent, sealed, &scene.call, scene.approver, &scene.err) <
		      0);
	}
}

TEST(a_root_is_pinned_once)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(pin(&scene, "acme", "web-1", scene.root), scene.err);
	CHECK_INT(pin(&scene, "acme", "web-1", scene.ana), -EEXIST);
	CHECK_INT(pin(&scene, "other", "web-1", scene.root), -EEXIST);
	CHECK_INT(pin(&scene, "ac/me", "web-1", scene.root), -EINVAL);
}

TEST(a_pin_is_replaced_on_purpose_only_and_with_it_the_list)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char text[KEY_TEXT_BYTES];
	struct consent_pin other = { "acme", "web-1", NULL, "" };

	scene_make(&scene);
	other.root = key_text(scene.ana, text);
	CHECK_OK(consent_replace_pin(scene.consent, &other, &scene.err), scene.err);
	check_refused(&scene, -ENOKEY, "no list of approvers");
	CHECK_INT(set_approvers(&scene, 9, false), -EBADE);
}

TEST(without_a_pinned_root_nobody_approves)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char path[128];

	scene_make(&scene);
	text_format(path, sizeof(path), "%s/approval/pin.json", scene.directory);
	CHECK_INT(unlink(path), 0);
	check_refused(&scene, -ENOKEY, "pinned");
	CHECK(!consent_request(scene.consent, &scene.call, &scene.err));
}
