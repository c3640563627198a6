#include "identity/anchor.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "identity/key.h"

#define HEAD "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct anchor good = {
	.org = "acme",
	.agent = "vm-1",
	.seq = 123456789012,
	.head = HEAD,
	.time = "2026-11-28T18:00:00.000Z",
};

TEST(an_anchor_is_read_as_it_was_signed)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct error err = { 0 };
	CLEANUP(json) json_t *sealed = anchor_sign(&good, key, &err);
	struct anchor read;

	CHECK_TEXT(
		json_get_text(sealed, "statement", ""),
		"{\"agent\":\"vm-1\",\"domain\":\"constable.anchor.v1\",\"head\":\"" HEAD
		"\",\"org\":\"acme\",\"seq\":123456789012,\"time\":\"2026-11-28T18:00:00.000Z\"}");
	CHECK_OK(anchor_verify(sealed, key, &read, &err), err);
	CHECK_TEXT(read.org, good.org);
	CHECK_TEXT(read.agent, good.agent);
	CHECK_TEXT(read.head, good.head);
	CHECK_TEXT(read.time, good.time);
	CHECK(read.seq == good.seq);
}

TEST(only_the_servers_key_makes_an_anchor)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	CLEANUP(key) EVP_PKEY *other = key_make(KEY_ED25519);
	struct error err = { 0 };
	CLEANUP(json) json_t *sealed = anchor_sign(&good, other, &err);
	struct anchor read = { .seq = 5 };

	CHECK_INT(anchor_verify(sealed, key, &read, &err), -EBADE);
	CHECK_INT(read.seq, 5);
}

TEST(an_anchor_with_bad_members_is_not_signed)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct anchor bad[] = { good, good, good };
	struct error err = { 0 };

	bad[0].head[0] = 'g';
	bad[1].seq = UINT64_MAX;
	bad[2].time[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!anchor_sign(&bad[i], key, &err));
}
