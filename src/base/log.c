#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program_name = "constable";
static enum log_level log_ceiling = LOG_LEVEL_WARN;
static void (*log_writer)(int level, const char *text, void *data);
static void *log_writer_data;

void log_set(const char *program, enum log_level ceiling)
{
	program_name = program;
	log_ceiling = ceiling;
}

void log_set_writer(void (*writer)(int level, const char *text, void *data), void *data)
{
	log_writer = writer;
	log_writer_data = data;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;
	int len;
	size_t used;

	if (level > log_ceiling)
		return;
	len = log_writer ? 0 : snprintf(line, sizeof(line), "%s: ", program_name);
	va_start(args, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	used = (size_t)len < sizeof(line) - 1 ? (size_t)len : sizeof(line) - 2;
	/* Foreign text may stand in the line: it stays one line, and cannot steer a terminal. */
	for (size_t i = 0; i < used; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	if (log_writer) {
		line[used] = '\0';
		log_writer((int)level, line, log_writer_data);
		return;
	}
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody listens */
}
