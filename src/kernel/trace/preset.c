#include "kernel/trace/preset.h"

#include <string.h>

/* Ports and addresses are the kernel's, in the order of the wire: 13568 is port 53. */
#define OPENS "[\"open\",\"creat\",\"openat\",\"openat2\"]"
#define FILE_CALLS                                                                      \
	"[\"read\",\"write\",\"pread64\",\"pwrite64\",\"readv\",\"writev\",\"openat\"," \
	"\"fsync\",\"fdatasync\",\"newfstatat\",\"statx\",\"unlinkat\",\"getdents64\"]"

const struct trace_preset trace_presets[] = {
	{ "block-queue-depth",
	  "How many requests to a block device are under way when one more begins, by device.",
	  { "{\"subject\":\"none\",\"aggregate\":\"depth\","
	    "\"start\":[{\"target\":\"block:block_rq_issue\",\"join\":\"arg0\"}],"
	    "\"target\":\"block:block_rq_complete\",\"join\":\"arg0\","
	    "\"key\":[\"device=rq.q.disk.part0.bd_dev|rq.rq_disk.part0.bd_dev:device\"]}" } },
	{ "cgroup-throttling",
	  "How long control groups had to wait because their CPU quota was used up.",
	  { "{\"type\":\"kprobe\",\"subject\":\"none\","
	    "\"start\":[{\"target\":\"throttle_cfs_rq\",\"join\":\"arg0\"}],"
	    "\"target\":\"unthrottle_cfs_rq\",\"join\":\"arg0\","
	    "\"key\":[\"group=cfs_rq.tg.css.cgroup.kn.name:string\"]}" } },
	{ "disk-latency",
	  "How long requests to block devices take, by device and process.",
	  { "{\"subject\":\"start.pid\","
	    "\"start\":[{\"target\":\"block:block_rq_issue\",\"join\":\"arg0\"}],"
	    "\"target\":\"block:block_rq_complete\",\"join\":\"arg0\","
	    "\"key\":[\"device=rq.q.disk.part0.bd_dev|rq.rq_disk.part0.bd_dev:device\","
	    "\"process=start.comm\"]}" } },
	{ "disk-sizes",
	  "How many bytes each request to a block device has, by device.",
	  { "{\"subject\":\"none\",\"target\":\"block:block_rq_issue\",\"aggregate\":\"hist\","
	    "\"value\":\"rq.__data_len\","
	    "\"key\":[\"device=rq.q.disk.part0.bd_dev|rq.rq_disk.part0.bd_dev:device\"]}" } },
	{ "dns-latency",
	  "How long processes wait for the first answer of a name server, by server.",
	  { "{\"start\":[{\"target\":\"sock:sock_send_length\",\"join\":\"arg0\",\"filters\":["
	    "{\"field\":\"sk.__sk_common.skc_dport\",\"op\":\"eq\",\"value\":13568},"
	    "{\"field\":\"ret\",\"op\":\"gt\",\"value\":0}]}],"
	    "\"target\":\"sock:sock_recv_length\",\"join\":\"arg0\",\"filters\":["
	    "{\"field\":\"ret\",\"op\":\"gt\",\"value\":0}],"
	    "\"key\":[\"process=comm\",\"server=sk:peer\"]}" } },
	{ "execs",
	  "Which programs are started, and how often.",
	  { "{\"target\":\"sched:sched_process_exec\",\"aggregate\":\"count\","
	    "\"key\":[\"process=comm\",\"file=bprm.filename:string\"]}" } },
	{ "exits",
	  "Which processes end, and how: exit status or signal.",
	  { "{\"target\":\"sched:sched_process_exit\",\"aggregate\":\"count\","
	    "\"filters\":[{\"field\":\"tid\",\"op\":\"eq\",\"value\":\"{pid}\"}],"
	    "\"key\":[\"process=comm\",\"result=p.exit_code:exit\"]}" } },
	{ "file-opens",
	  "Which files are opened by which process, with what result and how long that takes.",
	  { "{\"type\":\"raw\",\"start\":["
	    "{\"target\":\"sys_enter\",\"join\":\"tid\",\"keep\":\"arg1\",\"filters\":"
	    "[{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":[\"openat\",\"openat2\"]}]},"
	    "{\"target\":\"sys_enter\",\"join\":\"tid\",\"keep\":\"arg0\",\"filters\":"
	    "[{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":[\"open\",\"creat\"]}]}],"
	    "\"target\":\"sys_exit\",\"join\":\"tid\",\"filters\":"
	    "[{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":" OPENS "}],"
	    "\"key\":[\"process=comm\",\"file=start.kept:user_string\",\"result=ret:errno\"]}" } },
	{ "lock-contention",
	  "How long processes wait for locks inside the kernel, and for which kind.",
	  { "{\"type\":\"raw\",\"start\":[{\"target\":\"lock:contention_begin\",\"join\":\"tid\","
	    "\"keep\":\"arg1\",\"first\":true}],"
	    "\"target\":\"lock:contention_end\",\"join\":\"tid\","
	    "\"key\":[\"process=comm\",\"lock=start.kept:lock\"]}" } },
	{ "offcpu",
	  "How long processes are off the processor, waiting or pushed aside.",
	  { "{\"subject\":\"next.tgid\",\"start\":[{\"target\":\"sched:sched_switch\","
	    "\"join\":\"prev.pid\",\"filters\":"
	    "[{\"field\":\"prev.pid\",\"op\":\"ne\",\"value\":0}]}],"
	    "\"target\":\"sched:sched_switch\",\"join\":\"next.pid\","
	    "\"key\":[\"process=next.comm:comm\"]}" } },
	{ "oom-kills",
	  "Which processes are killed because memory ran out.",
	  { "{\"subject\":\"none\",\"target\":\"oom:mark_victim\",\"aggregate\":\"events\","
	    "\"key\":[\"process=task.comm|comm:comm\",\"pid=task.tgid|arg0\"]}" } },
	{ "page-allocations",
	  "Which processes have the kernel allocate pages, and of what order.",
	  { "{\"target\":\"kmem:mm_page_alloc\",\"aggregate\":\"count\",\"type\":\"raw\","
	    "\"key\":[\"process=comm\",\"order=arg1\"]}" } },
	{ "page-faults",
	  "Which processes touch memory that is not there yet.",
	  { "{\"target\":\"exceptions:page_fault_user\",\"aggregate\":\"count\",\"type\":\"raw\","
	    "\"key\":[\"process=comm\",\"pid\"]}" } },
	{ "runq-latency",
	  "How long processes that could run wait for a processor.",
	  { "{\"subject\":\"next.tgid\",\"start\":["
	    "{\"target\":\"sched:sched_wakeup\",\"join\":\"p.pid\"},"
	    "{\"target\":\"sched:sched_wakeup_new\",\"join\":\"p.pid\"},"
	    "{\"target\":\"sched:sched_switch\",\"join\":\"prev.pid\",\"filters\":["
	    "{\"field\":\"prev_state|prev.__state|prev.state\",\"op\":\"eq\",\"value\":0},"
	    "{\"field\":\"prev.pid\",\"op\":\"ne\",\"value\":0}]}],"
	    "\"target\":\"sched:sched_switch\",\"join\":\"next.pid\","
	    "\"key\":[\"process=next.comm:comm\"]}" } },
	{ "signals",
	  "Which signals are sent, from whom to whom.",
	  { "{\"subject\":\"task.tgid\",\"target\":\"signal:signal_generate\","
	    "\"aggregate\":\"count\",\"filters\":"
	    "[{\"field\":\"result\",\"op\":\"eq\",\"value\":0}],"
	    "\"key\":[\"signal=arg0:signal\",\"from=comm\",\"to=task.comm:comm\"]}" } },
	{ "softirqs",
	  "How long soft interrupts keep the processors busy, by kind.",
	  { "{\"subject\":\"none\",\"type\":\"raw\",\"start\":"
	    "[{\"target\":\"softirq_entry\",\"join\":\"cpu\"}],"
	    "\"target\":\"softirq_exit\",\"join\":\"cpu\",\"key\":[\"softirq=arg0:softirq\"]}" } },
	{ "syscalls",
	  "System calls by count, result and time.",
	  { "{\"type\":\"raw\",\"start\":[{\"target\":\"sys_enter\",\"join\":\"tid\"}],"
	    "\"target\":\"sys_exit\",\"join\":\"tid\","
	    "\"key\":[\"call=id:syscall\",\"result=ret:errno\"]}" } },
	{ "tcp-connects",
	  "Which processes connect by TCP, and where to.",
	  { "{\"target\":\"sock:inet_sock_set_state\",\"aggregate\":\"count\",\"filters\":"
	    "[{\"field\":\"newstate\",\"op\":\"eq\",\"value\":2}],"
	    "\"key\":[\"process=comm\",\"pid\",\"peer=sk:peer\"]}" } },
	{ "tcp-handshakes",
	  "How long TCP connections take to be made, and whether they are.",
	  { "{\"subject\":\"start.pid\",\"start\":[{\"target\":\"sock:inet_sock_set_state\","
	    "\"join\":\"sk\",\"filters\":[{\"field\":\"newstate\",\"op\":\"eq\",\"value\":2}]}],"
	    "\"target\":\"sock:inet_sock_set_state\",\"join\":\"sk\",\"filters\":"
	    "[{\"field\":\"oldstate\",\"op\":\"eq\",\"value\":2}],"
	    "\"key\":[\"process=start.comm\",\"peer=sk:peer\","
	    "\"state=newstate:tcp_state\"]}" } },
	{ "tcp-lifetimes",
	  "How long TCP connections last, by peer.",
	  { "{\"subject\":\"none\",\"start\":[{\"target\":\"sock:inet_sock_set_state\","
	    "\"join\":\"sk\",\"filters\":[{\"field\":\"newstate\",\"op\":\"eq\",\"value\":1}]}],"
	    "\"target\":\"sock:inet_sock_set_state\",\"join\":\"sk\",\"filters\":"
	    "[{\"field\":\"newstate\",\"op\":\"eq\",\"value\":7}],"
	    "\"key\":[\"peer=sk:peer\"]}" } },
	{ "tcp-resets",
	  "Which peers reset TCP connections, and to whom we send resets.",
	  { "{\"subject\":\"none\",\"aggregate\":\"count\",\"probes\":["
	    "{\"target\":\"tcp:tcp_receive_reset\"},{\"target\":\"tcp:tcp_send_reset\"}],"
	    "\"key\":[\"what=probe\",\"peer=sk:peer\"]}" } },
	{ "tcp-retransmits",
	  "To whom TCP segments have to be sent again.",
	  { "{\"subject\":\"none\",\"target\":\"tcp:tcp_retransmit_skb\","
	    "\"aggregate\":\"count\",\"key\":[\"peer=sk:peer\",\"local=sk:local\"]}" } },
	{ "vfs-latency",
	  "How long reading, writing, opening and syncing files takes.",
	  { "{\"type\":\"kretprobe\",\"start\":["
	    "{\"type\":\"kprobe\",\"target\":\"vfs_read\",\"join\":\"tid\"},"
	    "{\"type\":\"kprobe\",\"target\":\"vfs_write\",\"join\":\"tid\"},"
	    "{\"type\":\"kprobe\",\"target\":\"vfs_open\",\"join\":\"tid\"},"
	    "{\"type\":\"kprobe\",\"target\":\"vfs_fsync_range\",\"join\":\"tid\"}],"
	    "\"probes\":[{\"target\":\"vfs_read\",\"join\":\"tid\"},"
	    "{\"target\":\"vfs_write\",\"join\":\"tid\"},"
	    "{\"target\":\"vfs_open\",\"join\":\"tid\"},"
	    "{\"target\":\"vfs_fsync_range\",\"join\":\"tid\"}],"
	    "\"key\":[\"operation=probe\",\"process=comm\"]}",
	    /* Without probes of functions: what was called, sockets and pipes too. */
	    "{\"type\":\"raw\",\"start\":[{\"target\":\"sys_enter\",\"join\":\"tid\","
	    "\"filters\":[{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":" FILE_CALLS "}]}],"
	    "\"target\":\"sys_exit\",\"join\":\"tid\",\"filters\":"
	    "[{\"field\":\"id:syscall\",\"op\":\"in\",\"value\":" FILE_CALLS "}],"
	    "\"key\":[\"operation=id:syscall\",\"process=comm\"]}" } },
	{ NULL },
};

const struct trace_preset *trace_preset_find(const char *name)
{
	for (const struct trace_preset *at = trace_presets; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}
