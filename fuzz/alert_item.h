/* What holds for every alert, whatever it was made from. */
#pragma once

#include "server/alert/payload.h"

/* Asserts what alert.h promises of what was read, and ends it. */
void alert_item_check(int r, struct alert_payload *payload, const struct error *err);
