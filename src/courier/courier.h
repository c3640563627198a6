/*
 * The courier: requests to addresses that people or payloads choose, by HTTPS and SMTP
 * (courier/mail.h).
 *
 * They are made by a child process, constable-courier, which alone has libcurl and the network;
 * it is started when something is to be sent and ends when nothing has been for
 * COURIER_IDLE_NS. Everything here is asynchronous, for libevent programs; what is handed in is
 * copied. URLs, headers and messages may hold secrets: none of them is logged, or put into an
 * argument, the environment or the sentence of an error, which names the host at most.
 *
 * Whatever a policy says: redirects are reported and never followed, certificates are checked,
 * no proxy comes from the environment, and link-local addresses, those of cloud metadata
 * services, multicast and 0.0.0.0/8 are never connected to. Addresses are judged after name
 * resolution, on the very address that is connected to. Through a proxy the proxy resolves
 * names: then only the host of the URL can be judged.
 */
#pragma once

#include "base/error.h"
#include "courier/policy.h"

struct event_base;
struct courier;
struct courier_call; /* one request or mail under way */

#define COURIER_MAX_OPEN 256              /* calls; beyond: -EBUSY */
#define COURIER_MAX_OPEN_BYTES (64 * MIB) /* of their bodies together; beyond: -EBUSY */
#define COURIER_MAX_BODY_BYTES (16 * MIB) /* of one; beyond: -E2BIG */
#define COURIER_MAX_HEADERS 32            /* plain and secret ones together */
#define COURIER_WINDOW_BYTES (256 * KIB)  /* of an answer, ahead of who reads it */
#define COURIER_IDLE_NS (30 * NS_PER_SEC)

struct courier_config {
	const char *executables; /* the folder of constable-courier and constable-keeper */
	const char *proxy;       /* of HTTP requests: "http://[user:password@]host:port", or NULL */
	const char *no_proxy;    /* hosts not to ask it for, "host,.domain,*", or NULL */
	uint64_t idle_ns;        /* 0: COURIER_IDLE_NS */
};

/*
 * To be called before the process raises walls behind which it can start nothing: what starts
 * couriers, constable-keeper, is started here. The process must ignore SIGPIPE.
 * NULL with 'err' if no process can be made, or the proxy is no URL of that form.
 */
struct courier *courier_new(struct event_base *base, const struct courier_config *config,
			    struct error *err);

/* What is under way is dropped, and no callback arrives afterwards. */
void courier_free(struct courier *courier);
void courier_cleanup(struct courier **courier);
unsigned courier_n_open(const struct courier *courier);

/* How long, and how much; 0 takes the default. */
struct courier_limits {
	uint64_t connect_ns;    /* name, connection and TLS: 10 s */
	uint64_t first_byte_ns; /* from the start to the first byte of the answer: 60 s */
	uint64_t idle_ns;       /* without a byte in either direction, unless paused: 60 s */
	uint64_t total_ns;      /* 10 min; at most a day */
	uint64_t max_bytes;     /* of the answer's body: 16 MiB */
};

struct courier_header {
	const char *name, *value; /* a token; no CR, LF, NUL */
};

struct courier_request {
	const char *method; /* GET HEAD POST PUT PATCH DELETE */
	const char *url;    /* absolute; no user in it, no fragment is sent */

	/* Not Host, Content-Length, Transfer-Encoding, Connection, Upgrade, Expect, Proxy-*, TE. */
	const struct courier_header *headers;
	size_t n_headers;
	const struct courier_header *secrets; /* as headers; wiped where they were */
	size_t n_secrets;

	const void *body; /* NULL: none */
	size_t n_body;
	const char *wanted;     /* of the answer's headers: "retry-after, content-type", or NULL */
	const char *ca_pem;     /* certificates to trust in place of the system's, or NULL */
	const char *client_pem; /* our certificate and its key, which is a secret; or NULL */
	struct courier_policy policy;
	struct courier_limits limits;
};

struct courier_head {
	unsigned status;                      /* 200 to 599 */
	const struct courier_header *headers; /* the wanted ones that came, names in lower case */
	size_t n_headers;
};

/*
 * Called from the loop, never before courier_request() has returned: 'head' once, 'body' for
 * each piece of at most 64 KiB, 'end' exactly once and last; 'head' may be missing where 'end'
 * has an error. Any status that the server answers is a success. Each may be NULL but 'end';
 * each may cancel, pause, or start other calls.
 */
struct courier_handlers {
	void (*head)(const struct courier_head *head, void *data);
	void (*body)(const char *bytes, size_t len, void *data);

	/*
	 * 'err' is NULL when the answer is whole. Else: -EINVAL the request is malformed,
	 * -EACCES the policy forbids it, -ENOENT no such name, -ECONNREFUSED -EHOSTUNREACH no
	 * connection, -EKEYREJECTED its certificate, -EPERM a proxy or a login said no,
	 * -EPROTO what came is no TLS or HTTP, -ECONNRESET it ended early, -ETIMEDOUT a limit
	 * of time, -E2BIG a limit of size, -EBUSY too much is under way, -EIO the courier
	 * died. After -EIO, -ECONNRESET and -ETIMEDOUT the server may have got the request.
	 */
	void (*end)(const struct error *err, void *data);
};

/* 'handlers' is kept, not copied: a constant. Never NULL: what is wrong is told to 'end'. */
struct courier_call *courier_request(struct courier *courier, const struct courier_request *request,
				     const struct courier_handlers *handlers, void *data);

/*
 * While paused, no handler is called; at most COURIER_WINDOW_BYTES are read ahead, and then the
 * server has to wait. Only total_ns goes on.
 */
void courier_pause(struct courier_call *call);
void courier_resume(struct courier_call *call);

/* Of a request or a mail: no handler is called any more. The call is gone. */
void courier_cancel(struct courier_call *call);
