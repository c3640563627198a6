/* SMTP: the message line by line, and what the server says about each recipient. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "courier/process/dispatch_internal.h"

#define LINE_MAX_BYTES 998 /* RFC 5321, 4.5.3.1.6, without CRLF */
#define ADDRESS_MAX_BYTES 254
#define NAME_MAX_BYTES 253
#define CODE_BYTES 3

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

static int check_address(const char *address, const char *what, struct error *err)
{
	size_t len = strlen(address);

	if (len > ADDRESS_MAX_BYTES)
		return error_set(err, -EINVAL, "the %s's address is too long", what);
	for (const char *at = address; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("<>,;:\"\\()[]", *at))
			return error_set(err, -EINVAL, "the %s's address is not well-formed", what);
	return 0;
}

static int check_addresses(const struct courier_mail *mail, struct error *err)
{
	int r = check_address(mail->from, "sender", err);

	if (r == 0 && !mail->n_recipients)
		return error_set(err, -EINVAL, "a mail lacks its recipients");
	for (size_t i = 0; i < mail->n_recipients && r == 0; i++) {
		r = check_address(mail->recipients[i], "recipient", err);
		if (r == 0 && !strchr(mail->recipients[i], '@'))
			r = error_set(err, -EINVAL, "the recipient's address has no @");
	}
	return r;
}

static int check_message(const struct courier_mail *mail, struct error *err)
{
	size_t len = 0;

	if (memchr(mail->message, '\0', mail->n_message))
		return error_set(err, -EINVAL, "the mail has a NUL");
	for (size_t i = 0; i < mail->n_message; i++) {
		len = mail->message[i] == '\n' || mail->message[i] == '\r' ? 0 : len + 1;
		if (len > LINE_MAX_BYTES)
			return error_set(err, -EINVAL, "the mail has a line of more than %d bytes",
					 LINE_MAX_BYTES);
	}
	return 0;
}

static int judge(struct transfer *transfer, struct error *err)
{
	const struct courier_mail *mail = &transfer->mail.mail;
	int r = egress_check_policy(&transfer->policy, err);

	text_format(transfer->host, sizeof(transfer->host), "%s", mail->host);
	if (r == 0)
		r = egress_check_host(&transfer->policy, mail->host, err);
	if (r == 0 && mail->hello &&
	    (!*mail->hello || strlen(mail->hello) > NAME_MAX_BYTES ||
	     mail->hello[strspn(mail->hello, letters)]))
		r = error_set(err, -EINVAL, "the name for EHLO is no name");
	if (r == 0 && !mail->user != !mail->password)
		r = error_set(err, -EINVAL, "a user and a password come together");
	if (r == 0)
		r = check_addresses(mail, err);
	if (r == 0)
		r = check_message(mail, err);
	return r;
}

/* A line break of any kind becomes CRLF: a server that takes a bare LF for one could be made
 * to see the end of the message inside it. libcurl doubles dots at the start of a line. */
static size_t handle_read(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *transfer = data;
	struct mailing *mailing = transfer->mailing;
	const struct courier_mail *mail = &transfer->mail.mail;
	size_t len = 0, room = size * n;

	while (len < room && (mailing->owes_lf || mailing->at < mail->n_message)) {
		char byte;

		if (mailing->owes_lf) {
			bytes[len++] = '\n';
			mailing->owes_lf = false;
			continue;
		}
		byte = mail->message[mailing->at++];
		if (byte == '\n' && mailing->before == '\r') {
			mailing->before = byte;
			continue; /* it went out with the CR */
		}
		mailing->before = byte;
		mailing->owes_lf = byte == '\n' || byte == '\r';
		bytes[len++] = mailing->owes_lf ? '\r' : byte;
	}
	return len;
}

static void note_command(struct mailing *mailing, const char *bytes, size_t len)
{
	static const char recipient[] = "RCPT TO:", quit[] = "QUIT";

	mailing->recipient = -1;
	if (len > strlen(recipient) && memcmp(bytes, recipient, strlen(recipient)) == 0)
		mailing->recipient = (int)mailing->n_asked++;
	if (len >= strlen(quit) && memcmp(bytes, quit, strlen(quit)) == 0)
		mailing_hang_up(mailing);
}

void mailing_note_socket(struct mailing *mailing, int fd)
{
	for (size_t i = 0; i < TRANSFER_SOCKETS; i++) {
		if (mailing->sockets[i] >= 0)
			continue;
		mailing->sockets[i] = fd;
		return;
	}
}

static int handle_close(void *data, curl_socket_t fd)
{
	struct transfer *transfer = data;

	for (size_t i = 0; i < TRANSFER_SOCKETS; i++)
		if (transfer->mailing->sockets[i] == fd)
			transfer->mailing->sockets[i] = -1;
	return close(fd);
}

/* libcurl says QUIT when it closes a connection, and waits for the answer, for two minutes and
 * all other transfers with it. Here the answer is an end. */
void mailing_hang_up(const struct mailing *mailing)
{
	for (size_t i = 0; i < TRANSFER_SOCKETS; i++)
		if (mailing->sockets[i] >= 0)
			(void)shutdown(mailing->sockets[i], SHUT_RD);
}

