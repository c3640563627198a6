#include "net/local_site.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"

static struct local_site site;

static int listen_at(const char *where, enum local_reach reach, uint16_t port)
{
	struct error err = { 0 };
	int fd;

	site = (struct local_site) { .reach = reach, .port = port };
	fd = local_site_listen(&site, where, &err);
	if (fd >= 0)
		close(fd);
	else
		CHECK(err.text[0]);
	return fd < 0 ? fd : 0;
}

TEST(an_address_has_a_port_or_takes_the_usual_one)
{
	CHECK_INT(listen_at("127.0.0.1:0", LOCAL_LOOPBACK, 0), 0);
	CHECK(strncmp(site.address, "127.0.0.1:", 10) == 0 && strcmp(site.address + 10, "0") != 0);
	CHECK_INT(listen_at("127.0.0.1", LOCAL_LOOPBACK, 0), -EINVAL);
	CHECK_INT(listen_at("127.0.0.1:", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("127.0.0.1:80x", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("127.0.0.1:65536", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("127.0.0.1:-1", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at(":8080", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("[127.0.0.1]x", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("localhost:0", LOCAL_LOOPBACK, 8080), -EINVAL);
	CHECK_INT(listen_at("", LOCAL_LOOPBACK, 8080), -EINVAL);
}

TEST(others_are_let_in_only_where_that_is_wanted)
{
	CHECK_INT(listen_at("0.0.0.0:0", LOCAL_LOOPBACK, 0), -EINVAL);
	CHECK_INT(listen_at("10.0.0.1:0", LOCAL_LOOPBACK, 0), -EINVAL);
	CHECK_INT(listen_at("[::]:0", LOCAL_LOOPBACK, 0), -EINVAL);
	CHECK_INT(listen_at("0.0.0.0:0", LOCAL_ANYWHERE, 0), 0);
	CHECK_INT(listen_at("127.9.9.9:0", LOCAL_LOOPBACK, 0), 0);
}

TEST(a_page_of_this_host_is_told_from_others)
{
	CHECK(local_site_is_origin("http://localhost:5173"));
	CHECK(local_site_is_origin("https://127.0.0.1"));
	CHECK(local_site_is_origin("http://[::1]:80"));
	CHECK(!local_site_is_origin("http://localhost.evil.example"));
	CHECK(!local_site_is_origin("http://127.0.0.1:80x"));
	CHECK(!local_site_is_origin("file://localhost"));
	CHECK(!local_site_is_origin("null"));
}
