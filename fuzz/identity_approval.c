/*
 * Statements, sealed and not: approvals, grants, lists of approvers, anchors, proofs of
 * an old key. Bytes that are a JSON object are signed here, for nothing behind a
 * signature would be reached otherwise.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "identity/anchor.h"
#include "identity/approval.h"
#include "identity/grant.h"
#include "identity/key.h"
#include "identity/renewal.h"

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static EVP_PKEY *signer(void)
{
	static const unsigned char bytes[32] = "every run signs with this one";
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));

	assert(key);
	return key;
}

static void feed_approval(const json_t *sealed, EVP_PKEY *key)
{
	struct approvers approvers = { .org = "acme" };
	struct approval approval;
	struct error err = { 0 };
	int r = approvers_add(&approvers, "ana", key, &err);

	assert(r == 0);
	if (approval_verify(sealed, &approvers, &approval, &err) == 0) {
		CLEANUP(json) json_t *again = approval_sign(&approval, key, &err);

		assert(json_equal(again, sealed));
		assert(approval_check(&approval, &approval, 0, &err) == 0);
	} else {
		assert(err.code < 0 && err.text[0]);
	}
	(void)approval_parse(sealed, &approval, &err);
	approvers_finish(&approvers);
}

static void feed_list(const json_t *sealed, EVP_PKEY *key)
{
	const struct approvers_rule rule = { .org = "acme", .root = key, .least_sequence = 2 };
	CLEANUP(approvers) struct approvers approvers = { 0 };
	struct error err = { 0 };

	if (approvers_verify(sealed, &rule, &approvers, &err) == 0) {
		CLEANUP(json) json_t *again = approvers_sign(&approvers, key, &err);

		assert(json_equal(again, sealed));
		assert(approvers.sequence >= 2 && approvers.n <= APPROVERS_MAX);
	} else {
		assert(err.code < 0 && err.text[0] && approvers.n == 0);
	}
}

static void feed_grant(const json_t *sealed, EVP_PKEY *key)
{
	CLEANUP(approvers) struct approvers approvers = { .org = "acme" };
	CLEANUP(grant) struct grant grant = { 0 };
	struct revocation revocation;
	struct error err = { 0 };
	int r = approvers_add(&approvers, "ana", key, &err);

	assert(r == 0);
	if (grant_verify(sealed, &approvers, &grant, &err) == 0) {
		CLEANUP(json) json_t *again = grant_sign(&grant, key, &err);
		const struct grant_call call = { "acme", "vm-1", grant.tool, grant.arguments, 0 };

		assert(json_equal(again, sealed));
		(void)grant_check(&grant, &call, &err);
	}
	if (revocation_verify(sealed, &approvers, &revocation, &err) == 0) {
		CLEANUP(json) json_t *again = revocation_sign(&revocation, key, &err);

		assert(json_equal(again, sealed));
	}
}

static void feed_others(const json_t *sealed, EVP_PKEY *key)
{
	const struct renewal wanted = {
		.agent = "vm-1",
		.csr_sha256 = SHA,
		.server_nonce = "00112233445566778899aabbccddeeff",
	};
	struct anchor anchor;
	struct error err = { 0 };

	(void)renewal_verify(sealed, key, &wanted, &err);
	if (anchor_verify(sealed, key, &anchor, &err) == 0) {
		CLEANUP(json) json_t *again = anchor_sign(&anchor, key, &err);

		assert(json_equal(again, sealed));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(key) EVP_PKEY *key = signer();
	struct error err = { 0 };
	CLEANUP(json)
	json_t *json = json_parse((const char *)data, size, STATEMENT_MAX_BYTES, &err);
	CLEANUP(json) json_t *signed_here = json_is_object(json) ? statement_seal(json, key) : NULL;
	const json_t *const both[] = { json, signed_here };

	for (size_t i = 0; json && i < ARRAY_LEN(both); i++) {
		feed_approval(both[i], key);
		feed_list(both[i], key);
		feed_grant(both[i], key);
		feed_others(both[i], key);
	}
	return 0;
}
