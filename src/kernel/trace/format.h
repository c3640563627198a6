#pragma once

/* How a value is read and shown. */
enum trace_format {
	TRACE_NUMBER,
	TRACE_HEX,
	TRACE_COMM,        /* 16 bytes */
	TRACE_STRING,      /* of the kernel */
	TRACE_USER_STRING, /* of the process */
	TRACE_PEER,        /* a struct sock: the other end */
	TRACE_LOCAL,       /* likewise: our end */
	TRACE_ERRNO,       /* 0, or the name of a negative return value */
	TRACE_SYSCALL,
	TRACE_SIGNAL,
	TRACE_DEVICE, /* a dev_t: "8:0" */
	TRACE_SOFTIRQ,
	TRACE_EXIT, /* as wait() has it */
	TRACE_TCP_STATE,
	TRACE_PROBE, /* the target's name */
	TRACE_LOCK,  /* the flags of lock:contention_begin */
	TRACE_STACK, /* what kernel_stack and user_stack are */
	TRACE_FORMAT_N,
};

/* Its word in a request. */
const char *trace_format_name(enum trace_format format);
