/* Records of utmp, wtmp and btmp, in the layout of glibc on 64-bit Linux. */
#pragma once

#include "base/json.h"

#define LOGIN_RECORD_BYTES 384

enum login_type { /* as in utmp(5) */
	LOGIN_EMPTY,
	LOGIN_RUN_LEVEL,
	LOGIN_BOOT,
	LOGIN_NEW_TIME,
	LOGIN_OLD_TIME,
	LOGIN_INIT,
	LOGIN_PROCESS,
	LOGIN_USER,
	LOGIN_DEAD,
};

struct login_record {
	enum login_type type;
	int32_t pid;
	char line[33], user[33], host[257];
	int64_t time_s;
};

/* False where the bytes hold no record that could be: an unknown type or no time. */
bool login_record_parse(const unsigned char bytes[LOGIN_RECORD_BYTES],
			struct login_record *record_out);

/* {user, line, from, seconds_ago, pid} */
json_t *login_record_json(const struct login_record *record, int64_t now_s);
