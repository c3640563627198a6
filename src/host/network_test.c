#include "host/network.h"

#include <netinet/in.h>

#include "base/test.h"

TEST(an_ipv4_listener_is_read_with_its_queue)
{
	struct socket_line line;
	char text[SOCKET_ADDRESS_TEXT_BYTES];

	CHECK(socket_line_parse(
		"   3: 0100007F:1F90 00000000:0000 0A 00000000:00000081 00:00000000 "
		"00000000  1000        0 55443 1 0000000000000000 100 0 0 10 0",
		&line));
	CHECK_TEXT(socket_address_format(&line.local, text), "127.0.0.1");
	CHECK_INT(line.local.port, 8080);
	CHECK_INT(line.state, SOCKET_LISTEN);
	CHECK_INT(line.receive_queue, 0x81);
	CHECK_INT(line.uid, 1000);
	CHECK_INT(line.inode, 55443);
	CHECK(socket_address_is_any(&line.remote));
}

TEST(ipv6_and_mapped_ipv4_are_told_apart)
{
	struct socket_line line;
	char text[SOCKET_ADDRESS_TEXT_BYTES];

	CHECK(socket_line_parse("0: B80D0120000000000000000001000000:0050 "
				"0000000000000000FFFF00000200000A:C350 01 00000000:00000000 "
				"00:00000000 00000000 0 0 9 1 0",
				&line));
	CHECK_TEXT(socket_address_format(&line.local, text), "2001:db8::1");
	CHECK_INT(line.remote.family, AF_INET);
	CHECK_TEXT(socket_address_format(&line.remote, text), "10.0.0.2");
}

TEST(a_udp_line_ends_with_its_drops)
{
	struct socket_line line;

	CHECK(socket_line_parse(
		"  12: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 "
		"00000000     0        0 77 2 0000000000000000 41",
		&line));
	CHECK_INT(line.drops, 41);
}

TEST(a_unix_line_keeps_blanks_in_its_path)
{
	struct unix_line line;

	CHECK(unix_line_parse("0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/a b",
			      &line));
	CHECK(str_is(line.path, "/run/a b") && unix_line_is_listening(&line));
	CHECK_INT(line.inode, 4711);
	CHECK(unix_line_parse("ffff: 3 0 0 1 3 12", &line) && line.path.len == 0);
}

TEST(garbage_is_no_socket)
{
	static const char *const garbage[] = {
		"",
		"  sl  local_address rem_address   st",
		"1: ",
		"1: 0100007F:1F90",
		"1: 0100007:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"1: 0100007F:1FFFFF90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		"1: 0100007F:1F90 00000000:0000 FF 0:0 00:0 0 0 0 1",
		"1: 0100007F0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
	};
	struct socket_line line;
	struct unix_line unix_line;

	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		CHECK(!socket_line_parse(garbage[i], &line));
		CHECK(!unix_line_parse(garbage[i], &unix_line));
	}
}
