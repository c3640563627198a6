/* Redaction inside: patterns, the automaton that finds their anchors, and matchers. */
#pragma once

#include "call/redact.h"

/* Bits of a character; a set of characters is an OR of them. */
enum {
	CHAR_DIGIT = 1 << 0,
	CHAR_HEX_LOWER = 1 << 1, /* a-f */
	CHAR_LOWER = 1 << 2,     /* g-z */
	CHAR_UPPER = 1 << 3,
	CHAR_UNDERSCORE = 1 << 4,
	CHAR_DASH = 1 << 5,
	CHAR_DOT = 1 << 6,
	CHAR_BASE64 = 1 << 7, /* + / = */
	CHAR_PERCENT = 1 << 8,
	CHAR_HASH = 1 << 9, /* $ , : of password hashes */
	CHAR_TILDE = 1 << 10,
	CHAR_BLANK = 1 << 11,
	CHAR_QUOTE = 1 << 12,
	CHAR_END = 1 << 13, /* & ; , < > ( ) { } [ ] | */
};

#define CHARS_HEX (CHAR_DIGIT | CHAR_HEX_LOWER)
#define CHARS_LETTER (CHAR_HEX_LOWER | CHAR_LOWER | CHAR_UPPER)
#define CHARS_ALNUM (CHAR_DIGIT | CHARS_LETTER)
#define CHARS_WORD (CHARS_ALNUM | CHAR_UNDERSCORE)
#define CHARS_URL (CHARS_WORD | CHAR_DASH)
#define CHARS_NAME (CHARS_URL | CHAR_DOT)
#define CHARS_B64 (CHARS_ALNUM | CHAR_BASE64)

enum {
	PATTERN_MIXED = 1 << 0,     /* needs a digit and letters of both cases */
	PATTERN_NO_ANT = 1 << 1,    /* "ant-" after the anchor is another's */
	PATTERN_LOOSE = 1 << 2,     /* may follow a word character */
	PATTERN_WEAK = 1 << 3,      /* a name whose value must look like a secret */
	PATTERN_PART = 1 << 4,      /* a name that must be a whole part: DB_PASS, not bypass */
	PATTERN_VARIABLE = 1 << 5,  /* a name only as NAME=, in capitals */
	PATTERN_DIRECTIVE = 1 << 6, /* a name at a line's start, a blank, a value */
	PATTERN_QUOTED = 1 << 7,    /* a name only as JSON writes it, in quotes */
};

struct text {
	const char *data;
	size_t len;
	size_t done; /* what lies before it is already decided */
};

struct span {
	size_t start, end;
	const char *kind;
};

struct pattern {
	const char *anchor; /* lower case */
	size_t n_anchor;    /* its bytes */
	const char *kind;
	/* 'at' is where the anchor stands. Fills the span to replace. */
	bool (*match)(const struct text *text, const struct pattern *pattern, size_t at,
		      struct span *span_out);
	const char *exact; /* the anchor as it must be written, or NULL: any case */
	unsigned chars;
	size_t min, max; /* of what follows the anchor */
	unsigned flags;
};

extern const struct pattern redact_patterns[];
extern const size_t redact_n_patterns;

unsigned char_bits(char c);
size_t run_length(const struct text *text, size_t at, unsigned chars, size_t max);
bool is_word_before(const struct text *text, size_t at);

bool match_token(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out);
bool match_jwt(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out);
bool match_telegram(const struct text *text, const struct pattern *pattern, size_t at,
		    struct span *span_out);
bool match_discord(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out);
bool match_url(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out);
bool match_netrc(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out);
bool match_header(const struct text *text, const struct pattern *pattern, size_t at,
		  struct span *span_out);
bool match_key_begin(const struct text *text, const struct pattern *pattern, size_t at,
		     struct span *span_out);
bool match_key_end(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out);
bool match_named(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out);
bool match_sql(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out);
bool match_command(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out);

/* Whether a whole line looks like one of a private key's file between its first and its last. */
bool redact_is_key_line(const char *line, size_t len);

/* The pattern of a name that says its value is secret, or NULL. */
const struct pattern *redact_find_name(const char *name, size_t len);

/* Whether a value under such a name is one worth hiding. */
bool redact_is_value(const struct pattern *pattern, const char *value, size_t len);

/* An argv: which part of items[i] is a secret given the items before it. */
bool redact_argv_item(const char *const *items, size_t n, size_t i, struct span *span_out);

/* The automaton over all anchors: from a state and a byte to the next state. */
#define AUTOMATON_HIT 0x8000U /* some anchor ends in that state */

struct automaton {
	const uint16_t *next;         /* [state << class_bits | class] */
	const uint16_t *out;          /* first pattern that ends in a state, + 1 */
	const uint16_t *fallback_out; /* the next shorter state that has one */
	uint8_t classes[256];
	unsigned class_bits;
};

/* Made at build time by redact_automaton.c: a job lives for milliseconds. */
extern const struct automaton redact_automaton;

/* The next state, with AUTOMATON_HIT or without; so is 'state', which is 0 at first. */
static inline unsigned automaton_step(const struct automaton *automaton, unsigned state, char c)
{
	return automaton->next[(state & ~AUTOMATON_HIT) << automaton->class_bits |
			       automaton->classes[(unsigned char)c]];
}

#define REDACTOR_CLEAN_SLOTS 32

struct redactor {
	const struct automaton *automaton;
	json_t *clean[REDACTOR_CLEAN_SLOTS]; /* redact_json() holds them while it runs */
};

bool redact_has_secret(const struct redactor *redactor, const char *data, size_t len);
