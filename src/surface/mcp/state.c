#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "surface/mcp/mcp_internal.h"

#define STATE_MAX_BYTES (64 * KIB)
#define STATE_LIFETIME_NS (600 * NS_PER_SEC)
#define MAC_BYTES 32

static void make_key(struct mcp *mcp)
{
	static const char none[MCP_KEY_BYTES];

	if (memcmp(mcp->key, none, sizeof(none)) == 0 &&
	    RAND_bytes((unsigned char *)mcp->key, sizeof(mcp->key)) != 1)
		abort();
}

/* Of the state and of the call that it belongs to. */
static void sign(struct mcp *mcp, const struct mcp_request *request, const char *text, size_t len,
		 unsigned char mac[MAC_BYTES])
{
	json_t *arguments = json_object_get(request->params, "arguments");
	CLEANUP(text) char *args = arguments ? json_canonical(arguments) : strdup("");
	const char *name =
		json_get_text(request->params, "name", json_get_text(request->params, "uri", ""));
	CLEANUP(buf) struct buf whole = { 0 };
	unsigned n = MAC_BYTES;

	make_key(mcp);
	buf_init(&whole, SIZE_MAX / 2);
	buf_add(&whole, name, strlen(name) + 1);
	buf_add(&whole, args, strlen(args) + 1);
	buf_add(&whole, text, len);
	if (!HMAC(EVP_sha256(), mcp->key, sizeof(mcp->key), (const unsigned char *)whole.data,
		  whole.len, mac, &n))
		abort();
}

/* Base64 of: the MAC, the end of its life, a blank, the state. */
char *mcp_state_seal(struct mcp *mcp, const struct mcp_request *request, const char *state)
{
	CLEANUP(buf) struct buf whole = { 0 };
	unsigned char mac[MAC_BYTES] = { 0 };

	buf_init(&whole, STATE_MAX_BYTES);
	buf_add(&whole, mac, sizeof(mac));
	buf_add_format(&whole, "%llu ",
		       (unsigned long long)(clock_monotonic_ns() + STATE_LIFETIME_NS));
	buf_add_text(&whole, state);
	sign(mcp, request, whole.data + MAC_BYTES, whole.len - MAC_BYTES, mac);
	memcpy(whole.data, mac, sizeof(mac));
	return base64_text(whole.data, whole.len);
}

char *mcp_state_open(struct mcp *mcp, const struct mcp_request *request, const char *sealed)
{
	CLEANUP(buf) struct buf whole = { 0 };
	unsigned char mac[MAC_BYTES];
	uint64_t until_ns = 0;
	const char *at;

	buf_init(&whole, STATE_MAX_BYTES);
	if (base64_decode(sealed, strlen(sealed), &whole) < 0 || whole.len <= MAC_BYTES)
		return NULL;
	sign(mcp, request, whole.data + MAC_BYTES, whole.len - MAC_BYTES, mac);
	if (CRYPTO_memcmp(mac, whole.data, sizeof(mac)) != 0)
		return NULL;
	at = whole.data + MAC_BYTES;
	if (!scan_u64(&at, &until_ns) || *at != ' ' || until_ns < clock_monotonic_ns())
		return NULL;
	return strdup(at + 1);
}
