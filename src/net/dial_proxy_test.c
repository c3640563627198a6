/* Dialling through a proxy, and past it. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <string.h>

#include "net/listen.h"
#include "net/test_call.h"

/* A proxy that does what its test says, for one client. */
struct proxy {
	struct test_call *call;
	struct evconnlistener *listener;
	struct bufferevent *client, *server;
	const char *answer;
	char request[1024];
	char url[128];
};

static void relay(struct bufferevent *from, void *data)
{
	struct proxy *proxy = data;

	(void)bufferevent_write_buffer(from == proxy->client ? proxy->server : proxy->client,
				       bufferevent_get_input(from));
}

static void handle_proxied(struct bufferevent *client, void *data)
{
	struct proxy *proxy = data;
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(proxy->call->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	size_t n = bufferevent_read(client, proxy->request, sizeof(proxy->request) - 1);

	proxy->request[n] = '\0';
	(void)bufferevent_write(client, proxy->answer, strlen(proxy->answer));
	if (!strstr(proxy->answer, " 200 "))
		return;
	proxy->server = bufferevent_socket_new(proxy->call->base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(proxy->server, relay, NULL, NULL, proxy);
	(void)bufferevent_enable(proxy->server, EV_READ | EV_WRITE);
	CHECK_INT(bufferevent_socket_connect(proxy->server, (struct sockaddr *)&to, sizeof(to)), 0);
	bufferevent_setcb(client, relay, NULL, NULL, proxy);
}

static void handle_client(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *address UNUSED, int len UNUSED, void *data)
{
	struct proxy *proxy = data;

	proxy->client = bufferevent_socket_new(evconnlistener_get_base(listener), fd,
					       BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(proxy->client, handle_proxied, NULL, NULL, proxy);
	(void)bufferevent_enable(proxy->client, EV_READ | EV_WRITE);
}

static void open_proxy(struct proxy *proxy, struct test_call *call, const char *answer)
{
	struct error err = { 0 };
	int fd = listen_open("127.0.0.1", 0, &err);

	text_format(proxy->url, sizeof(proxy->url), "http://me:s%%3acret@127.0.0.1:%u",
		    listen_port(fd));
	proxy->call = call;
	proxy->answer = answer;
	proxy->listener =
		evconnlistener_new(call->base, handle_client, proxy, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	call->config.proxy = proxy->url;
}

static void close_proxy(struct proxy *proxy)
{
	if (proxy->client)
		bufferevent_free(proxy->client);
	if (proxy->server)
		bufferevent_free(proxy->server);
	evconnlistener_free(proxy->listener);
}

TEST(a_proxy_is_asked_for_a_tunnel)
{
	struct test_call call = { 0 };
	struct proxy proxy = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	open_proxy(&proxy, &call, "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	CHECK(strncmp(proxy.request, "CONNECT 127.0.0.1:", 18) == 0);
	CHECK(strstr(proxy.request, "\r\nProxy-Authorization: Basic bWU6czpjcmV0\r\n"));
	close_proxy(&proxy);
	test_call_close(&call);
}

TEST(a_proxys_no_is_told)
{
	static const struct {
		const char *answer;
		int code;
	} answers[] = {
		{ "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
		  -EPERM },
		{ "HTTP/1.1 401 Unauthorized\r\n\r\n", -EPERM },
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", -EPERM },
		{ "HTTP/1.1 502 Bad Gateway\r\n\r\n", -EREMOTEIO },
		{ "SSH-2.0-OpenSSH_9.2\r\n", -EPROTO },
		{ "HTTP/1.1 200 OK\r\n\r\nand more", -EPROTO },
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct test_call call = { 0 };
		struct proxy proxy = { 0 };

		test_call_open(&call, "127.0.0.1", TEST_PLAIN);
		open_proxy(&proxy, &call, answers[i].answer);
		test_call_dial(&call, "127.0.0.1", "/ws");
		test_call_check_failed(&call, answers[i].code);
		CHECK(!strstr(call.outcome.err.text, "cret"));
		close_proxy(&proxy);
		test_call_close(&call);
	}
}

TEST(an_exempt_host_goes_past_the_proxy)
{
	struct test_call call = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_PLAIN);
	call.config.proxy = "http://127.0.0.1:1";
	call.config.no_proxy = "example.org, 127.0.0.0/8";
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	test_call_close(&call);
}

TEST(exemptions_are_names_networks_and_all)
{
	CHECK(dial_is_exempt("a.example", "a.example"));
	CHECK(dial_is_exempt("x,.example", "a.example"));
	CHECK(dial_is_exempt("example", "A.EXAMPLE"));
	CHECK(dial_is_exempt("*", "anything"));
	CHECK(dial_is_exempt("10.0.0.0/8", "10.200.3.4"));
	CHECK(dial_is_exempt("10.1.2.3", "10.1.2.3"));
	CHECK(dial_is_exempt("fd00::/8,::1", "::1"));
	CHECK(dial_is_exempt("192.168.4.0/22", "192.168.7.255"));
	CHECK(!dial_is_exempt(NULL, "a"));
	CHECK(!dial_is_exempt("", "a"));
	CHECK(!dial_is_exempt("ample", "a.example"));
	CHECK(!dial_is_exempt("a.example", "b.a.exampl"));
	CHECK(!dial_is_exempt("192.168.4.0/22", "192.168.8.0"));
	CHECK(!dial_is_exempt("10.0.0.0/33", "10.0.0.0"));
	CHECK(!dial_is_exempt("10.0.0.0/x", "10.0.0.0"));
	CHECK(!dial_is_exempt("0.0.0.0/0", "::1"));
}
