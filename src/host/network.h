/*
 * The network as the machine's first process sees it, from /proc/1/net: a job
 * may itself live in an empty network namespace, so /proc/net is only taken
 * where /proc/1/net cannot be seen (hidepid) and where a fixture lacks it.
 */
#pragma once

#include "base/lines.h"
#include "host/host.h"

/* A descriptor on /proc/net/NAME of the host, or a negative errno. */
int network_open(const struct host *host, const char *name) MUST_CHECK;

/*
 * Whether this process lives in the network that is read here. If not, what lies
 * below /proc/sys/net is another network's: the kernel shows each reader its own.
 */
bool network_is_own(const struct host *host);

/*
 * The counters of /proc/net/snmp and netstat as {"Tcp.RetransSegs": n, ...}. A
 * new object, empty if none can be read.
 */
json_t *network_counters(const struct host *host);

struct socket_address {
	int family; /* AF_INET or AF_INET6; an IPv4 address in IPv6 is AF_INET */
	uint8_t bytes[16];
	uint16_t port;
};

#define SOCKET_ADDRESS_TEXT_BYTES 48

/* Without the port; returns 'text'. */
const char *socket_address_format(const struct socket_address *address,
				  char text[SOCKET_ADDRESS_TEXT_BYTES]);
bool socket_address_is_any(const struct socket_address *address);

enum socket_state { /* as the kernel numbers them */
	SOCKET_ESTABLISHED = 1,
	SOCKET_SYN_SENT,
	SOCKET_SYN_RECV,
	SOCKET_FIN_WAIT1,
	SOCKET_FIN_WAIT2,
	SOCKET_TIME_WAIT,
	SOCKET_CLOSE,
	SOCKET_CLOSE_WAIT,
	SOCKET_LAST_ACK,
	SOCKET_LISTEN,
	SOCKET_CLOSING,
	SOCKET_NEW_SYN_RECV,
	SOCKET_N_STATES,
};

/* "established" ...; NULL outside the enum. */
const char *socket_state_name(unsigned state);

struct socket_line {
	struct socket_address local, remote;
	unsigned state;                     /* enum socket_state; UDP uses ESTABLISHED and CLOSE */
	uint64_t send_queue, receive_queue; /* of a listener: connections not yet accepted */
	uint64_t uid, inode;
	uint64_t drops; /* UDP only */
};

/* One line of /proc/net/{tcp,tcp6,udp,udp6}; false for the heading and for garbage. */
bool socket_line_parse(const char *line, struct socket_line *socket_out);

struct unix_line {
	uint64_t references, flags, type, state, inode;
	struct str path; /* borrowed from the line; empty if unnamed; '@' begins an abstract one */
};

bool unix_line_is_listening(const struct unix_line *socket);
bool unix_line_parse(const char *line, struct unix_line *socket_out);
