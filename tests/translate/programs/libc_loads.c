/* SPDX-License-Identifier: MIT */
/* Modules that libc loads by itself, and uses from several threads: converters, name services, libgcc for cancellation. */
#include <iconv.h>
#include <netdb.h>
#include <pwd.h>
#include <stdint.h>

#include "show.h"

static void convert(const char *to, const char *from)
{
    char in[] = "abc\xe4\xf6\xfc", out[100] = "", *from_next = in, *to_next = out;
    size_t in_left = strlen(in), out_left = sizeof(out) - 1;
    iconv_t converter = iconv_open(to, from);
    if (converter == (iconv_t)-1) {
        show("%s to %s: none", from, to);
        return;
    }
    iconv(converter, &from_next, &in_left, &to_next, &out_left);
    char line[300] = "";
    for (char *c = out; c < to_next; c++)
        sprintf(line + strlen(line), " %02x", (unsigned char)*c);
    show("%s to %s:%s", from, to, line);
    iconv_close(converter);
}

static void *converts(void *arg)
{
    convert("UTF-16LE", arg);
    return NULL;
}

int main(void)
{
    static const char *const from[] = {"ISO-8859-1", "ISO-8859-15", "CP1252", "KOI8-R"};
    pthread_t thread;
    convert("UTF-8", "ISO-8859-2");
    for (int i = 0; i < 4; i++) {
        pthread_create(&thread, NULL, converts, (void *)(uintptr_t)from[i]);
        pthread_join(thread, NULL);
    }
    convert("UTF-8", "EUC-JP");
    struct passwd *user = getpwnam("root");
    show("root is %d", user ? (int)user->pw_uid : -1);
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    show("127.0.0.1: %d", getaddrinfo("127.0.0.1", "80", &hints, &found));
    if (found)
        freeaddrinfo(found);
    pthread_create(&thread, NULL, idle, NULL);
    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    show("%s", result == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
    return 0;
}
