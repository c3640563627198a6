/* Nonces that need no memory, and a memory of those that were used. */
#include <endian.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "call/consent_internal.h"
#include "call/hash.h"
#include "call/ring.h"

#define NS_PER_US UINT64_C(1000)
#define GIVEN_BYTES 8 /* 48 bits of microseconds since the boot, 16 at random */
#define MAC_BYTES 8
#define RING_FILE "nonces"

uint64_t nonce_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void add_part(struct buf *message, const char *text)
{
	buf_add(message, text, strlen(text) + 1); /* with its NUL, so that parts stay apart */
}

static void mac(const struct consent *consent, const unsigned char key[SECRET_BYTES],
		const struct consent_call *call, const unsigned char given[GIVEN_BYTES],
		unsigned char mac_out[MAC_BYTES])
{
	CLEANUP(buf) struct buf message = { 0 };
	unsigned char whole[EVP_MAX_MD_SIZE];

	buf_init(&message, 4 * KIB);
	add_part(&message, "constable nonce, version 1");
	add_part(&message, consent->boot_id);
	add_part(&message, call->call_id);
	add_part(&message, call->tool);
	add_part(&message, call->args_sha256);
	buf_add(&message, given, GIVEN_BYTES);
	if (message.dropped || !HMAC(EVP_sha256(), key, SECRET_BYTES,
				     (const unsigned char *)message.data, message.len, whole, NULL))
		abort();
	memcpy(mac_out, whole, MAC_BYTES);
}

void nonce_format(const struct consent *consent, const unsigned char key[SECRET_BYTES],
		  const struct consent_call *call, char nonce[NONCE_TEXT_BYTES])
{
	unsigned char bytes[GIVEN_BYTES + MAC_BYTES];
	uint64_t given = htobe64(nonce_now_ns() / NS_PER_US << 16);

	memcpy(bytes, &given, sizeof(given));
	if (getrandom(bytes + 6, 2, 0) != 2)
		abort();
	mac(consent, key, call, bytes, bytes + GIVEN_BYTES);
	(void)hex_encode(bytes, sizeof(bytes), nonce);
}

int nonce_check(const struct consent *consent, const unsigned char key[SECRET_BYTES],
		const struct consent_call *call, const char *nonce, uint64_t *age_ns_out,
		struct error *err)
{
	unsigned char bytes[GIVEN_BYTES + MAC_BYTES], expected[MAC_BYTES];
	uint64_t given, now = nonce_now_ns();

	if (hex_decode(nonce, bytes, sizeof(bytes)) < 0)
		return error_set(err, -EBADMSG, "a nonce is 32 hexadecimal digits");
	mac(consent, key, call, bytes, expected);
	memcpy(&given, bytes, sizeof(given));
	given = (be64toh(given) >> 16) * NS_PER_US;
	if (CRYPTO_memcmp(bytes + GIVEN_BYTES, expected, MAC_BYTES) != 0 || given > now)
		return error_set(err, -EACCES,
				 "the nonce was not given for this call since this host started");
	*age_ns_out = now - given;
	return 0;
}

static int use(struct ring *ring, const char *nonce, uint64_t expires_ns, struct error *err)
{
	int r = ring_has(ring, nonce, err);

	if (r < 0)
		return r;
	if (r)
		return error_set(err, -EACCES, "the approval was used before");
	if (ring_oldest_value(ring) > nonce_now_ns())
		return error_set(err, -EBUSY, "%d approvals that are still good were used already",
				 CONSENT_MAX_USED);
	return ring_add(ring, nonce, expires_ns, RING_SYNCED, err);
}

int nonce_use(const struct consent *consent, const char *nonce, uint64_t expires_ns,
	      struct error *err)
{
	unsigned char tag[RING_TAG_BYTES];
	char sha256[HASH_TEXT_BYTES];
	struct ring ring;
	int r;

	/* Nonces of an earlier boot are good for nothing, so their ring is begun anew. */
	hash_text(consent->boot_id, strlen(consent->boot_id), sha256);
	memcpy(tag, sha256, sizeof(tag));
	r = ring_open(&ring, consent->dir_fd, RING_FILE, CONSENT_MAX_USED, tag, err);
	if (r == 0)
		r = use(&ring, nonce, expires_ns, err);
	ring_close(&ring);
	return r;
}
