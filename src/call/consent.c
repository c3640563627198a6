#include "call/consent.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/consent_internal.h"
#include "call/small_file.h"

#define FOLDER "approval"
#define PIN_FILE "pin.json"
#define APPROVERS_FILE "approvers.json"
#define KEY_FILE "nonce.key"
#define FILE_MAX_BYTES (128 * KIB)

struct consent *consent_open(const char *directory, const char *boot_id, struct error *err)
{
	CLEANUP(fd) int above = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct consent *consent = calloc(1, sizeof(*consent));
	struct stat st;

	if (!consent)
		abort();
	consent->dir_fd = -1;
	text_format(consent->boot_id, sizeof(consent->boot_id), "%s", boot_id);
	if (above >= 0 && (mkdirat(above, FOLDER, 0700) == 0 || errno == EEXIST))
		consent->dir_fd =
			openat(above, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (consent->dir_fd < 0 || fstat(consent->dir_fd, &st) < 0) {
		error_errno(err, "%s/" FOLDER, directory);
	} else if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		error_set(err, -EPERM,
			  "%s/" FOLDER ": must belong to uid %u and be closed to others", directory,
			  geteuid());
	} else {
		return consent;
	}
	consent_close(consent);
	return NULL;
}

void consent_close(struct consent *consent)
{
	if (consent)
		fd_close(&consent->dir_fd);
	free(consent);
}

json_t *consent_read(const struct consent *consent, const char *name, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	json_t *json;

	buf_init(&text, FILE_MAX_BYTES);
	if (small_file_load(consent->dir_fd, name, &text, err) < 0)
		return NULL;
	json = json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, err);
	if (!json)
		error_wrap(err, "%s", name);
	return json;
}

int consent_write(const struct consent *consent, const char *name, const json_t *json,
		  struct error *err)
{
	CLEANUP(text) char *text = json_canonical(json);

	return small_file_save(consent->dir_fd, name, text, strlen(text), err);
}

int consent_pinned(const struct consent *consent, struct pin *pin_out, struct error *err)
{
	struct error why = { 0 };
	CLEANUP(json) json_t *json = consent_read(consent, PIN_FILE, &why);

	if (!json && why.code == -ENOENT)
		return error_set(err, -ENOKEY,
				 "no org root is pinned on this host, so nobody can approve from "
				 "elsewhere");
	if (!json)
		return error_set(err, why.code, "%s", why.text);
	text_format(pin_out->org, sizeof(pin_out->org), "%s", json_get_text(json, "org", ""));
	text_format(pin_out->host, sizeof(pin_out->host), "%s", json_get_text(json, "host", ""));
	text_format(pin_out->root, sizeof(pin_out->root), "%s", json_get_text(json, "root", ""));
	text_format(pin_out->anchor_key, sizeof(pin_out->anchor_key), "%s",
		    json_get_text(json, "anchor_key", ""));
	return 0;
}

/* Kept ones are checked again: whoever could change the file still has no root key. */
int consent_approvers(const struct consent *consent, const struct pin *pin,
		      struct approvers *approvers_out, struct error *err)
{
	struct error why = { 0 };
	CLEANUP(json) json_t *sealed = consent_read(consent, APPROVERS_FILE, &why);
	CLEANUP(key) EVP_PKEY *root = NULL;
	struct approvers_rule rule = { .org = pin->org };

	if (!sealed)
		return error_set(err, why.code == -ENOENT ? -ENOKEY : why.code, "%s",
				 why.code == -ENOENT ? "no list of approvers has come yet"
						     : why.text);
	root = key_parse(pin->root, strlen(pin->root), err);
	if (!root)
		return error_wrap(err, "%s", PIN_FILE);
	rule.root = root;
	return approvers_verify(sealed, &rule, approvers_out, err) < 0
		       ? error_wrap(err, "%s", APPROVERS_FILE)
		       : 0;
}