static void note_answer(struct mailing *mailing, const char *bytes, size_t len)
{
	int at = mailing->recipient;
	unsigned status = 0;

	for (size_t i = 0; i < CODE_BYTES && i < len; i++)
		status = status * 10 + (unsigned)(bytes[i] - '0');
	while (len && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	if (len < CODE_BYTES || status > 999)
		return;
	failure_clean(bytes, len, mailing->last, sizeof(mailing->last));
	if (at < 0 || (size_t)at >= mailing->end.n_receipts)
		return;
	failure_clean(bytes + CODE_BYTES, len - CODE_BYTES, mailing->texts[at],
		      sizeof(mailing->texts[at]));
	mailing->end.receipts[at].status = status;
}

/* The only place where libcurl tells command and answer apart; AUTH comes by here as well. */
static int handle_talk(CURL *easy UNUSED, curl_infotype type, char *bytes, size_t len, void *data)
{
	struct transfer *transfer = data;

	if (type == CURLINFO_HEADER_OUT)
		note_command(transfer->mailing, bytes, len);
	else if (type == CURLINFO_HEADER_IN)
		note_answer(transfer->mailing, bytes, len);
	if (type == CURLINFO_HEADER_IN) {
		transfer->has_answered = true;
		transfer->n_header_bytes += len;
	}
	return 0;
}

static size_t handle_nothing(char *bytes UNUSED, size_t size, size_t n, void *data UNUSED)
{
	return size * n;
}

static void set_url(struct transfer *transfer)
{
	const struct courier_mail *mail = &transfer->mail.mail;
	bool is_tls = mail->security == COURIER_TLS;
	char host[sizeof(transfer->host) + 2], port[8], path[NAME_MAX_BYTES + 2];
	unsigned number = mail->port ? mail->port : is_tls ? 465 : 587;

	text_format(host, sizeof(host), strchr(mail->host, ':') ? "[%s]" : "%s", mail->host);
	text_format(port, sizeof(port), "%u", number);
	text_format(path, sizeof(path), "/%s", mail->hello ? mail->hello : "");
	if (curl_url_set(transfer->url, CURLUPART_SCHEME, is_tls ? "smtps" : "smtp", 0) ||
	    curl_url_set(transfer->url, CURLUPART_HOST, host, 0) ||
	    curl_url_set(transfer->url, CURLUPART_PORT, port, 0) ||
	    curl_url_set(transfer->url, CURLUPART_PATH, path, 0))
		abort(); /* all of it was checked */
	transfer_set(transfer, CURLOPT_CURLU, transfer->url);
	transfer_set(transfer, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	transfer_set(transfer, CURLOPT_PROXY, "");
}

static void add_bracketed(char *line, size_t size, const char *address)
{
	text_format(line, size, "<%s>", address);
}

static void set_envelope(struct transfer *transfer)
{
	const struct courier_mail *mail = &transfer->mail.mail;
	char line[ADDRESS_MAX_BYTES + 3];

	add_bracketed(line, sizeof(line), mail->from);
	transfer_set(transfer, CURLOPT_MAIL_FROM, line);
	for (size_t i = 0; i < mail->n_recipients; i++) {
		add_bracketed(line, sizeof(line), mail->recipients[i]);
		transfer_add_line(transfer, line);
	}
	transfer_set(transfer, CURLOPT_MAIL_RCPT, transfer->lines);
	/* The others get it where one is refused. */
	transfer_set_number(transfer, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1);
	if (!mail->user)
		return;
	transfer_set(transfer, CURLOPT_USERNAME, mail->user);
	transfer_set(transfer, CURLOPT_PASSWORD, mail->password);
	transfer_set(transfer, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN;AUTH=CRAM-MD5");
}

static struct mailing *mailing_new(size_t n_recipients)
{
	struct mailing *mailing = calloc(1, sizeof(*mailing));

	if (!mailing)
		abort();
	mailing->recipient = -1;
	mailing->end.n_receipts = n_recipients;
	for (size_t i = 0; i < n_recipients; i++)
		mailing->end.receipts[i].text = mailing->texts[i];
	for (size_t i = 0; i < TRANSFER_SOCKETS; i++)
		mailing->sockets[i] = -1;
	return mailing;
}

int mailing_prepare(struct transfer *transfer, struct error *err)
{
	int r = judge(transfer, err);

	transfer->mailing = mailing_new(transfer->mail.mail.n_recipients);
	if (r < 0)
		return r;
	set_url(transfer);
	set_envelope(transfer);
	if (transfer->mail.mail.security == COURIER_PLAIN)
		transfer->way = EGRESS_LOOPBACK;
	transfer_set_number(transfer, CURLOPT_USE_SSL,
			    transfer->mail.mail.security == COURIER_PLAIN ? CURLUSESSL_NONE
									  : CURLUSESSL_ALL);
	/* What a login opened is no other's. */
	transfer_set_number(transfer, CURLOPT_FRESH_CONNECT, 1);
	transfer_set_number(transfer, CURLOPT_FORBID_REUSE, 1);
	transfer_set_number(transfer, CURLOPT_UPLOAD, 1);
	transfer_set(transfer, CURLOPT_READFUNCTION, (const void *)handle_read);
	transfer_set(transfer, CURLOPT_READDATA, transfer);
	transfer_set(transfer, CURLOPT_WRITEFUNCTION, (const void *)handle_nothing);
	transfer_set(transfer, CURLOPT_CLOSESOCKETFUNCTION, (const void *)handle_close);
	transfer_set(transfer, CURLOPT_CLOSESOCKETDATA, transfer);
	transfer_set_number(transfer, CURLOPT_VERBOSE, 1);
	transfer_set(transfer, CURLOPT_DEBUGFUNCTION, (const void *)handle_talk);
	transfer_set(transfer, CURLOPT_DEBUGDATA, transfer);
	return 0;
}
