// The system calls of Linux that a locked-in program may make, with their numbers on x86_64 and arm64 ("-": not there).
// The tables of the kernel: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
// What stands in none of these lists is refused: no sockets, processes, namespaces, mounts, tracing, keys, BPF,
// no memory that outlives the program or is counted for nobody.

export const ARCHITECTURES = ["x64", "arm64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Whatever the arguments are. */
const FREE = `
  read 0 63, write 1 64, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79,
  statx 332 291, poll 7 -, ppoll 271 73, lseek 8 62, pread64 17 67, pwrite64 18 68, readv 19 65,
  writev 20 66, preadv 295 69, pwritev 296 70, preadv2 327 286, pwritev2 328 287, access 21 -,
  faccessat 269 48, faccessat2 439 439, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59,
  select 23 -, pselect6 270 72, flock 73 32, fsync 74 82, fdatasync 75 83, ftruncate 77 46,
  getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -,
  renameat 264 38, renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -,
  unlinkat 263 35, symlink 88 -, symlinkat 266 36, readlink 89 -, readlinkat 267 78, creat 85 -,
  umask 95 166, sendfile 40 71, copy_file_range 326 285, fallocate 285 47, fadvise64 221 223,
  statfs 137 43, fstatfs 138 44, close_range 436 436,
  munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, brk 12 214, mincore 27 232,
  membarrier 324 283, pkey_alloc 330 289, pkey_free 331 290, pkey_mprotect 329 288,
  futex 202 98, set_tid_address 218 96, set_robust_list 273 99, get_robust_list 274 100,
  rseq 334 293, arch_prctl 158 -, gettid 186 178, getpid 39 172, getppid 110 173, getuid 102 174,
  geteuid 107 175, getgid 104 176, getegid 108 177, getresuid 118 148, getresgid 120 150,
  getgroups 115 158, getpgrp 111 -, getpgid 121 155, getsid 124 156, sched_yield 24 124,
  sched_getaffinity 204 123, sched_getparam 143 121, sched_getscheduler 145 120,
  sched_get_priority_max 146 125, sched_get_priority_min 147 126, getpriority 140 141,
  getcpu 309 168, uname 63 160, sysinfo 99 179, getrandom 318 278, getrlimit 97 163, capget 125 90,
  exit 60 93, exit_group 231 94, execve 59 221, wait4 61 260, waitid 247 95,
  restart_syscall 219 128,
  nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114,
  gettimeofday 96 169, time 201 -, times 100 153, getrusage 98 165, getitimer 36 102,
  setitimer 38 103, alarm 37 -, pause 34 -, timer_create 222 107, timer_settime 223 110,
  timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111, timerfd_create 283 85,
  timerfd_settime 286 86, timerfd_gettime 287 87, eventfd 284 -, eventfd2 290 19, signalfd 282 -,
  signalfd4 289 74, epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -,
  epoll_pwait 281 22, epoll_pwait2 441 441, rt_sigaction 13 134, rt_sigprocmask 14 135,
  rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
  sigaltstack 131 132,
  recvfrom 45 207, shutdown 48 210, getsockopt 55 209, getsockname 51 204, getpeername 52 205`;

/** With some arguments: which, says seccomp-filter.ts. */
const CONDITIONAL = `
  clone 56 220, mmap 9 222, open 2 -, openat 257 56, fcntl 72 25, kill 62 129, tgkill 234 131,
  prctl 157 167, prlimit64 302 261, socketpair 53 199, sendto 44 206, ioctl 16 29`;

/**
 * Landlock does not look at modes and times, which a program could change on files that are not its own. They seem to
 * succeed, and nothing is done: who copies a file or unpacks an archive wants no more.
 */
const PRETENDED = `
  chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, utime 132 -, utimes 235 -,
  futimesat 261 -, utimensat 280 88`;

/** As on an older kernel, where libraries take the older call, whose arguments a filter can see. */
const MISSING = "clone3 435 435, openat2 437 437, io_uring_setup 425 425";

export interface SyscallNumbers {
  readonly free: ReadonlyMap<string, number>;
  readonly conditional: ReadonlyMap<string, number>;
  readonly pretended: ReadonlyMap<string, number>;
  readonly missing: ReadonlyMap<string, number>;
}

export function syscallNumbers(architecture: Architecture): SyscallNumbers {
  const column = 1 + ARCHITECTURES.indexOf(architecture);
  const numbers = (list: string): ReadonlyMap<string, number> =>
    new Map(
      list
        .split(",")
        .map((entry) => entry.trim().split(" "))
        .filter((words) => words[column] !== "-")
        .map((words) => [words[0] ?? "", Number(words[column])]),
    );
  return {
    free: numbers(FREE),
    conditional: numbers(CONDITIONAL),
    pretended: numbers(PRETENDED),
    missing: numbers(MISSING),
  };
}
