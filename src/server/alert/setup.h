/* What a person pastes into the other system, so that its alerts come here. */
#pragma once

#include "base/buf.h"
#include "server/alert/payload.h"

struct setup {
	enum alert_kind kind;
	const char *url;    /* of the intake of this integration */
	const char *secret; /* NULL: it is not known any more, a placeholder stands for it */
};

/* YAML, JSON or a command, with remarks. */
void setup_write(const struct setup *setup, struct buf *text);
