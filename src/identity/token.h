/*
 * Tokens, nonces and the codes of the device flow: what is random and secret.
 *
 * A token is a prefix that says what it is for and 33 characters of base62: 192
 * random bits written as one number, so none is rejected and none is likelier.
 * The store keeps its SHA-256 only; with 192 bits no salt and no slow hash is needed.
 */
#pragma once

#include "base/base.h"

enum token_kind {
	TOKEN_PROVISIONING, /* prov_ */
	TOKEN_STATIC,       /* nsk_ */
	TOKEN_INSTALL,      /* ins_ */
	TOKEN_API_KEY,      /* cst_ */
	TOKEN_CUSTOMER_KEY, /* rbk_live_: an API key that comes with a customer id */
	TOKEN_DEVICE,       /* dev_: RFC 8628 device_code */
	TOKEN_ALERT,        /* alt_: of a system that tells alerts */
};

#define TOKEN_N_KINDS 7
#define TOKEN_RANDOM_CHARS 33
#define TOKEN_TEXT_BYTES 48
#define TOKEN_HASH_BYTES 65
#define NONCE_TEXT_BYTES 33
#define USER_CODE_BYTES 10 /* XXXX-XXXX */

/* CLEANUP(token) wipes it. */
struct token {
	char text[TOKEN_TEXT_BYTES];
};

void token_make(enum token_kind kind, struct token *token_out);
void token_cleanup(struct token *token);

/* "prov_" ...; what people and logs may see of a token. */
const char *token_prefix(enum token_kind kind);

/*
 * Whether the text has the form of a token of that kind. The time depends on 'len' and
 * 'kind' only. Says nothing about whether it is one: look its hash up.
 */
bool token_is(enum token_kind kind, const char *text, size_t len);

/* The kind whose form the text has. False, and nothing written, where it has none. */
bool token_find_kind(const char *text, size_t len, enum token_kind *kind_out);

/* SHA-256 as lower-case hex, of a token of any form; returns 'hash'. */
const char *token_hash(const char *text, size_t len, char hash[TOKEN_HASH_BYTES]);

/* Compares two secrets or hashes; the time depends on the lengths only. */
bool token_equal(const char *one, size_t n_one, const char *other, size_t n_other);

/* 128 random bits as lower-case hex: nonces and ids. Returns 'nonce'. */
const char *nonce_make(char nonce[NONCE_TEXT_BYTES]);
bool nonce_is(const char *text);

/*
 * A code that people type: 8 characters without those that look alike (no I, O, 0, 1), 40 bits.
 * Rate limits and a short life make it safe, see RFC 8628 5.1. Returns 'code'.
 */
const char *user_code_make(char code[USER_CODE_BYTES]);

/*
 * What a person typed, in any case, with or without dashes and blanks, as the code is kept.
 * False, and nothing written, for anything else.
 */
bool user_code_read(const char *text, size_t len, char code_out[USER_CODE_BYTES]);
