/*
 * The ends of jobs that go to the steward of signed programs. Each is kept until a steward says
 * that it has taken it: one that ends before that, idle or killed, takes nobody's question with it,
 * for the next one is passed what it left. A second time is enough: who is not taken then is let
 * go.
 */
#pragma once

#include "base/base.h"

#define HANDED_MAX 64

struct handed {
	struct handed_end {
		int fd;
		bool may_change;
		bool was_left; /* by a steward that ended */
	} ends[HANDED_MAX];
	size_t n;
	size_t n_passed; /* the first ones, to the steward that is there */
};

/* Takes the descriptor over; false where no place is free. */
bool handed_add(struct handed *handed, int *fd, bool may_change);

/* Passes over 'socket' what was not passed yet. */
void handed_pass(struct handed *handed, int socket);

/* The steward has taken one, in the order in which they came; false: there was none. */
bool handed_note_taken(struct handed *handed);

/* It is about to be let go of: what it said on 'socket' of those it has taken, and nobody has read
 * yet, counts as well. */
void handed_hear_rest(struct handed *handed, int socket);

/* It has ended. */
void handed_note_end(struct handed *handed);

/* There is to be no other. */
void handed_drop_all(struct handed *handed);
