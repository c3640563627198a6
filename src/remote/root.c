#include "remote/root.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "identity/file.h"
#include "identity/key.h"
#include "identity/token.h"

#define LIST_MAX_BYTES (128 * KIB)
#define ID_CHARS 16

void root_cleanup(struct root *root)
{
	EVP_PKEY_free(root->key);
	approvers_finish(&root->list);
	*root = (struct root) { 0 };
}

/* root-ID.key, where ID is of the public half: one person may keep the roots of several orgs. */
static int find(const char *public_text, const char *file, char path[OWN_PATH_BYTES],
		struct error *err)
{
	char hash[TOKEN_HASH_BYTES], name[64];

	if (file) {
		text_format(path, OWN_PATH_BYTES, "%s", file);
		return 0;
	}
	text_format(name, sizeof(name), "root-%.*s.key", ID_CHARS,
		    token_hash(public_text, strlen(public_text), hash));
	return own_folder_path(name, path, err);
}

static void place_list(const struct root *root, char path[OWN_PATH_BYTES])
{
	text_format(path, OWN_PATH_BYTES, "%.*s.list", OWN_PATH_BYTES - 8, root->path);
}

int root_make(struct root *root, const char *org, const char *file, struct error *err)
{
	char text[KEY_TEXT_BYTES];

	root->key = key_make(KEY_ED25519);
	text_format(root->list.org, sizeof(root->list.org), "%s", org);
	if (find(key_text(root->key, text), file, root->path, err) < 0)
		return err->code;
	if (access(root->path, F_OK) == 0)
		return error_set(err, -EEXIST, "'%s' is there already", root->path);
	if (own_folder_make(root->path, err) < 0)
		return err->code;
	return key_save(root->path, root->key, err);
}

/* 0 with an empty list where there is no text. */
static int read_list(const struct root *root, const json_t *sealed, struct approvers *list_out,
		     struct error *err)
{
	const struct approvers_rule rule = { .org = root->list.org, .root = root->key };

	return json_is_object(sealed) ? approvers_verify(sealed, &rule, list_out, err) : 0;
}

static json_t *load_list(const struct root *root)
{
	char path[OWN_PATH_BYTES];
	CLEANUP(buf) struct buf text = { 0 };
	struct error none = { 0 };

	place_list(root, path);
	buf_init(&text, LIST_MAX_BYTES);
	if (file_load_private(path, &text, &none) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, LIST_MAX_BYTES, &none);
}

/* The newer of the server's list and the one that was signed here. */
static int take_newest(struct root *root, const json_t *theirs, struct error *err)
{
	CLEANUP(approvers) struct approvers given = { 0 };
	CLEANUP(approvers) struct approvers kept = { 0 };
	CLEANUP(json) json_t *ours = load_list(root);
	char org[CERTIFICATE_ID_BYTES];
	struct approvers *newest;

	if (read_list(root, theirs, &given, err) < 0)
		return error_wrap(err, "the server's list of approvers");
	if (read_list(root, ours, &kept, err) < 0)
		return error_wrap(err, "the list of approvers beside '%s'", root->path);
	newest = kept.sequence > given.sequence ? &kept : &given;
	memcpy(org, root->list.org, sizeof(org));
	root->list = *newest;
	*newest = (struct approvers) { 0 };
	memcpy(root->list.org, org, sizeof(org));
	return 0;
}

static int open_key(struct root *root, const char *public_text, const char *file, struct error *err)
{
	char text[KEY_TEXT_BYTES];

	if (find(public_text, file, root->path, err) < 0)
		return err->code;
	root->key = key_load(root->path, KEY_ED25519, err);
	if (!root->key && err->code == -ENOENT)
		return error_set(err, -ENOENT,
				 "the org's root key is not here ('%s'): only who keeps it says "
				 "who may approve; --root-key FILE names it",
				 root->path);
	if (!root->key)
		return err->code;
	if (strcmp(key_text(root->key, text), public_text) != 0)
		return error_set(err, -EKEYREJECTED, "'%s' is not the root key of this org",
				 root->path);
	return 0;
}

int root_open(struct root *root, struct server *server, const char *file, struct error *err)
{
	CLEANUP(json) json_t *org = NULL;
	CLEANUP(json) json_t *answer = NULL;
	const char *public_text;
	int r = server_get(server, "/api/v1/org", &org, err);

	if (r == 0)
		r = server_get(server, "/api/v1/approvers", &answer, err);
	if (r < 0)
		return r;
	public_text = json_get_text(org, "root_key", NULL);
	if (!public_text)
		return error_set(err, -ENOKEY,
				 "the org has no root key yet; 'constable org root create' makes "
				 "one");
	text_format(root->list.org, sizeof(root->list.org), "%s", json_get_text(org, "id", ""));
	r = open_key(root, public_text, file, err);
	return r < 0 ? r : take_newest(root, json_object_get(answer, "document"), err);
}

int root_publish(struct root *root, struct server *server, struct error *err)
{
	CLEANUP(json) json_t *sealed = NULL;
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(text) char *text = NULL;
	struct fetch_request request = { .method = "POST", .path = "/api/v1/approvers" };
	char path[OWN_PATH_BYTES];

	root->list.sequence++;
	sealed = approvers_sign(&root->list, root->key, err);
	if (!sealed)
		return err->code;
	text = json_canonical(sealed);
	place_list(root, path);
	if (file_save_private(path, text, strlen(text), err) < 0)
		return err->code;
	request.body = json_pack("{s:O}", "document", sealed);
	return server_send(server, &request, &answer, err);
}

int root_remove(struct root *root, const char *name, struct error *err)
{
	struct approvers *list = &root->list;
	size_t i = 0;

	while (i < list->n && strcmp(list->list[i].name, name) != 0)
		i++;
	if (i == list->n)
		return error_set(err, -ENOENT, "'%s' is no approver of this org", name);
	EVP_PKEY_free(list->list[i].key);
	list->n--;
	memmove(list->list + i, list->list + i + 1, (list->n - i) * sizeof(*list->list));
	return 0;
}
