#include "net/test_nats.h"

#include <event2/bufferevent.h>
#include <string.h>

static void handle_said(struct bufferevent *stream, void *data)
{
	struct talk *talk = data;
	char bytes[4096];
	size_t len;

	while ((len = bufferevent_read(stream, bytes, sizeof(bytes))) > 0)
		buf_add(&talk->heard, bytes, len);
}

static void handle_accepted(struct evconnlistener *listener UNUSED, evutil_socket_t fd,
			    struct sockaddr *from UNUSED, int len UNUSED, void *data)
{
	struct talk *talk = data;

	talk->n_accepted++;
	talk->server = bufferevent_socket_new(talk->base, fd, BEV_OPT_CLOSE_ON_FREE);
	CHECK(talk->server);
	bufferevent_setcb(talk->server, handle_said, NULL, NULL, talk);
	(void)bufferevent_enable(talk->server, EV_READ | EV_WRITE);
	(void)bufferevent_write(talk->server, talk->info, strlen(talk->info));
}

static void handle_up(struct nats *nats UNUSED, void *data)
{
	((struct talk *)data)->n_up++;
}

static void handle_message(struct str subject, struct str payload, void *data)
{
	CHECK(str_is(subject, "ours") && str_is(payload, "hi"));
	((struct talk *)data)->n_messages++;
}

static void handle_drained(struct nats *nats UNUSED, void *data UNUSED)
{
}

static void handle_confirmed(struct nats *nats UNUSED, void *data)
{
	((struct talk *)data)->n_confirmed++;
}

static void handle_refused(struct nats *nats UNUSED, enum nats_refused what, struct str why UNUSED,
			   void *data)
{
	struct talk *talk = data;

	talk->n_refused++;
	talk->refused = what;
}

static void handle_down(struct nats *nats UNUSED, const struct error *err, void *data)
{
	struct talk *talk = data;

	talk->n_down++;
	talk->why = *err;
	talk->client = NULL;
}

void talk_open(struct talk *talk, const char *info)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	talk->base = event_base_new();
	talk->info = info;
	buf_init(&talk->heard, MIB);
	talk->listener = evconnlistener_new_bind(talk->base, handle_accepted, talk,
						 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 1,
						 (struct sockaddr *)&address, sizeof(address));
	CHECK(talk->listener);
	CHECK_INT(getsockname(evconnlistener_get_fd(talk->listener), (struct sockaddr *)&address,
			      &len),
		  0);
	talk->port = ntohs(address.sin_port);
	talk->config.host = talk->config.host ? talk->config.host : "127.0.0.1";
	talk->config.port = talk->port;
	talk->config.name = "test";
	talk->config.version = "1";
	talk->config.handle_up = handle_up;
	talk->config.handle_message = handle_message;
	talk->config.handle_drained = handle_drained;
	talk->config.handle_confirmed = handle_confirmed;
	talk->config.handle_refused = handle_refused;
	talk->config.handle_down = handle_down;
	talk->config.data = talk;
}

void talk_dial(struct talk *talk)
{
	struct error err = { 0 };

	talk->client = nats_connect(talk->base, &talk->config, &err);
	if (!talk->client)
		FAIL("%s", err.text);
}

bool talk_has_heard(const struct talk *talk, const char *text)
{
	return strstr(buf_text(&talk->heard), text);
}

void talk_say(struct talk *talk, const char *text)
{
	(void)bufferevent_write(talk->server, text, strlen(text));
}

void talk_come_up(struct talk *talk)
{
	talk_dial(talk);
	LOOP_UNTIL(talk->base, talk_has_heard(talk, "PING\r\n") || talk->n_down);
	CHECK_INT(talk->n_down, 0);
	talk_say(talk, "PONG\r\n");
	LOOP_UNTIL(talk->base, talk->n_up == 1);
}

void talk_close(struct talk *talk)
{
	nats_close(talk->client);
	if (talk->server)
		bufferevent_free(talk->server);
	evconnlistener_free(talk->listener);
	buf_finish(&talk->heard);
	event_base_free(talk->base);
}

void talk_check_ends(struct talk *talk, int code, const char *reason)
{
	LOOP_UNTIL(talk->base, talk->n_down == 1);
	CHECK_INT(talk->why.code, code);
	if (!strstr(talk->why.text, reason))
		FAIL("%s", talk->why.text);
}
