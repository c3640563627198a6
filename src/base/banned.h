/* Functions that have no safe use here; each has a better one in base/. */
#pragma once

/* Libraries' headers may mention them: they come before the ban takes effect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf
#pragma GCC poison atoi atol atoll atof sscanf gets system tmpnam mktemp
