/* constable program build DIR FOLDER: an artifact of the files of a folder. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "call/hash.h"
#include "cli/program/program.h"
#include "identity/file.h"
#include "kernel/program/tarball.h"
#include "kernel/program/manifest.h"

static void directory_cleanup(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int add_file(struct tarball_files *files, const char *folder, const char *name,
		    struct error *err)
{
	struct tarball_file *file = &files->at[files->n];
	CLEANUP(buf) struct buf data = { 0 };

	if (!tarball_is_name(name))
		return error_set(err, -EINVAL,
				 "'%s' cannot be packed: a name has letters, digits, '.', '-' and "
				 "'_', and 63 characters at most",
				 name);
	if (files->n == TARBALL_MAX_FILES)
		return error_set(err, -E2BIG, "an artifact has at most %d files",
				 TARBALL_MAX_FILES);
	buf_init(&data, TARBALL_MAX_BYTES);
	if (program_read_file(folder, name, &data, err) < 0)
		return err->code;
	buf_add(&data, "", 0);
	text_copy(file->name, sizeof(file->name), name);
	file->len = data.len;
	file->data = strndup("", 0);
	if (data.len)
		file->data = memcpy(realloc(file->data, data.len + 1), data.data, data.len + 1);
	files->n++;
	return 0;
}

/* Hidden files are an editor's; a folder is a mistake that the reading of it tells. */
static int read_folder(struct tarball_files *files, const char *folder, struct error *err)
{
	CLEANUP(directory) DIR *directory = opendir(folder);
	const struct dirent *entry;

	if (!directory)
		return error_errno(err, "open the folder '%s'", folder);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && add_file(files, folder, entry->d_name, err) < 0)
			return err->code;
	return 0;
}

static int check(const struct tarball_files *files, struct manifest *manifest, struct error *err)
{
	const struct tarball_file *file = tarball_find(files, "manifest.json");

	if (!file)
		return error_set(err, -ENOENT, "the folder has no manifest.json");
	if (manifest_parse(file->data, file->len, manifest, err) < 0)
		return err->code;
	if (!tarball_find(files, manifest->object))
		return error_set(err, -ENOENT, "the folder has no '%s', which its manifest names",
				 manifest->object);
	return 0;
}

int program_build(struct cli *cli, const struct words *words)
{
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 };
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(buf) struct buf artifact = { 0 };
	char path[4096], sha256[HASH_TEXT_BYTES];
	struct error err = { 0 };

	buf_init(&artifact, PROGRAM_ARTIFACT_MAX_BYTES);
	if (read_folder(&files, words->at[1], &err) < 0 || check(&files, &manifest, &err) < 0 ||
	    tarball_pack(&files, &artifact, &err) < 0)
		return command_failed(&err);
	if (mkdir(words->at[2], 0755) < 0 && errno != EEXIST) {
		error_errno(&err, "make the folder '%s'", words->at[2]);
		return command_failed(&err);
	}
	text_format(path, sizeof(path), "%s/%s", words->at[2], PROGRAM_ARTIFACT);
	if (file_save_public(path, artifact.data, artifact.len, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_GOOD, "%s %s", manifest.name, manifest.version);
	page_add(&cli->out, STYLE_PLAIN, ": %zu files in %zu bytes, SHA-256 %s", files.n,
		 artifact.len, hash_text(artifact.data, artifact.len, sha256));
	page_end(&cli->out);
	return EXIT_DONE;
}
