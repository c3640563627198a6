#include "tools/network/dns_message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 12
#define QUESTION_TAIL_BYTES 4
#define MAX_RECORDS 32
#define FLAG_RECURSION_DESIRED 0x01

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

ssize_t dns_query_encode(const char *name, enum dns_type type, uint16_t id, uint8_t *bytes_out,
			 size_t size)
{
	int len;

	if (size < HEADER_BYTES + QUESTION_TAIL_BYTES + 1)
		return -EINVAL;
	memset(bytes_out, 0, HEADER_BYTES);
	put16(bytes_out, id);
	bytes_out[2] = FLAG_RECURSION_DESIRED;
	put16(bytes_out + 4, 1); /* one question */
	len = dn_comp(*name ? name : ".", bytes_out + HEADER_BYTES,
		      (int)(size - HEADER_BYTES - QUESTION_TAIL_BYTES), NULL, NULL);
	if (len < 0)
		return -EINVAL;
	put16(bytes_out + HEADER_BYTES + len, (unsigned)type);
	put16(bytes_out + HEADER_BYTES + len + 2, ns_c_in);
	return HEADER_BYTES + len + QUESTION_TAIL_BYTES;
}

static json_t *record_json(const ns_msg *message, const ns_rr *record)
{
	char text[NS_MAXDNAME];
	unsigned type = ns_rr_type(*record);

	if (type == ns_t_a && ns_rr_rdlen(*record) == 4)
		return json_string(inet_ntop(AF_INET, ns_rr_rdata(*record), text, sizeof(text)));
	if (type == ns_t_aaaa && ns_rr_rdlen(*record) == 16)
		return json_string(inet_ntop(AF_INET6, ns_rr_rdata(*record), text, sizeof(text)));
	if ((type == ns_t_cname || type == ns_t_ns || type == ns_t_ptr) &&
	    ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record),
			       text, sizeof(text)) >= 0)
		return json_text(text, strlen(text));
	return NULL;
}

static int decode_records(ns_msg *message, json_t *records)
{
	int n = ns_msg_count(*message, ns_s_an);

	for (int i = 0; i < n && i < MAX_RECORDS; i++) {
		json_t *json;
		ns_rr record;

		if (ns_parserr(message, ns_s_an, i, &record) < 0)
			return -EBADMSG;
		json = record_json(message, &record);
		if (json)
			json_push(records, json);
	}
	return 0;
}

int dns_answer_decode(const uint8_t *bytes, size_t len, uint16_t id, struct dns_answer *answer_out)
{
	CLEANUP(json) json_t *records = json_array();
	ns_msg message;
	int r;

	if (len < HEADER_BYTES || len > DNS_MESSAGE_MAX_BYTES)
		return -EBADMSG;
	if ((unsigned)bytes[0] << 8 != (id & 0xff00U) || bytes[1] != (id & 0xff))
		return -EAGAIN;
	if (ns_initparse(bytes, (int)len, &message) < 0 || !ns_msg_getflag(message, ns_f_qr))
		return -EBADMSG;
	answer_out->code = ns_msg_getflag(message, ns_f_rcode);
	answer_out->is_truncated = ns_msg_getflag(message, ns_f_tc);
	/* A truncated answer may end inside a record; it is asked for again. */
	r = answer_out->is_truncated ? 0 : decode_records(&message, records);
	if (r < 0)
		return r;
	answer_out->records = TAKE(records);
	return 0;
}

const char *dns_code_name(int code, char text[16])
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };

	if (code >= 0 && (size_t)code < ARRAY_LEN(names))
		(void)snprintf(text, 16, "%s", names[code]);
	else
		(void)snprintf(text, 16, "code %d", code);
	return text;
}