json_t *consent_request(struct consent *consent, const struct consent_call *call, struct error *err)
{
	unsigned char key[SECRET_BYTES];
	char nonce[NONCE_TEXT_BYTES];
	struct pin pin;

	if (consent_pinned(consent, &pin, err) < 0 ||
	    secret_load(consent->dir_fd, KEY_FILE, key, err) < 0)
		return NULL;
	nonce_format(consent, key, call, nonce);
	OPENSSL_cleanse(key, sizeof(key));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "org", pin.org, "host", pin.host, "tool",
			 call->tool, "args_sha256", call->args_sha256, "call_id", call->call_id,
			 "nonce", nonce);
}

int consent_check_author(const char *approver, const struct approvers *approvers,
			 const char *on_behalf, struct error *err)
{
	const char *slash = strchr(on_behalf, '/');
	const char *author = slash ? slash + 1 : on_behalf;

	if (approvers->author_may_approve)
		return 0;
	if (author_is_nameless(on_behalf))
		return error_set(err, -EACCES,
				 "who asked for the call came with an access token that names "
				 "nobody, so none "
				 "can tell whether another person approves it");
	if (strcasecmp(author, approver) == 0)
		return error_set(err, -EACCES,
				 "'%s' asked for the call, so another must approve it", author);
	return 0;
}

static int check_call(const struct consent *consent, const struct pin *pin,
		      const struct approval *approval, const struct consent_call *call,
		      uint64_t *age_ns_out, struct error *err)
{
	struct approval wanted = { 0 };
	unsigned char key[SECRET_BYTES];
	int r;

	text_format(wanted.org, sizeof(wanted.org), "%s", pin->org);
	text_format(wanted.host, sizeof(wanted.host), "%s", pin->host);
	text_format(wanted.tool, sizeof(wanted.tool), "%s", call->tool);
	text_format(wanted.args_sha256, sizeof(wanted.args_sha256), "%s", call->args_sha256);
	text_format(wanted.call_id, sizeof(wanted.call_id), "%s", call->call_id);
	memcpy(wanted.nonce, approval->nonce, sizeof(wanted.nonce)); /* its own MAC tells */
	/* First what it says, then whether it came in time: both for the nonce's age. */
	r = approval_check(approval, &wanted, 0, err);
	if (r == 0)
		r = secret_load(consent->dir_fd, KEY_FILE, key, err);
	if (r == 0)
		r = nonce_check(consent, key, call, approval->nonce, age_ns_out, err);
	OPENSSL_cleanse(key, sizeof(key));
	return r < 0 ? r : approval_check(approval, &wanted, *age_ns_out, err);
}

int consent_take(struct consent *consent, const json_t *sealed, const struct consent_call *call,
		 char approver_out[APPROVER_NAME_BYTES], struct error *err)
{
	CLEANUP(approvers) struct approvers approvers = { 0 };
	struct approval approval;
	struct pin pin;
	uint64_t age_ns = 0;
	int r = consent_pinned(consent, &pin, err);

	if (r == 0)
		r = consent_approvers(consent, &pin, &approvers, err);
	if (r == 0)
		r = approval_verify(sealed, &approvers, &approval, err);
	if (r == 0)
		r = check_call(consent, &pin, &approval, call, &age_ns, err);
	if (r == 0)
		r = consent_check_author(approval.approver, &approvers, call->on_behalf, err);
	if (r == 0)
		r = nonce_use(consent, approval.nonce,
			      nonce_now_ns() - age_ns + approval.lifetime_s * NS_PER_SEC, err);
	if (r == 0)
		memcpy(approver_out, approval.approver, APPROVER_NAME_BYTES);
	return r;
}

static int check_key(const char *text, struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = key_parse(text, strlen(text), err);

	if (!key)
		return err->code;
	return key_is(key, KEY_ED25519) ? 0 : error_set(err, -EINVAL, "the key is not of Ed25519");
}

/* -EEXIST for what contradicts the one that is there. */
static int check_pinned(const struct consent *consent, const struct consent_pin *wanted,
			struct error *err)
{
	struct error none = { 0 };
	struct pin pin;
	int r = consent_pinned(consent, &pin, &none);

