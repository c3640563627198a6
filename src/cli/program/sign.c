/* constable program sign FOLDER: for whom an artifact is and how long, signed. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "cli/program/program.h"
#include "identity/file.h"
#include "identity/key.h"
#include "kernel/program/tarball.h"
#include "kernel/program/manifest.h"
#include "kernel/program/release.h"

static int read_manifest(const struct buf *artifact, struct manifest *manifest, struct error *err)
{
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };
	const struct tarball_file *file;

	if (tarball_unpack(artifact->data, artifact->len, &files, err) < 0)
		return err->code;
	file = tarball_find(&files, "manifest.json");
	return file ? manifest_parse(file->data, file->len, manifest, err)
		    : error_set(err, -ENOENT, "the artifact has no manifest.json");
}

static EVP_PKEY *load_key(const char *path, struct error *err)
{
	struct error other = { 0 };
	EVP_PKEY *key = key_load(path, KEY_ED25519, err);

	if (key || err->code != -EBADMSG)
		return key;
	key = key_load(path, KEY_EC_P256, &other);
	if (!key)
		error_set(err, -EBADMSG, "'%s' holds no private key, Ed25519 or ECDSA on P-256",
			  path);
	return key;
}

static void add_hosts(json_t *release, const char *hosts)
{
	json_t *list = json_array();

	for (const char *at = hosts; *at; at += strspn(at, ",")) {
		size_t len = strcspn(at, ",");

		if (len)
			json_push(list, json_text(at, len));
		at += len;
	}
	json_put(release, "hosts", list);
}

static json_t *make_release(const struct program_signing *signing, const struct manifest *manifest,
			    const struct buf *artifact, EVP_PKEY *key)
{
	char from[CLOCK_TEXT_BYTES], until[CLOCK_TEXT_BYTES], sha256[HASH_TEXT_BYTES];
	char key_id[PROGRAM_KEY_ID_BYTES];
	uint64_t now_ns = clock_wall_ns();
	json_t *release = json_pack("{s:i, s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s}", "schema", 1,
				    "name", manifest->name, "version", manifest->version, "seq",
				    (json_int_t)signing->seq, "sha256",
				    hash_text(artifact->data, artifact->len, sha256), "size",
				    (json_int_t)artifact->len, "key_id", trust_key_id(key, key_id),
				    "not_before", clock_format(now_ns, from), "not_after",
				    clock_format(now_ns + signing->valid_ns, until));

	if (signing->min_agent)
		json_put(release, "min_agent", json_string(signing->min_agent));
	if (signing->hosts)
		add_hosts(release, signing->hosts);
	return release;
}

static int save(const char *folder, const char *name, const void *data, size_t len,
		struct error *err)
{
	char path[4096];

	text_format(path, sizeof(path), "%s/%s", folder, name);
	return file_save_public(path, data, len, err);
}

static EVP_PKEY *find_key(const struct program_signing *signing, struct program_vault *vault,
			  struct error *err)
{
	if (signing->key_file)
		return load_key(signing->key_file, err);
	if (program_vault_open(vault, signing, err) < 0)
		return NULL;
	if (EVP_PKEY_up_ref(vault->signer.key) != 1)
		abort();
	return vault->signer.key;
}

static int sign(EVP_PKEY *key, const struct program_vault *vault, struct str text,
		struct buf *signature_out, struct error *err)
{
	if (vault->signer.key)
		return vault_sign(&vault->wire, &vault->settings, &vault->signer, text,
				  signature_out, err);
	trust_sign(key, text.data, text.len, signature_out);
	return 0;
}

int program_sign(struct cli *cli, const struct program_signing *signing)
{
	struct error err = { 0 };
	CLEANUP(program_vault) struct program_vault vault = { .fd = -1 };
	CLEANUP(key) EVP_PKEY *key = find_key(signing, &vault, &err);
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(release) struct release checked = { 0 };
	CLEANUP(buf) struct buf artifact = { 0 }, signature = { 0 };
	CLEANUP(json) json_t *release = NULL;
	CLEANUP(text) char *text = NULL;

	buf_init(&artifact, PROGRAM_ARTIFACT_MAX_BYTES);
	buf_init(&signature, PROGRAM_SIGNATURE_MAX_BYTES);
	if (!key || program_read_file(signing->folder, PROGRAM_ARTIFACT, &artifact, &err) < 0 ||
	    read_manifest(&artifact, &manifest, &err) < 0)
		return command_failed(&err);
	release = make_release(signing, &manifest, &artifact, key);
	text = json_canonical(release);
	if (release_parse(text, strlen(text), &checked, &err) < 0)
		return command_failed(&err);
	if (sign(key, &vault, (struct str) { text, strlen(text) }, &signature, &err) < 0 ||
	    save(signing->folder, PROGRAM_RELEASE, text, strlen(text), &err) < 0 ||
	    save(signing->folder, PROGRAM_SIGNATURE, signature.data, signature.len, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_GOOD, "%s %s", checked.name, checked.version);
	page_add(&cli->out, STYLE_PLAIN, " is signed as number %ju by the key %s until %s",
		 (uintmax_t)checked.seq, checked.key_id, json_get_text(release, "not_after", ""));
	page_end(&cli->out);
	return EXIT_DONE;
}
