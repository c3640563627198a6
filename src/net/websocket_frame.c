/*
 * Frames, by wslay. Its context costs 4 KiB, so a connection has none but for a frame under way;
 * one for the next frame is kept by the process, which has one thread, and one for all that are
 * written in a role, since those are written whole. What it does not tell, a frame's head before
 * the payload begins, is read here.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/encoding.h"
#include "base/utf8.h"
#include "net/websocket_internal.h"

#define HEAD_MAX_BYTES 14

struct websocket_frame {
	wslay_frame_context_ptr context;
	struct evbuffer *input;
	uint64_t n_wire_left;    /* of the frame, not yet given to wslay */
	uint64_t n_payload_left; /* not yet given out */
	bool begun;
};

bool websocket_head_peek(struct evbuffer *input, struct websocket_head *head_out)
{
	unsigned char bytes[HEAD_MAX_BYTES];
	ssize_t n = evbuffer_copyout(input, bytes, sizeof(bytes));
	unsigned n_extra = 0;
	uint64_t length;

	if (n < 2)
		return false;
	length = bytes[1] & 0x7f;
	if (length > 125) {
		n_extra = length == 126 ? 2 : 8;
		if (n < 2 + (ssize_t)n_extra)
			return false;
		length = 0;
		for (unsigned i = 0; i < n_extra; i++)
			length = length << 8 | bytes[2 + i];
	}
	*head_out = (struct websocket_head) {
		.fin = bytes[0] & 0x80,
		.reserved = bytes[0] >> 4 & 7,
		.opcode = (enum websocket_opcode)(bytes[0] & 0xf),
		.masked = bytes[1] & 0x80,
		.n_head = 2 + n_extra + (bytes[1] & 0x80 ? 4 : 0),
		.n_payload = length,
	};
	return true;
}

static ssize_t give_input(uint8_t *bytes, size_t len, int flags UNUSED, void *data)
{
	struct websocket_frame *frame = data;
	int n;

	if (len > frame->n_wire_left)
		len = (size_t)frame->n_wire_left;
	n = len ? evbuffer_remove(frame->input, bytes, len) : 0;
	if (n <= 0)
		return -1; /* which it takes for "later" */
	frame->n_wire_left -= (uint64_t)n;
	return n;
}

static struct evbuffer *written_to;

static ssize_t take_output(const uint8_t *bytes, size_t len, int flags UNUSED, void *data UNUSED)
{
	if (evbuffer_add(written_to, bytes, len) < 0)
		abort();
	return (ssize_t)len;
}

static int make_mask(uint8_t *mask, size_t len, void *data UNUSED)
{
	return RAND_bytes(mask, (int)len) == 1 ? 0 : -1;
}

static wslay_frame_context_ptr context_new(void *data)
{
	static const struct wslay_frame_callbacks callbacks = { take_output, give_input,
								make_mask };
	wslay_frame_context_ptr context;

	if (wslay_frame_context_init(&context, &callbacks, data) != 0)
		abort();
	return context;
}

static struct websocket_frame *spare;

struct websocket_frame *websocket_frame_new(const struct websocket_head *head,
					    struct evbuffer *input)
{
	struct websocket_frame *frame = TAKE(spare);

	if (!frame) {
		frame = calloc(1, sizeof(*frame));
		if (!frame)
			abort();
		frame->context = context_new(frame);
	}
	frame->begun = false;
	frame->input = input;
	frame->n_wire_left = head->n_head + head->n_payload;
	frame->n_payload_left = head->n_payload;
	return frame;
}

void websocket_frame_free(struct websocket_frame *frame)
{
	if (!frame)
		return;
	/* After a whole one it expects another. */
	if (!spare && websocket_frame_is_whole(frame)) {
		spare = frame;
		return;
	}
	wslay_frame_context_free(frame->context);
	free(frame);
}

