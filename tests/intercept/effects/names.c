/* SPDX-License-Identifier: MIT */
/* Cases of libc_system.def, libc_net.def, libc_misc.def; see effects.h. */
#include <argz.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fnmatch.h>
#include <grp.h>
#include <iconv.h>
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <mntent.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "effects.h"

#define ZERO(object) memset(object, 0, 512)
#define ENVIRON "the environment 8"

/* --- the environment */
CASE(getenv, "r a 5; r " ENVIRON) { text(a, "PATH"); GO; USE(getenv(a)); }
CASE(secure_getenv, "r a 5; r " ENVIRON) { text(a, "PATH"); GO; USE(secure_getenv(a)); }
CASE(setenv, "r a 4; r b 2; w " ENVIRON) { text(a, "EFF"); text(b, "1"); GO; setenv(a, b, 1); }
CASE(unsetenv, "r a 4; w " ENVIRON) { text(a, "EFF"); GO; unsetenv(a); }
CASE(putenv, "r other 6; w " ENVIRON) { static char word[] = "EFF=1"; GO; putenv(word); STOP; unsetenv("EFF"); }

/* --- signals */
CASE(sigaction, "w b 152") { GO; sigaction(SIGUSR1, NULL, (void *)b); }
CASE(sigaction, "r a 152; w b 152") { ZERO(a); GO; sigaction(SIGUSR1, (void *)a, (void *)b); }
CASE(sigprocmask, "r a 8; w b 8") { ZERO(a); GO; sigprocmask(SIG_BLOCK, (void *)a, (void *)b); }
CASE(pthread_sigmask, "r a 8; w b 8") { ZERO(a); GO; pthread_sigmask(SIG_BLOCK, (void *)a, (void *)b); }
CASE(sigpending, "w a 8") { GO; sigpending((void *)a); }
CASE(sigtimedwait, "r a 8; r c 16") { ZERO(a); ZERO(c); GO; sigtimedwait((void *)a, (void *)b, (void *)c); }
CASE(sigaltstack, "w b 24") { GO; sigaltstack(NULL, (void *)b); }
CASE(sigemptyset, "w a 8") { GO; sigemptyset((void *)a); }
CASE(sigfillset, "w a 8") { GO; sigfillset((void *)a); }
CASE(sigaddset, "r a 8; w a 8") { ZERO(a); GO; sigaddset((void *)a, SIGUSR1); }
CASE(sigdelset, "r a 8; w a 8") { ZERO(a); GO; sigdelset((void *)a, SIGUSR1); }
CASE(sigismember, "r a 8") { ZERO(a); GO; sigismember((void *)a, SIGUSR1); }

