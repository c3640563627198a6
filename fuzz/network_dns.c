/* Answers of DNS servers and resolv.conf: decoded within bounds, whatever they say. */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tools/network/dns_message.h"
#include "tools/network/resolv_conf.h"

static void decode_answer(const uint8_t *data, size_t size)
{
	uint16_t id = size >= 2 ? (uint16_t)(data[0] << 8 | data[1]) : 0;
	struct dns_answer answer = { 0 };

	if (dns_answer_decode(data, size, id, &answer) == 0) {
		assert(json_is_array(answer.records));
		json_decref(answer.records);
	}
	/* An answer to another query is never taken. */
	assert(size < 12 || dns_answer_decode(data, size, (uint16_t)(id + 1), &answer) == -EAGAIN ||
	       size > DNS_MESSAGE_MAX_BYTES);
}

static void encode_name(const char *name)
{
	uint8_t bytes[512];
	ssize_t len = dns_query_encode(name, DNS_A, 7, bytes, sizeof(bytes));

	assert(len < (ssize_t)sizeof(bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text) char *text = strndup((const char *)data, size);
	struct resolv_conf conf;
	json_t *json;

	decode_answer(data, size);
	encode_name(text);
	resolv_conf_parse(text, &conf);
	assert(conf.n_servers <= RESOLV_CONF_MAX_SERVERS);
	json = resolv_conf_json(&conf);
	assert(json_is_object(json));
	json_decref(json);
	json_decref(conf.search);
	return 0;
}