int websocket_frame_read(struct websocket_frame *frame, const char **data_out, size_t *len_out)
{
	struct wslay_frame_iocb io = { 0 };
	ssize_t n = wslay_frame_recv(frame->context, &io);

	if (n == WSLAY_ERR_WANT_READ)
		return 0;
	if (n < 0 || (uint64_t)n > frame->n_payload_left)
		return -EBADMSG;
	frame->begun = true;
	frame->n_payload_left -= (uint64_t)n;
	*data_out = (const char *)io.data;
	*len_out = (size_t)n;
	return 1;
}

bool websocket_frame_is_whole(const struct websocket_frame *frame)
{
	return frame->begun && !frame->n_payload_left;
}

void websocket_frame_write(struct evbuffer *output, enum websocket_role role,
			   enum websocket_opcode opcode, const void *payload, size_t len)
{
	/* One of each role: wslay goes on masking once it has. */
	static wslay_frame_context_ptr contexts[2];
	wslay_frame_context_ptr *context = &contexts[role == WEBSOCKET_CLIENT];
	struct wslay_frame_iocb io = {
		.fin = 1,
		.opcode = (uint8_t)opcode,
		.mask = role == WEBSOCKET_CLIENT,
		.payload_length = len,
		.data = payload,
		.data_length = len,
	};
	ssize_t n;

	if (!*context)
		*context = context_new(NULL);
	written_to = output;
	do {
		n = wslay_frame_send(*context, &io);
		if (n < 0)
			abort(); /* the output takes everything */
		io.data_length -= (size_t)n;
		if (n)
			io.data += n;
	} while (io.data_length);
}

enum websocket_code websocket_head_check(const struct websocket_head *head,
					 enum websocket_role role, const char **why_out)
{
	bool control = head->opcode >= WEBSOCKET_CLOSE;

	*why_out = NULL;
	if (head->reserved)
		*why_out = "a reserved bit is set";
	else if (head->masked != (role == WEBSOCKET_SERVER))
		*why_out = head->masked ? "a server's frame is masked"
					: "a client's frame is not masked";
	else if (head->opcode > WEBSOCKET_PONG ||
		 (head->opcode > WEBSOCKET_BINARY && head->opcode < WEBSOCKET_CLOSE))
		*why_out = "a reserved opcode";
	else if (control && !head->fin)
		*why_out = "a control frame in pieces";
	else if (control && head->n_payload > WEBSOCKET_CONTROL_MAX_BYTES)
		*why_out = "a control frame is too long";
	if (*why_out)
		return WEBSOCKET_PROTOCOL_ERROR;
	if (head->opcode == WEBSOCKET_BINARY) {
		*why_out = "binary messages are not spoken here";
		return WEBSOCKET_UNSUPPORTED;
	}
	return 0;
}

enum websocket_code websocket_close_check(const char *payload, size_t len, unsigned *code_out,
					  const char **why_out)
{
	unsigned code = WEBSOCKET_NO_CODE;

	if (len >= 2) {
		code = (unsigned)(unsigned char)payload[0] << 8 | (unsigned char)payload[1];
		if (code < 1000 || code > 4999 || (code > 1014 && code < 3000) ||
		    (code >= 1004 && code <= 1006)) {
			*why_out = "a close code that nobody may send";
			return WEBSOCKET_PROTOCOL_ERROR;
		}
	}
	if (len == 1) {
		*why_out = "a close frame of one byte";
		return WEBSOCKET_PROTOCOL_ERROR;
	}
	if (len > 2 && !utf8_is_valid(payload + 2, len - 2)) {
		*why_out = "a close reason that is not UTF-8";
		return WEBSOCKET_NOT_UTF8;
	}
	*code_out = code;
	return 0;
}

void websocket_accept_text(const char *key, char text[32])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char salted[128];

	text_format(salted, sizeof(salted), "%.60s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	if (EVP_Digest(salted, strlen(salted), digest, NULL, EVP_sha1(), NULL) != 1)
		abort();
	(void)base64_encode(digest, 20, text);
}
