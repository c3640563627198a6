#include "agent/client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"
#include "identity/token.h"

#define FILE_MAX_BYTES (64 * KIB)
#define HASH_CHARS (TOKEN_HASH_BYTES - 1)
#define NAME_BYTES 65

struct client_key {
	char name[NAME_BYTES];
	char hash[TOKEN_HASH_BYTES];
};

void client_keys_finish(struct client_keys *keys)
{
	free(keys->keys);
	*keys = (struct client_keys) { 0 };
}

void client_keys_cleanup(struct client_keys *keys)
{
	client_keys_finish(keys);
}

static bool set_name(struct client *client, const char *kind, const char *name)
{
	int n = snprintf(client->name, sizeof(client->name), "%s %s", kind, name);

	client->application[0] = '\0';
	return n > 0 && (size_t)n < sizeof(client->name) && caller_is_client(client->name);
}

static bool is_hash(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!memchr("0123456789abcdef", word.data[i], 16))
			return false;
	return word.len == HASH_CHARS;
}

static int add_key(struct client_keys *keys, struct str name, struct str hash, struct error *err)
{
	struct client_key *key;
	struct client client;
	char text[NAME_BYTES];

	str_copy(name, text, sizeof(text));
	if (name.len >= NAME_BYTES || !set_name(&client, "key", text))
		return error_set(err, -EINVAL, "'%s' is no name of a key", text);
	if (!is_hash(hash))
		return error_set(err, -EINVAL,
				 "key '%s': expected its SHA-256, 64 of 0-9 and a-f (printf %%s "
				 "KEY | sha256sum)",
				 text);
	if (keys->n == CLIENT_MAX_KEYS)
		return error_set(err, -E2BIG, "more than %u keys", CLIENT_MAX_KEYS);
	keys->keys = reallocarray(keys->keys, keys->n + 1, sizeof(*keys->keys));
	if (!keys->keys)
		abort();
	key = &keys->keys[keys->n++];
	text_format(key->name, sizeof(key->name), "%s", text);
	str_copy(hash, key->hash, sizeof(key->hash));
	return 0;
}

static int read_line(struct client_keys *keys, struct str line, struct error *err)
{
	char text[512];
	const char *at = text;
	struct str name, hash = { 0 }, more;

	if (line.len >= sizeof(text))
		return error_set(err, -EINVAL, "the line is too long");
	str_copy(line, text, sizeof(text));
	text[strcspn(text, "#\r")] = '\0';
	if (!scan_word(&at, &name))
		return 0;
	if (!scan_word(&at, &hash) || scan_word(&at, &more))
		return error_set(err, -EINVAL, "expected a name and a SHA-256");
	return add_key(keys, name, hash, err);
}

int client_keys_parse(struct client_keys *keys_out, const char *name, const char *text, size_t len,
		      struct error *err)
{
	CLEANUP(client_keys) struct client_keys keys = { 0 };
	const char *end = text + len;
	unsigned number = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct str line = { text, (size_t)((newline ? newline : end) - text) };

		number++;
		if (read_line(&keys, line, err) < 0)
			return error_wrap(err, "%s:%u", name, number);
		text += line.len + 1;
	}
	*keys_out = keys;
	keys = (struct client_keys) { 0 };
	return 0;
}

int client_keys_load(struct client_keys *keys_out, const char *path, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP(buf) struct buf text = { 0 };
	struct stat about;
	int r;

	if (fd < 0 || fstat(fd, &about) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(about.st_mode))
		return error_set(err, -EINVAL, "%s: is not a regular file", path);
	if ((about.st_uid != 0 && about.st_uid != geteuid()) || (about.st_mode & 022))
		return error_set(err, -EPERM, "%s: others may write it; chown root, chmod go-w",
				 path);
	buf_init(&text, FILE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped)
		return error_set(err, r < 0 ? r : -E2BIG, "%s: cannot be read, or is too long",
				 path);
	return client_keys_parse(keys_out, path, buf_text(&text), text.len, err);
}

/* Every key is looked at: how long it takes says nothing about which it was. */
static const struct client_key *find_key(const struct client_keys *keys, const char *secret)
{
	const struct client_key *found = NULL;
	char hash[TOKEN_HASH_BYTES];

	(void)token_hash(secret, strlen(secret), hash);
	for (size_t i = 0; i < keys->n; i++)
		if (token_equal(keys->keys[i].hash, HASH_CHARS, hash, HASH_CHARS))
			found = &keys->keys[i];
	return found;
}

bool client_find_secret(const struct client_keys *keys, const char *token, const char *secret,
			struct client *client_out)
{
	const struct client_key *key;

	if (token_equal(token, strlen(token), secret, strlen(secret))) {
		*client_out = (struct client) { .name = "token" };
		return true;
	}
	key = find_key(keys, secret);
	return key && set_name(client_out, "key", key->name);
}

static bool take_text(const ASN1_STRING *string, struct client *client)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, string);
	/* What has a NUL in it would be read as another name. */
	bool good = len > 0 && strlen((const char *)text) == (size_t)len &&
		    set_name(client, "certificate", (const char *)text);

	OPENSSL_free(text);
	return good;
}

static bool take_alternative(X509 *certificate, struct client *client)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool good = false;

	for (int i = 0; names && !good && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL)
			good = take_text(name->d.ia5, client);
	}
	GENERAL_NAMES_free(names);
	return good;
}

bool client_find_certificate(X509 *certificate, struct client *client_out)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0)
		return take_alternative(certificate, client_out);
	/* Of several common names none is the name. */
	return X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0 &&
	       take_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), client_out);
}

const char *client_secret(const struct http_request *request)
{
	const char *given = http_request_field(request, "x-api-key");
	const char *header = http_request_field(request, "authorization");

	if (!given && header && strncasecmp(header, "bearer ", 7) == 0)
		given = header + 7 + strspn(header + 7, " ");
	return given;
}
