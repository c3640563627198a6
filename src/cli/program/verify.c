/* constable program verify FOLDER: whether a host that trusts this key would take it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/program/program.h"
#include "kernel/program/tarball.h"
#include "kernel/program/manifest.h"
#include "kernel/program/release.h"

struct parts {
	struct buf artifact, release, signature, key;
};

static void parts_cleanup(struct parts *parts)
{
	buf_finish(&parts->artifact);
	buf_finish(&parts->release);
	buf_finish(&parts->signature);
	buf_finish(&parts->key);
}

static int read_parts(struct parts *parts, const char *folder, const char *key_file,
		      struct error *err)
{
	buf_init(&parts->artifact, PROGRAM_ARTIFACT_MAX_BYTES);
	buf_init(&parts->release, PROGRAM_RELEASE_MAX_BYTES);
	buf_init(&parts->signature, PROGRAM_SIGNATURE_MAX_BYTES);
	buf_init(&parts->key, 16 * KIB);
	if (program_read_file(folder, PROGRAM_RELEASE, &parts->release, err) < 0 ||
	    program_read_file(folder, PROGRAM_SIGNATURE, &parts->signature, err) < 0 ||
	    program_read_file(folder, PROGRAM_ARTIFACT, &parts->artifact, err) < 0 ||
	    program_read_file(key_file[0] == '/' ? "" : ".", key_file, &parts->key, err) < 0)
		return err->code;
	return 0;
}

static int check_release(const struct parts *parts, struct release *release, struct error *err)
{
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct release_place place = {
		.agent_version = CONSTABLE_VERSION,
		.now_ns = clock_wall_ns(),
	};
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	place.host = host;
	if (trust_add(&trust, buf_text(&parts->key), parts->key.len, err) < 0 ||
	    release_verify(&trust, &place,
			   (struct str) { buf_text(&parts->release), parts->release.len },
			   (struct str) { buf_text(&parts->signature), parts->signature.len },
			   release, err) < 0)
		return err->code;
	return release_check_artifact(release, buf_text(&parts->artifact), parts->artifact.len,
				      err);
}

/* Only now: before, these bytes were anybody's. */
static int check_archive(const struct parts *parts, const struct release *release,
			 struct manifest *manifest, struct error *err)
{
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };
	const struct tarball_file *file;

	if (tarball_unpack(buf_text(&parts->artifact), parts->artifact.len, &files, err) < 0)
		return err->code;
	file = tarball_find(&files, "manifest.json");
	if (!file)
		return error_set(err, -ENOENT, "the artifact has no manifest.json");
	if (manifest_parse(file->data, file->len, manifest, err) < 0)
		return err->code;
	if (strcmp(manifest->name, release->name) != 0 ||
	    strcmp(manifest->version, release->version) != 0)
		return error_set(err, -EINVAL, "the manifest is of '%s' %s, the release of '%s' %s",
				 manifest->name, manifest->version, release->name,
				 release->version);
	return 0;
}

int program_verify(struct cli *cli, const struct words *words, const char *keys, int wants_json)
{
	CLEANUP(parts) struct parts parts = { 0 };
	CLEANUP(release) struct release release = { 0 };
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(json) json_t *both = NULL;
	struct error err = { 0 };

	if (read_parts(&parts, words->at[1], keys, &err) < 0 ||
	    check_release(&parts, &release, &err) < 0 ||
	    check_archive(&parts, &release, &manifest, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		both = json_pack("{s:O, s:O}", "release", release.document, "manifest",
				 manifest.document);
		cli_print_json(both);
		return EXIT_DONE;
	}
	page_add(&cli->out, STYLE_GOOD, "%s %s", release.name, release.version);
	page_add(&cli->out, STYLE_PLAIN, " is whole, signed by the key %s", release.key_id);
	page_end(&cli->out);
	page_flow(&cli->out, STYLE_PLAIN, 0, json_get_text(manifest.document, "summary", ""));
	page_end(&cli->out);
	return EXIT_DONE;
}