/* --- processes, threads */
static pid_t child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    return pid;
}
static void *nothing(void *arg) { return arg; }
CASE(wait, "w a 4") { child(); GO; wait((int *)(void *)a); }
CASE(waitpid, "w a 4") { pid_t pid = child(); GO; waitpid(pid, (int *)(void *)a, 0); }
CASE(wait4, "w a 4; w b 144") { pid_t pid = child(); GO; wait4(pid, (int *)(void *)a, 0, (void *)b); }
CASE(wait3, "w a 4; w b 144") { child(); GO; wait3((int *)(void *)a, 0, (void *)b); }
CASE(waitid, "w a 28") { pid_t pid = child(); GO; waitid(P_PID, pid, (void *)a, WEXITED); }
CASE(waitpid, "") { GO; waitpid(1, (int *)(void *)a, 0); }
CASE(execv, "r a 3; r b 16; r c 4") { text(a, "\1/"); text(c, "arg"); ((char **)(void *)b)[0] = c; ((char **)(void *)b)[1] = NULL; GO; execv(a, (void *)b); }
CASE(execve, "r a 3; r b 16; r c 4") { text(a, "\1/"); text(c, "arg"); ((char **)(void *)b)[0] = c; ((char **)(void *)b)[1] = NULL; GO; execve(a, (void *)b, (void *)b); }
CASE(pthread_create, "r b 56; w a 8") { pthread_attr_init((void *)b); GO; pthread_create((void *)a, (void *)b, nothing, NULL); STOP; pthread_join(*(pthread_t *)(void *)a, NULL); }
CASE(pthread_join, "w b 8") { pthread_create((void *)a, NULL, nothing, NULL); GO; pthread_join(*(pthread_t *)(void *)a, (void **)(void *)b); }
CASE(pthread_key_create, "w a 4") { GO; pthread_key_create((void *)a, NULL); }
CASE(pthread_setcancelstate, "w a 4") { GO; pthread_setcancelstate(0, (int *)(void *)a); }
CASE(pthread_setcanceltype, "w a 4") { GO; pthread_setcanceltype(0, (int *)(void *)a); }
CASE(pthread_getname_np, "w a 16") { GO; pthread_getname_np(pthread_self(), a, 20); }
CASE(pthread_setname_np, "r a 8") { text(a, "effects"); GO; pthread_setname_np(pthread_self(), a); }
CASE(pthread_getschedparam, "w a 4; w b 4") { GO; pthread_getschedparam(pthread_self(), (int *)(void *)a, (void *)b); }
CASE(pthread_attr_init, "w a 56") { GO; pthread_attr_init((void *)a); }
CASE(pthread_attr_destroy, "w a 56") { pthread_attr_init((void *)a); GO; pthread_attr_destroy((void *)a); }
CASE(pthread_attr_setstacksize, "w a 56") { pthread_attr_init((void *)a); GO; pthread_attr_setstacksize((void *)a, 65536); }
CASE(pthread_attr_getstacksize, "r a 56; w b 8") { pthread_attr_init((void *)a); GO; pthread_attr_getstacksize((void *)a, (void *)b); }
CASE(pthread_attr_setdetachstate, "w a 56") { pthread_attr_init((void *)a); GO; pthread_attr_setdetachstate((void *)a, 0); }
CASE(pthread_attr_getdetachstate, "r a 56; w b 4") { pthread_attr_init((void *)a); GO; pthread_attr_getdetachstate((void *)a, (void *)b); }
CASE(pthread_mutexattr_init, "w a 4") { GO; pthread_mutexattr_init((void *)a); }
CASE(pthread_mutexattr_settype, "w a 4") { pthread_mutexattr_init((void *)a); GO; pthread_mutexattr_settype((void *)a, 0); }

/* --- scheduling, limits, identity */
CASE(sched_getaffinity, "w a 128") { GO; sched_getaffinity(0, 128, (void *)a); }
CASE(sched_getparam, "w a 4") { GO; sched_getparam(0, (void *)a); }
CASE(sched_rr_get_interval, "w a 16") { GO; sched_rr_get_interval(0, (void *)a); }
CASE(getcpu, "w a 4; w b 4") { GO; getcpu((void *)a, (void *)b); }
CASE(getrlimit, "w a 16") { GO; getrlimit(RLIMIT_CORE, (void *)a); }
CASE(setrlimit, "r a 16") { getrlimit(RLIMIT_CORE, (void *)a); GO; setrlimit(RLIMIT_CORE, (void *)a); }
CASE(prlimit, "w a 16") { GO; prlimit(0, RLIMIT_CORE, NULL, (void *)a); }
CASE(getrusage, "w a 144") { GO; getrusage(RUSAGE_SELF, (void *)a); }
CASE(getloadavg, "w a 24") { GO; getloadavg((double *)(void *)a, 3); }
CASE(sysinfo, "w a 112") { GO; sysinfo((void *)a); }
CASE(uname, "w a 390") { GO; uname((void *)a); }
CASE(getresuid, "w a 4; w b 4; w c 4") { GO; getresuid((void *)a, (void *)b, (void *)c); }
CASE(getresgid, "w a 4; w b 4; w c 4") { GO; getresgid((void *)a, (void *)b, (void *)c); }
CASE(getrandom, "w a 9") { GO; getrandom(a, 9, 0); }
CASE(getentropy, "w a 9") { GO; getentropy(a, 9); }
CASE(arc4random_buf, "w a 9") { GO; arc4random_buf(a, 9); }
CASE(mincore, "w a 2") { GO; mincore(b, 8192, (void *)a); }
CASE(dladdr, "w a 32") { GO; dladdr((void *)(uintptr_t)nothing, (void *)a); }
CASE(posix_memalign, "w a 8") { GO; posix_memalign((void *)a, 64, 100); }
CASE(syscall, "r descriptor 8; w a 3") { int fd = file_with("abc"); GO; syscall(SYS_read, fd, a, 10); }
CASE(syscall, "w a 16") { GO; syscall(SYS_clock_gettime, 0, a); }
CASE(syscall, "w a 8; w descriptor 8") { GO; syscall(SYS_pipe2, a, 0); }
CASE(syscall, "") { GO; syscall(SYS_getpid); }

