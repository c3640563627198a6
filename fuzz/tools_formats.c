/* Formats that single tools read: the input's first byte chooses the parser. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/certificate/certificate.h"
#include "tools/container/container_id.h"
#include "tools/database/resp.h"
#include "tools/kernel/arrays.h"
#include "tools/user/login_record.h"

#define NOW_S INT64_C(1763830000)

static void feed_certificates(const char *bytes, size_t len)
{
	CLEANUP(json)
	json_t *list = certificates_parse(bytes, len, (uint64_t)NOW_S * NS_PER_SEC);

	assert(!list || json_array_size(list) <= CERTIFICATES_MAX_CHAIN);
}

static void feed_container(const char *bytes, size_t len)
{
	struct container_id id;

	if (!container_id_parse((struct str) { bytes, len }, &id))
		return;
	assert(id.runtime && memchr(id.id, '\0', sizeof(id.id)));
	assert(memchr(id.pod, '\0', sizeof(id.pod)));
}

static void feed_resp(const char *bytes, size_t len)
{
	CLEANUP(json) json_t *value = NULL;
	size_t used = 0;

	if (resp_parse(bytes, len, &value, &used) == RESP_DONE)
		assert(value && used > 0 && used <= len);
	else
		assert(!value);
}

static void feed_arrays(const char *bytes, size_t len)
{
	CLEANUP(text) char *text = strndup(bytes, len);
	CLEANUP(json) json_t *list = arrays_parse(text);

	assert(json_is_array(list));
}

static void feed_login(const char *bytes, size_t len)
{
	unsigned char record_bytes[LOGIN_RECORD_BYTES] = { 0 };
	struct login_record record;

	memcpy(record_bytes, bytes, len < sizeof(record_bytes) ? len : sizeof(record_bytes));
	if (!login_record_parse(record_bytes, &record))
		return;

	CLEANUP(json) json_t *json = login_record_json(&record, NOW_S);

	assert(json);
}

static void (*const feeds[])(const char *bytes, size_t len) = {
	feed_certificates, feed_container, feed_resp, feed_arrays, feed_login,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		feeds[(data[0] - 'a') % ARRAY_LEN(feeds)]((const char *)data + 1, size - 1);
	return 0;
}
