/* What the agent keeps of a registry: list.json, records.json, coming.json and SHA256.tar.zst. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/registry/registry_internal.h"
#include "base/log.h"
#include "call/hash.h"
#include "identity/file.h"

#define LIST "list.json"
#define RECORDS "records.json"
#define COMING "coming.json"
#define ARCHIVE_SUFFIX ".tar.zst"
#define SHA256_DIGITS (HASH_TEXT_BYTES - 1)
#define MAX_IDS 256

static void place(const struct registry *registry, const char *name, const char *suffix,
		  char path[REGISTRY_PATH_BYTES])
{
	text_format(path, REGISTRY_PATH_BYTES, "%s/%s%s", registry->folder, name, suffix);
}

static void save(const struct registry *registry, const char *name, const json_t *document,
		 int (*save_file)(const char *path, const void *data, size_t len,
				  struct error *err))
{
	CLEANUP(text) char *text = json_canonical(document);
	char path[REGISTRY_PATH_BYTES];
	struct error err = { 0 };

	place(registry, name, "", path);
	if (save_file(path, text, strlen(text), &err) < 0)
		log_warn("%s", err.text);
}

/* One that cannot be read is as good as none: it is fetched again. */
static json_t *load(const struct registry *registry, const char *name)
{
	CLEANUP(buf) struct buf text = { 0 };
	char path[REGISTRY_PATH_BYTES];
	struct error err = { 0 };
	json_t *document = NULL;
	int r;

	buf_init(&text, WISH_LIST_MAX_BYTES);
	place(registry, name, "", path);
	r = file_load_private(path, &text, &err);
	if (r == 0)
		document = json_parse(buf_text(&text), text.len, WISH_LIST_MAX_BYTES, &err);
	if (!document && r != -ENOENT)
		log_warn("%s", err.text);
	return json_is_object(document) ? document : (json_decref(document), NULL);
}

static json_t *load_or_begin(const struct registry *registry, const char *name)
{
	json_t *document = load(registry, name);

	return document ? document : json_object();
}

/* What has gone is told of once more, so its id is not forgotten with the wish. */
static void note_ids(struct registry *registry)
{
	const json_t *wish;
	size_t i;

	if (json_object_size(registry->ids) > MAX_IDS)
		(void)json_object_clear(registry->ids);
	json_array_foreach(registry->wishes, i, wish)
	{
		const char *id = json_get_text(wish, "id", "");

		if (*id)
			json_put(registry->ids, json_get_text(wish, "sha256", ""), json_string(id));
	}
}

void registry_take(struct registry *registry, const json_t *said)
{
	json_decref(registry->wishes);
	json_decref(registry->revoked);
	registry->wishes = json_incref(json_object_get(said, "wishes"));
	registry->revoked = json_incref(json_object_get(said, "revoked"));
	note_ids(registry);
}

int registry_load(struct registry *registry, struct error *err)
{
	CLEANUP(json) json_t *list = NULL;

	if (mkdir(registry->folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make the folder '%s'", registry->folder);
	registry->records = load_or_begin(registry, RECORDS);
	registry->coming = load_or_begin(registry, COMING);
	list = load(registry, LIST);
	if (!list || strcmp(json_get_text(list, "url", ""), registry->url) != 0 ||
	    !json_is_array(json_object_get(list, "wishes")) ||
	    !json_is_array(json_object_get(list, "revoked")))
		return 0;
	registry_take(registry, list);
	text_copy(registry->tag, sizeof(registry->tag), json_get_text(list, "tag", ""));
	return 0;
}

void registry_save_wishes(struct registry *registry)
{
	CLEANUP(json) json_t *list = json_object();

	json_put(list, "url", json_string(registry->url));
	json_put(list, "tag", json_string(registry->tag));
	json_put(list, "wishes", json_incref(registry->wishes));
	json_put(list, "revoked", json_incref(registry->revoked));
	save(registry, LIST, list, file_save_fleeting);
	registry->is_fleeting = true;
}

void registry_save_records(const struct registry *registry)
{
	save(registry, RECORDS, registry->records, file_save_private);
}

void registry_save_coming(const struct registry *registry)
{
	save(registry, COMING, registry->coming, file_save_fleeting);
}

bool registry_has_archive(const struct registry *registry, const char *sha256)
{
	char path[REGISTRY_PATH_BYTES];

	place(registry, sha256, ARCHIVE_SUFFIX, path);
	return access(path, R_OK) == 0;
}

static int check_hash(const char *sha256, const struct buf *bytes, struct error *err)
{
	char hash[HASH_TEXT_BYTES];

	return strcmp(hash_text(buf_text(bytes), bytes->len, hash), sha256) == 0
		       ? 0
		       : error_set(err, -EBADE, "the archive is another than its checksum says");
}

int registry_save_archive(struct registry *registry, const char *sha256, const struct buf *bytes,
			  struct error *err)
{
	char path[REGISTRY_PATH_BYTES];

	if (check_hash(sha256, bytes, err) < 0)
		return err->code;
	place(registry, sha256, ARCHIVE_SUFFIX, path);
	registry->is_fleeting = true;
	return file_save_fleeting(path, buf_text(bytes), bytes->len, err);
}

static void make_last(const struct registry *registry, const char *name, const char *suffix)
{
	char path[REGISTRY_PATH_BYTES];
	struct error err = { 0 };

	place(registry, name, suffix, path);
	if (file_make_last(path, &err) < 0)
		log_warn("%s", err.text);
}

void registry_make_last(struct registry *registry)
{
	const json_t *wish;
	size_t i;

	if (!TAKE(registry->is_fleeting))
		return;
	json_array_foreach(registry->wishes, i, wish)
	{
		const char *sha256 = json_get_text(wish, "sha256", "");

		if (*sha256 && registry_has_archive(registry, sha256))
			make_last(registry, sha256, ARCHIVE_SUFFIX);
	}
	make_last(registry, LIST, "");
}

int registry_load_archive(const struct registry *registry, const char *sha256, struct buf *out,
			  struct error *err)
{
	char path[REGISTRY_PATH_BYTES];
	int r;

	place(registry, sha256, ARCHIVE_SUFFIX, path);
	r = file_load_private(path, out, err);
	if (r == 0)
		r = check_hash(sha256, out, err);
	if (r == -EBADE)
		(void)unlink(path); /* it is fetched again */
	return r;
}

static bool is_wanted(const struct registry *registry, const char *name)
{
	const json_t *wish;
	size_t i;

	json_array_foreach(registry->wishes, i, wish)
	{
		const char *sha256 = json_get_text(wish, "sha256", "");

		if (*sha256 && strncmp(name, sha256, SHA256_DIGITS) == 0)
			return true;
	}
	return false;
}

void registry_tidy(const struct registry *registry)
{
	DIR *directory = opendir(registry->folder);
	const struct dirent *entry;
	char path[REGISTRY_PATH_BYTES];

	while (directory && (entry = readdir(directory))) {
		const char *name = entry->d_name;

		if (strlen(name) != SHA256_DIGITS + strlen(ARCHIVE_SUFFIX) ||
		    strspn(name, "0123456789abcdef") != SHA256_DIGITS || is_wanted(registry, name))
			continue;
		place(registry, name, "", path);
		(void)unlink(path);
	}
	if (directory)
		closedir(directory);
}