	if (r == -ENOKEY)
		return 0;
	if (r < 0)
		return error_set(err, r, "%s", none.text);
	if (strcmp(pin.org, wanted->org) == 0 && strcmp(pin.root, wanted->root) == 0 &&
	    (!pin.anchor_key[0] || !wanted->anchor_key[0] ||
	     strcmp(pin.anchor_key, wanted->anchor_key) == 0))
		return 0;
	return error_set(err, -EEXIST,
			 "this host is '%s' of org '%s' under the root key %s; root changes that "
			 "with 'constable approver pin --replace'",
			 pin.host, pin.org, pin.root);
}

static int check_pin(const struct consent_pin *pin, struct error *err)
{
	int r;

	if (!certificate_is_id(pin->org) || !certificate_is_id(pin->host))
		return error_set(err, -EINVAL, "a pin needs the ids of an org and of this host");
	r = check_key(pin->root, err);
	if (r < 0)
		return error_wrap(err, "the org's root key");
	return pin->anchor_key[0] ? check_key(pin->anchor_key, err) : 0;
}

static int save_pin(const struct consent *consent, const struct consent_pin *pin, struct error *err)
{
	struct pin old = { 0 };
	struct error none = { 0 };
	CLEANUP(json) json_t *json = NULL;
	bool has_old = consent_pinned(consent, &old, &none) == 0;

	json = json_pack("{s:s, s:s, s:s, s:s}", "org", pin->org, "host", pin->host, "root",
			 pin->root, "anchor_key",
			 has_old && !pin->anchor_key[0] ? old.anchor_key : pin->anchor_key);
	return consent_write(consent, PIN_FILE, json, err);
}

int consent_set_pin(struct consent *consent, const struct consent_pin *pin, struct error *err)
{
	int r = check_pin(pin, err);

	if (r == 0)
		r = check_pinned(consent, pin, err);
	return r < 0 ? r : save_pin(consent, pin, err);
}

int consent_replace_pin(struct consent *consent, const struct consent_pin *pin, struct error *err)
{
	struct pin old = { 0 };
	struct error none = { 0 };
	int r = check_pin(pin, err);

	if (r < 0)
		return r;
	if (consent_pinned(consent, &old, &none) < 0 || strcmp(old.root, pin->root) != 0 ||
	    strcmp(old.org, pin->org) != 0)
		(void)unlinkat(consent->dir_fd, APPROVERS_FILE, 0); /* it would not verify */
	return save_pin(consent, pin, err);
}

static bool is_in_force(const struct consent *consent, const json_t *sealed)
{
	struct error none = { 0 };
	CLEANUP(json) json_t *kept = consent_read(consent, APPROVERS_FILE, &none);

	return kept && json_equal(kept, sealed);
}

int consent_set_approvers(struct consent *consent, const json_t *sealed, struct error *err)
{
	CLEANUP(approvers) struct approvers current = { 0 };
	CLEANUP(approvers) struct approvers next = { 0 };
	CLEANUP(key) EVP_PKEY *root = NULL;
	struct error none = { 0 };
	struct approvers_rule rule;
	struct pin pin;
	int r = consent_pinned(consent, &pin, err);

	if (r < 0)
		return r;
	r = consent_approvers(consent, &pin, &current, &none);
	if (r < 0 && r != -ENOKEY)
		return error_set(err, r, "%s", none.text);
	root = key_parse(pin.root, strlen(pin.root), err);
	if (!root)
		return err->code;
	if (is_in_force(consent, sealed))
		return 0;
	rule = (struct approvers_rule) { pin.org, root, current.sequence + 1 };
	r = approvers_verify(sealed, &rule, &next, err);
	return r < 0 ? r : consent_write(consent, APPROVERS_FILE, sealed, err);
}

json_t *consent_describe(struct consent *consent)
{
	CLEANUP(approvers) struct approvers approvers = { 0 };
	struct error none = { 0 };
	struct pin pin;
	json_t *names;

	if (consent_pinned(consent, &pin, &none) < 0)
		return json_null();
	names = json_array();
	if (consent_approvers(consent, &pin, &approvers, &none) == 0)
		for (size_t i = 0; i < approvers.n; i++)
			json_push(names, json_string(approvers.list[i].name));
	return json_pack("{s:s, s:s, s:I, s:o}", "org", pin.org, "host", pin.host, "sequence",
			 (json_int_t)approvers.sequence, "approvers", names);
}
