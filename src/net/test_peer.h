/*
 * For the tests of this folder: the other side of a connection, which sends any
 * bytes and keeps what it gets, on the same loop; and certificates, made anew.
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/test.h"
#include "net/tls.h"

/* Runs the loop until the condition holds; a minute at most, since an emulator is slow. */
#define LOOP_UNTIL(base, condition)                                          \
	do {                                                                 \
		uint64_t until_ns_ = clock_monotonic_ns() + 60 * NS_PER_SEC; \
		while (!(condition)) {                                       \
			if (clock_monotonic_ns() > until_ns_)                \
				FAIL("never: %s", #condition);               \
			test_loop_once(base);                                \
		}                                                            \
	} while (0)

/* One round of the loop; waits a moment for something to do. */
void test_loop_once(struct event_base *base);

struct test_peer {
	struct event_base *base;
	struct bufferevent *stream;
	struct buf received;
	bool ended, failed;
	bool deaf; /* reads nothing while set before connecting */
};

/* 'tls' NULL: plain. */
void test_peer_connect(struct test_peer *peer, struct event_base *base, uint16_t port,
		       SSL_CTX *tls);
void test_peer_finish(struct test_peer *peer);
void test_peer_send(struct test_peer *peer, const void *bytes, size_t len);
void test_peer_send_text(struct test_peer *peer, const char *text);
/* Says that it sends no more, and reads on. */
void test_peer_half_close(struct test_peer *peer);
/* Closes so that the other side sees a reset. */
void test_peer_reset(struct test_peer *peer);
bool test_peer_has(const struct test_peer *peer, const char *text);
void test_peer_listen_again(struct test_peer *peer);

/* A CA and what it signed; all in memory. */
struct test_pki {
	char *ca_pem;
	X509_STORE *trusted;
	struct tls_identity server;  /* localhost, 127.0.0.1 and ::1 */
	struct tls_identity client;  /* "a-client" */
	struct tls_identity expired; /* the same, ended a day ago */
};

void test_pki_make(struct test_pki *pki);
void test_pki_finish(struct test_pki *pki);
