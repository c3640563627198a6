#include "host/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define COUNTERS_MAX_BYTES (256 * KIB)
#define SO_ACCEPTING 0x10000

int network_open(const struct host *host, const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "proc/1/net/%s", name);
	fd = host_open(host, path, O_RDONLY);
	if (fd >= 0)
		return fd;
	(void)snprintf(path, sizeof(path), "proc/net/%s", name);
	return host_open(host, path, O_RDONLY);
}

static ino_t inode_of(const struct host *host, const char *path)
{
	CLEANUP(fd) int fd = host_open(host, path, O_PATH);
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 ? status.st_ino : 0;
}

bool network_is_own(const struct host *host)
{
	/* Each network namespace has its own entries below /proc/PID/net. */
	return host->is_fixture ||
	       inode_of(host, "proc/self/net/dev") == inode_of(host, "proc/1/net/dev");
}

/* "Tcp: RtoMin RtoMax" and, on the next line, "Tcp: 200 120000". */
static void add_pair(json_t *counters, const char *names, const char *values)
{
	struct str group, name;
	int64_t value;
	char key[128];
	struct str ignored;

	if (!scan_word(&names, &group) || !scan_word(&values, &ignored) || !group.len)
		return;
	while (scan_word(&names, &name) && scan_i64(&values, &value)) {
		(void)snprintf(key, sizeof(key), "%.*s.%.*s", (int)group.len - 1, group.data,
			       (int)name.len, name.data);
		(void)json_object_set_new(counters, key, json_integer(value));
	}
}

static void add_counters(const struct host *host, const char *file, json_t *counters)
{
	CLEANUP(fd) int fd = network_open(host, file);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;
	char names[LINES_MAX_BYTES + 1];

	if (fd < 0)
		return;
	lines_init(&lines, fd, COUNTERS_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		str_copy(line, names, sizeof(names));
		if (lines_next(&lines, &line))
			add_pair(counters, names, line.data);
	}
}

json_t *network_counters(const struct host *host)
{
	json_t *counters = json_object();

	add_counters(host, "snmp", counters);
	add_counters(host, "netstat", counters);
	return counters;
}

const char *socket_address_format(const struct socket_address *address,
				  char text[SOCKET_ADDRESS_TEXT_BYTES])
{
	if (!inet_ntop(address->family, address->bytes, text, SOCKET_ADDRESS_TEXT_BYTES))
		text[0] = '\0';
	return text;
}

bool socket_address_is_any(const struct socket_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

const char *socket_state_name(unsigned state)
{
	static const char *const names[SOCKET_N_STATES] = {
		NULL,        "established", "syn_sent",    "syn_recv",   "fin_wait1",
		"fin_wait2", "time_wait",   "close",       "close_wait", "last_ack",
		"listen",    "closing",     "new_syn_recv"
	};

	return state < SOCKET_N_STATES ? names[state] : NULL;
}

static bool nibble(char c, uint32_t *value)
{
	const char *digits = "0123456789ABCDEF";
	const char *at = c ? strchr(digits, c >= 'a' && c <= 'f' ? c - 32 : c) : NULL;

	if (at)
		*value = *value << 4 | (uint32_t)(at - digits);
	return at != NULL;
}

/* Eight hex digits: a word in the machine's byte order, which holds network order. */
static bool address_word(const char **at, uint8_t *bytes)
{
	uint32_t word = 0;

	for (int i = 0; i < 8; i++)
		if (!nibble((*at)[i], &word))
			return false;
	*at += 8;
	memcpy(bytes, &word, sizeof(word));
	return true;
}

static bool address(const char **at, struct socket_address *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const char *cursor = *at + strspn(*at, " ");
	uint64_t port;
	size_t n = 0;

	*out = (struct socket_address) { .family = AF_INET6 };
	while (n < 4 && address_word(&cursor, out->bytes + 4 * n))
		n++;
	if ((n != 1 && n != 4) || !scan_text(&cursor, ":") || !scan_hex(&cursor, &port) ||
	    port > UINT16_MAX)
		return false;
	if (n == 1) {
		out->family = AF_INET;
	} else if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		out->family = AF_INET;
		memmove(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
	}
	out->port = (uint16_t)port;
	*at = cursor;
	return true;
}

bool socket_line_parse(const char *line, struct socket_line *socket_out)
{
	struct socket_line s = { 0 };
	uint64_t slot, state, ignored;
	struct str word;

	if (!scan_u64(&line, &slot) || !scan_text(&line, ":") || !address(&line, &s.local) ||
	    !address(&line, &s.remote) || !scan_hex(&line, &state) || state == 0 ||
	    state >= SOCKET_N_STATES)
		return false;
	if (!scan_hex(&line, &s.send_queue) || !scan_text(&line, ":") ||
	    !scan_hex(&line, &s.receive_queue))
		return false;
	/* tr:tm->when, retrnsmt */
	if (!scan_word(&line, &word) || !scan_hex(&line, &ignored) || !scan_u64(&line, &s.uid) ||
	    !scan_u64(&line, &ignored) || !scan_u64(&line, &s.inode))
		return false;
	/* What follows is ref and pointer; then, for UDP only, the drops end the line. */
	if (scan_u64(&line, &ignored) && scan_word(&line, &word))
		(void)scan_u64(&line, &s.drops);
	s.state = (unsigned)state;
	*socket_out = s;
	return true;
}

bool unix_line_is_listening(const struct unix_line *socket)
{
	return socket->flags & SO_ACCEPTING;
}

bool unix_line_parse(const char *line, struct unix_line *socket_out)
{
	struct unix_line s = { 0 };
	uint64_t protocol;
	struct str word;

	if (!scan_word(&line, &word) || word.data[word.len - 1] != ':' ||
	    !scan_hex(&line, &s.references) || !scan_hex(&line, &protocol) ||
	    !scan_hex(&line, &s.flags) || !scan_hex(&line, &s.type) || !scan_hex(&line, &s.state) ||
	    !scan_u64(&line, &s.inode))
		return false;
	line += strspn(line, " ");
	s.path = (struct str) { line, strlen(line) };
	*socket_out = s;
	return true;
}
