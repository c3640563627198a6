/* The arguments of calls that are written as Python or in tags. */
#pragma once

#include "investigation/model/salvage.h"

#define SALVAGE_NAME_BYTES 64

bool salvage_is_name_byte(char c);

/* Both move the text past what they read; a new reference, or NULL if it is none. */

/* (key=value, "value", ...) after the name of a tool, whose schema names the parameters. */
json_t *salvage_python(struct str *text, const json_t *tool);

/* <parameter=KEY>VALUE</parameter>, <parameter name="KEY">VALUE</...>, <KEY>VALUE</KEY>. */
json_t *salvage_parameters(struct str *text);