/* --- addresses, names */
CASE(inet_aton, "r a 8; w b 4") { text(a, "1.2.3.4"); GO; inet_aton(a, (void *)b); }
CASE(inet_addr, "r a 8") { text(a, "1.2.3.4"); GO; inet_addr(a); }
CASE(inet_pton, "r a 8; w b 4") { text(a, "1.2.3.4"); GO; inet_pton(AF_INET, a, b); }
CASE(inet_pton, "r a 4; w b 16") { text(a, "::1"); GO; inet_pton(AF_INET6, a, b); }
CASE(inet_pton, "r a 2") { text(a, "x"); GO; inet_pton(AF_INET6, a, b); }
CASE(inet_ntop, "r a 4; w b 8") { a[0] = 1; a[1] = 2; a[2] = 3; a[3] = 4; GO; inet_ntop(AF_INET, a, b, 20); }
CASE(getaddrinfo, "r a 10; r b 3; r c 48; w d 8; w other 16; w other 48") { text(a, "127.0.0.1"); text(b, "80"); ZERO(c); ((struct addrinfo *)(void *)c)->ai_socktype = SOCK_STREAM; GO; getaddrinfo(a, b, (void *)c, (void *)d); }
CASE(freeaddrinfo, "r other 48") { struct addrinfo hints = {.ai_socktype = SOCK_STREAM}; getaddrinfo("127.0.0.1", "80", &hints, (void *)d); GO; freeaddrinfo(*(struct addrinfo **)(void *)d); }
CASE(getnameinfo, "r a 16; w b 10; w c 3") { ZERO(a); struct sockaddr_in *in = (void *)a; in->sin_family = AF_INET; in->sin_port = htons(80); in->sin_addr.s_addr = htonl(0x7f000001); GO; getnameinfo((void *)a, 16, b, 50, c, 50, NI_NUMERICHOST | NI_NUMERICSERV); }
CASE(if_nametoindex, "r a 3") { text(a, "lo"); GO; if_nametoindex(a); }
CASE(if_indextoname, "w a 16") { unsigned number = if_nametoindex("lo"); GO; if_indextoname(number, a); }
CASE(ether_aton, "r a 12; w other 6") { text(a, "1:2:3:4:5:6"); GO; ether_aton(a); }
CASE(ether_aton_r, "r a 12; w b 6") { text(a, "1:2:3:4:5:6"); GO; ether_aton_r(a, (void *)b); }
CASE(ether_ntoa, "r a 6; w other 12") { memcpy(a, "\1\2\3\4\5\6", 6); GO; ether_ntoa((void *)a); }
CASE(ether_ntoa_r, "r a 6; w b 12") { memcpy(a, "\1\2\3\4\5\6", 6); GO; ether_ntoa_r((void *)a, b); }
CASE(getpwnam, "r a 5; w other 48; w the buffer of getpwnam and its like 8") { text(a, "root"); GO; getpwnam(a); }
CASE(getpwuid, "w other 48; w the buffer of getpwnam and its like 8") { GO; getpwuid(0); }
CASE(getpwnam_r, "r a 5; w b 48; w c 1000; w d 8") { text(a, "root"); GO; getpwnam_r(a, (void *)b, c, 1000, (void *)d); }
CASE(getpwuid_r, "w b 48; w c 1000; w d 8") { GO; getpwuid_r(0, (void *)b, c, 1000, (void *)d); }
CASE(getgrnam, "r a 5; w other 32; w the buffer of getgrnam and its like 8") { text(a, "root"); GO; getgrnam(a); }
CASE(getgrgid_r, "w b 32; w c 1000; w d 8") { GO; getgrgid_r(0, (void *)b, c, 1000, (void *)d); }

