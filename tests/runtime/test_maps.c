/* SPDX-License-Identifier: MIT */
/* What is read from /proc/self/maps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/maps.h"

#define PAGE 4096u

struct found {
    uintptr_t addr;
    struct maps_entry entry;
    char path[PATH_MAX];
    unsigned before; /* entries with lower addresses */
};

static bool visit(void *ctx, const struct maps_entry *entry)
{
    struct found *found = ctx;
    if (found->addr >= entry->end) {
        found->before++;
        return true;
    }
    if (found->addr >= entry->start) {
        found->entry = *entry;
        strcpy(found->path, entry->path);
    }
    return false;
}

static struct found find(const void *addr)
{
    static char path[PATH_MAX];
    struct found found = {.addr = (uintptr_t)addr};
    assert_true(maps_each(path, sizeof(path), visit, &found));
    return found;
}

static void shows_protection(void **state)
{
    (void)state;
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};
    char *pages = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 4; i++)
        mprotect(pages + i * PAGE, PAGE, protections[i]);
    for (unsigned i = 0; i < 4; i++) {
        struct found found = find(pages + i * PAGE + 10);
        assert_int_equal(found.entry.protection, protections[i]);
        assert_false(found.entry.shared);
        assert_string_equal(found.path, "");
    }
    munmap(pages, 4 * PAGE);
    assert_int_equal(find(pages).entry.end, 0);
}

static void shows_files(void **state)
{
    (void)state;
    char name[] = "/tmp/maps with blanks XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
    char *pages = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
    struct found found = find(pages);
    assert_int_equal(found.entry.offset, 2 * PAGE);
    assert_true(found.entry.shared);
    assert_string_equal(found.path, name);
    assert_true(maps_is_shared((uintptr_t)pages + 1));
    munmap(pages, PAGE);
    assert_false(maps_is_shared((uintptr_t)pages));
    close(fd);
    unlink(name);
}

static void comes_in_order(void **state)
{
    (void)state;
    int here = 0;
    assert_true(find(&here).before > find((const void *)(uintptr_t)shows_files).before);
    assert_string_equal(find(&here).path, "[stack]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_protection),
        cmocka_unit_test(shows_files),
        cmocka_unit_test(comes_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
