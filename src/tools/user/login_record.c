#include "tools/user/login_record.h"

#include <string.h>

/* Where the fields lie; struct utmp of <utmp.h>, which differs between C libraries. */
enum {
	AT_TYPE = 0,
	AT_PID = 4,
	AT_LINE = 8,
	AT_USER = 44,
	AT_HOST = 76,
	AT_TIME = 340
};

static int32_t read_i32(const unsigned char *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void read_text(const unsigned char *at, size_t size, char *text_out)
{
	size_t len = strnlen((const char *)at, size);

	memcpy(text_out, at, len);
	text_out[len] = '\0';
}

bool login_record_parse(const unsigned char bytes[LOGIN_RECORD_BYTES],
			struct login_record *record_out)
{
	int type = bytes[AT_TYPE] | bytes[AT_TYPE + 1] << 8;
	int32_t time_s = read_i32(bytes + AT_TIME);

	if (type <= LOGIN_EMPTY || type > LOGIN_DEAD || time_s <= 0)
		return false;
	record_out->type = (enum login_type)type;
	record_out->pid = read_i32(bytes + AT_PID);
	record_out->time_s = time_s;
	read_text(bytes + AT_LINE, 32, record_out->line);
	read_text(bytes + AT_USER, 32, record_out->user);
	read_text(bytes + AT_HOST, 256, record_out->host);
	return true;
}

json_t *login_record_json(const struct login_record *record, int64_t now_s)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:i}", "user",
			 json_text(record->user, strlen(record->user)), "line",
			 json_text(record->line, strlen(record->line)), "from",
			 json_text(record->host, strlen(record->host)), "seconds_ago",
			 (json_int_t)(now_s - record->time_s), "pid", (int)record->pid);
}