/* --- sorting and searching */
static int by_number(const void *x, const void *y) { return *(const int *)x - *(const int *)y; }
CASE(qsort, "r a 12; w a 12") { int *n = (int *)(void *)a; n[0] = 3; n[1] = 1; n[2] = 2; GO; qsort(a, 3, 4, by_number); }
CASE(lsearch, "r b 4; r c 8; w a+8 4; w c 8") { *(size_t *)(void *)c = 2; ZERO(b); GO; lsearch(b, a, (void *)c, 4, by_number); }
CASE(lfind, "r c 8") { *(size_t *)(void *)c = 2; GO; lfind(b, a, (void *)c, 4, by_number); }
CASE(tsearch, "r b 8; w b 8; w other 8") { *(void **)(void *)b = NULL; GO; tsearch(a, (void **)(void *)b, by_number); }
CASE(tfind, "r b 8") { *(void **)(void *)b = NULL; tsearch(a, (void **)(void *)b, by_number); GO; tfind(a, (void **)(void *)b, by_number); }
CASE(tdelete, "r b 8; w b 8") { *(void **)(void *)b = NULL; tsearch(a, (void **)(void *)b, by_number); GO; tdelete(a, (void **)(void *)b, by_number); }
CASE(hcreate, "w the table of hsearch 8") { GO; hcreate(10); STOP; hdestroy(); }
CASE(hdestroy, "w the table of hsearch 8") { hcreate(10); GO; hdestroy(); }
CASE(hsearch, "r a 2; w the table of hsearch 8") { hcreate(10); text(a, "x"); GO; hsearch((ENTRY){a, b}, ENTER); STOP; hdestroy(); }
CASE(insque, "w a 16; w b 8") { ZERO(b); GO; insque(a, b); }
CASE(remque, "r a 16; w b+8 8; w c 8") { ((void **)(void *)a)[0] = b; ((void **)(void *)a)[1] = c; GO; remque(a); }
CASE(rand_r, "r a 4; w a 4") { GO; rand_r((void *)a); }
#define FAMILY "w the state of drand48 and its family 8"
CASE(drand48, FAMILY) { GO; USE((long)drand48()); }
CASE(lrand48, FAMILY) { GO; lrand48(); }
CASE(mrand48, FAMILY) { GO; mrand48(); }
CASE(srand48, FAMILY) { GO; srand48(1); }
CASE(erand48, "r a 6; w a 6") { GO; USE((long)erand48((void *)a)); }
CASE(nrand48, "r a 6; w a 6") { GO; nrand48((void *)a); }
CASE(jrand48, "r a 6; w a 6") { GO; jrand48((void *)a); }
CASE(drand48_r, "r a 24; w a 24; w b 8") { ZERO(a); srand48_r(1, (void *)a); GO; drand48_r((void *)a, (void *)b); }
CASE(srand48_r, "w a 24") { GO; srand48_r(1, (void *)a); }
CASE(regcomp, "r b 3; w a 64") { text(b, "a."); GO; regcomp((void *)a, b, 0); }
CASE(regexec, "r a 64; r b 4; w c 16") { regcomp((void *)a, "a.", 0); text(b, "xab"); GO; regexec((void *)a, b, 2, (void *)c, 0); }
CASE(regexec, "r a 64; r b 4") { regcomp((void *)a, "a.", 0); text(b, "xyz"); GO; regexec((void *)a, b, 2, (void *)c, 0); }
CASE(regfree, "w a 64") { regcomp((void *)a, "a.", 0); GO; regfree((void *)a); }
CASE(regerror, "r a 64; w b 8") { regcomp((void *)a, "a.", 0); GO; regerror(0, (void *)a, b, 50); }
CASE(iconv, "r a 8; r a+100 3; r b 8; r c 8; r d 8; w a 8; w b 8; w c 8; w c+100 6; w d 8") { iconv_t cd = iconv_open("UTF-16LE", "ISO-8859-1"); *(char **)(void *)a = a + 100; *(size_t *)(void *)b = 3; *(char **)(void *)c = c + 100; *(size_t *)(void *)d = 50; GO; iconv(cd, (void *)a, (void *)b, (void *)c, (void *)d); }
CASE(setlocale, "r a 2; w the locale of the process 8") { text(a, "C"); GO; setlocale(LC_ALL, a); }
CASE(setlocale, "r the locale of the process 8") { GO; setlocale(LC_ALL, NULL); }
CASE(nl_langinfo, "r the locale of the process 8") { GO; nl_langinfo(CODESET); }
CASE(gettext, "r a 3") { text(a, "ab"); GO; gettext(a); }
CASE(fnmatch, "r a 3; r b 3") { text(a, "a*"); text(b, "ab"); GO; fnmatch(a, b, 0); }
CASE(__xpg_strerror_r, "w a 8") { extern int __xpg_strerror_r(int, char *, size_t); GO; __xpg_strerror_r(0, a, 50); }
CASE(strerror_r, "") { GO; USE(strerror_r(0, a, 50)); }
CASE(strerror_r, "w a 19") { GO; USE(strerror_r(9999, a, 50)); }
CASE(argz_count, "r a 4") { memcpy(a, "a\0b", 4); GO; USE(argz_count(a, 4)); }
CASE(argz_stringify, "r a 4; w a 4") { memcpy(a, "a\0b", 4); GO; argz_stringify(a, 4, ','); }
