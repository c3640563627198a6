#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program_name = "constable";
static enum log_level log_ceiling = LOG_LEVEL_WARN;

void log_set(const char *program, enum log_level ceiling)
{
	program_name = program;
	log_ceiling = ceiling;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;
	int len;
	size_t used;

	if (level > log_ceiling)
		return;
	len = snprintf(line, sizeof(line), "%s: ", program_name);
	va_start(args, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	used = (size_t)len < sizeof(line) - 1 ? (size_t)len : sizeof(line) - 2;
	/* Foreign text may stand in the line: it stays one line, and cannot steer a terminal. */
	for (size_t i = 0; i < used; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody listens */
}
