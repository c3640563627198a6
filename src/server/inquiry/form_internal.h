/* What the files of forms share. */
#pragma once

#include "server/inquiry/form.h"

/* form_check.c: of a field that form_take() made. */
bool form_knows_format(const char *format);
int form_check_value(const json_t *field, const json_t *value, struct error *err) MUST_CHECK;
