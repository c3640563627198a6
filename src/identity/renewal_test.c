#include "identity/renewal.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "identity/anchor.h"
#include "identity/key.h"

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct renewal renewal_of(const char *agent)
{
	struct renewal renewal = {
		.csr_sha256 = SHA,
		.server_nonce = "00112233445566778899aabbccddeeff",
	};

	text_format(renewal.agent, sizeof(renewal.agent), "%s", agent);
	clock_format(clock_wall_ns(), renewal.time);
	return renewal;
}

TEST(the_old_key_proves_one_request_of_one_agent_for_one_nonce)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *other = key_make(KEY_EC_P256);
	struct renewal good = renewal_of("vm-1");
	struct renewal wanted[] = { good, good, good };
	struct error err = { 0 };
	CLEANUP(json) json_t *sealed = renewal_sign(&good, key, &err);

	CHECK(sealed);
	CHECK_INT(renewal_verify(sealed, other, &good, &err), -EBADE);
	text_format(wanted[0].agent, sizeof(wanted[0].agent), "vm-11");
	wanted[1].csr_sha256[63]++;
	wanted[2].server_nonce[0]++;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		CHECK_INT(renewal_verify(sealed, key, &wanted[i], &err), -EACCES);
	good.time[0] = '\0'; /* the host's clock is for people */
	CHECK_OK(renewal_verify(sealed, key, &good, &err), err);
}

TEST(an_anchor_proves_no_renewal)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct anchor anchor = { .org = "acme", .agent = "vm-1", .seq = 1, .head = SHA };
	struct renewal good = renewal_of("vm-1");
	struct error err = { 0 };
	CLEANUP(json) json_t *sealed = NULL;

	clock_format(clock_wall_ns(), anchor.time);
	sealed = anchor_sign(&anchor, key, &err);
	CHECK(sealed);
	CHECK_INT(renewal_verify(sealed, key, &good, &err), -EPROTOTYPE);
}

TEST(a_proof_with_bad_members_is_not_signed)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	struct error err = { 0 };
	struct renewal bad = renewal_of("vm/1");

	CHECK(!renewal_sign(&bad, key, &err));
	bad = renewal_of("vm-1");
	bad.time[4] = '/';
	CHECK(!renewal_sign(&bad, key, &err));
	CHECK_INT(err.code, -EINVAL);
}
