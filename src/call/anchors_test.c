#include "call/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/fd.h"
#include "base/test.h"
#include "call/audit.h"
#include "call/consent.h"
#include "identity/key.h"

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct caller ana = { .uid = 4711, .who = "uid 4711 (ana)" };

struct scene {
	char directory[64];
	struct audit *audit;
	EVP_PKEY *server, *other;
	struct error err;
};

static void scene_make(struct scene *scene)
{
	text_format(scene->directory, sizeof(scene->directory), "/tmp/anchors.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	scene->server = key_make(KEY_ED25519);
	scene->other = key_make(KEY_ED25519);
	scene->audit = audit_open(scene->directory, &scene->err);
	CHECK(scene->audit);
}

static void remove_all(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* no folder */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(path);
}

static const char *path_of(const struct scene *scene, const char *name)
{
	static char path[128];

	text_format(path, sizeof(path), "%s/%s", scene->directory, name);
	return path;
}

static void scene_cleanup(struct scene *scene)
{
	audit_close(scene->audit);
	remove_all(path_of(scene, "approval"));
	remove_all(scene->directory);
	EVP_PKEY_free(scene->server);
	EVP_PKEY_free(scene->other);
}

static void pin(struct scene *scene)
{
	char root[KEY_TEXT_BYTES], key[KEY_TEXT_BYTES];
	struct consent *consent = consent_open(scene->directory, "boot", &scene->err);
	struct consent_pin pin = { "acme", "web-1", key_text(scene->other, root),
				   key_text(scene->server, key) };

	CHECK(consent);
	CHECK_OK(consent_set_pin(consent, &pin, &scene->err), scene->err);
	consent_close(consent);
}

static void record(struct scene *scene)
{
	uint64_t id = audit_next_id(scene->audit);
	struct audit_call call = { .id = id, .caller = &ana, .tool = &look, .tool_name = "look" };
	struct audit_outcome outcome = { .id = id, .outcome = "done" };

	CHECK_OK(audit_intent(scene->audit, &call, &scene->err), scene->err);
	CHECK_OK(audit_outcome(scene->audit, &outcome, &scene->err), scene->err);
}

/* What a server would send for the head, 'ahead' lines further on, signed by 'key'. */
static int anchor(struct scene *scene, EVP_PKEY *key, uint64_t ahead)
{
	char head[AUDIT_HASH_TEXT_BYTES];
	struct anchors_log log = { .directory = scene->directory, .head = head };
	struct anchor anchor = { .org = "acme", .agent = "web-1" };
	CLEANUP(json) json_t *sealed = NULL;

	audit_head(scene->audit, &log.seq, head);
	anchor.seq = log.seq + ahead;
	memcpy(anchor.head, head, sizeof(head));
	clock_format(clock_wall_ns(), anchor.time);
	sealed = anchor_sign(&anchor, key, &scene->err);
	if (!sealed)
		fail_msg("%s", scene->err.text);
	return anchors_add(&log, sealed, &scene->err);
}

static json_t *verify(struct scene *scene)
{
	json_t *report = json_object();

	CHECK_OK(audit_verify(scene->directory, report, &scene->err), scene->err);
	return report;
}

static bool says(const json_t *report, const char *list, const char *words)
{
	CLEANUP(text) char *text = json_dumps(json_object_get(report, list), JSON_ENCODE_ANY);

	return text && strstr(text, words);
}

static off_t size_of_log(const struct scene *scene)
{
	struct stat st;

	CHECK_INT(stat(path_of(scene, "audit.jsonl"), &st), 0);
	return st.st_size;
}

TEST(a_log_that_fits_its_anchors_says_what_is_left_unproved)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;

	scene_make(&scene);
	pin(&scene);
	record(&scene);
	CHECK_OK(anchor(&scene, scene.server, 0), scene.err);
	record(&scene);
	report = verify(&scene);
	CHECK(json_get_bool(report, "ok", false));
	CHECK_INT(json_get_int(report, "anchored_seq", 0), 3);
	CHECK(says(report, "cannot_prove", "after line 3"));
	CHECK(!says(report, "cannot_prove", "not pinned"));
}

TEST(lines_cut_off_before_the_last_anchor_are_found)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;
	off_t size;

	scene_make(&scene);
	pin(&scene);
	record(&scene);
	size = size_of_log(&scene);
	record(&scene);
	CHECK_OK(anchor(&scene, scene.server, 0), scene.err);
	CHECK_INT(truncate(path_of(&scene, "audit.jsonl"), size), 0);
	report = verify(&scene);
	CHECK(!json_get_bool(report, "ok", true));
	CHECK(says(report, "faults", "countersigned line 5, and the log ends at line 3"));
}

/* As above, and then it goes on as if nothing had been. */
TEST(a_log_written_anew_after_a_cut_is_found)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;
	off_t size;

	scene_make(&scene);
	pin(&scene);
	record(&scene);
	size = size_of_log(&scene);
	record(&scene);
	CHECK_OK(anchor(&scene, scene.server, 0), scene.err);
	audit_close(TAKE(scene.audit));
	CHECK_INT(truncate(path_of(&scene, "audit.jsonl"), size), 0);
	scene.audit = audit_open(scene.directory, &scene.err);
	CHECK(scene.audit);
	record(&scene);
	record(&scene);
	report = verify(&scene);
	CHECK(!json_get_bool(report, "ok", true));
	CHECK(says(report, "faults", "line 5 is not the one that the server countersigned"));
}

TEST(an_anchor_by_another_key_is_refused_and_one_that_was_put_there_is_found)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;

	scene_make(&scene);
	CHECK_OK(anchor(&scene, scene.other, 0), scene.err); /* nothing is pinned yet */
	report = verify(&scene);
	CHECK(json_get_bool(report, "ok", false));
	CHECK(says(report, "cannot_prove", "not pinned"));
	json_decref(report);
	pin(&scene);
	CHECK_INT(anchor(&scene, scene.other, 0), -EBADE);
	report = verify(&scene);
	CHECK(says(report, "faults", "none that the server signed"));
}

TEST(an_anchor_of_lines_that_are_not_there_is_kept_as_proof_if_it_is_one)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;

	scene_make(&scene);
	CHECK_INT(anchor(&scene, scene.server, 9), -ESTALE);
	report = verify(&scene);
	CHECK(json_get_bool(report, "ok", false));
	CHECK_INT(json_get_int(report, "n_anchors", -1), 0);
	json_decref(report);
	pin(&scene);
	CHECK_INT(anchor(&scene, scene.server, 9), -ESTALE);
	report = verify(&scene);
	CHECK(!json_get_bool(report, "ok", true));
}

TEST(the_newest_are_kept_and_the_file_stays_bounded)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(json) json_t *report = NULL;
	struct stat st;

	scene_make(&scene);
	for (int i = 0; i < 2500; i++)
		CHECK_OK(anchor(&scene, scene.server, 0), scene.err);
	CHECK_INT(stat(path_of(&scene, "anchors.jsonl"), &st), 0);
	CHECK(st.st_size < 2 * ANCHORS_KEPT * ANCHOR_LINE_MAX_BYTES);
	report = verify(&scene);
	CHECK(json_get_int(report, "n_anchors", 0) >= ANCHORS_KEPT);
}
