#include "server/org/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "identity/file.h"

struct place {
	char folder[64], path[96];
};

static void place_open(struct place *place)
{
	text_format(place->folder, sizeof(place->folder), "/tmp/constable-vault-XXXXXX");
	CHECK(mkdtemp(place->folder));
	text_format(place->path, sizeof(place->path), "%s/vault.key", place->folder);
}

static void place_close(struct place *place)
{
	(void)unlink(place->path);
	CHECK_INT(rmdir(place->folder), 0);
}

static int open_seal(const struct vault *vault, const char *org, const char *use,
		     const char *sealed)
{
	CLEANUP(secret_buf) struct buf secret = { 0 };
	struct error err = { 0 };
	int r;

	buf_init(&secret, KIB);
	r = vault_unseal(vault, org, use, sealed, &secret, &err);
	if (r == 0)
		CHECK_TEXT(buf_text(&secret), "a secret");
	return r;
}

TEST(sealed_secret_opens_only_where_it_belongs)
{
	struct place place;
	struct error err = { 0 };
	struct vault *vault;
	char *sealed;

	place_open(&place);
	vault = vault_open(place.path, &err);
	CHECK(vault);
	sealed = vault_seal(vault, "red", "integration/1", "a secret", 8);
	CHECK(!strstr(sealed, "secret"));
	CHECK_INT(open_seal(vault, "red", "integration/1", sealed), 0);
	CHECK_INT(open_seal(vault, "blue", "integration/1", sealed), -EBADMSG);
	CHECK_INT(open_seal(vault, "red", "integration/2", sealed), -EBADMSG);
	CHECK_INT(open_seal(vault, "red", "integration/1", "AAAA"), -EBADMSG);
	sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
	CHECK_INT(open_seal(vault, "red", "integration/1", sealed), -EBADMSG);
	free(sealed);
	vault_free(vault);
	place_close(&place);
}

TEST(key_is_private_and_survives)
{
	struct place place;
	struct error err = { 0 };
	struct vault *vault;
	struct stat stat_of;
	char *sealed;

	place_open(&place);
	vault = vault_open(place.path, &err);
	sealed = vault_seal(vault, "red", "x", "a secret", 8);
	vault_free(vault);
	CHECK_INT(stat(place.path, &stat_of), 0);
	CHECK_INT(stat_of.st_mode & 0777, 0600);
	vault = vault_open(place.path, &err);
	CHECK_INT(open_seal(vault, "red", "x", sealed), 0);
	vault_free(vault);
	CHECK_INT(chmod(place.path, 0644), 0);
	CHECK(!vault_open(place.path, &err));
	free(sealed);
	place_close(&place);
}
