/* SPDX-License-Identifier: MIT */
/* The dynamic linker tells of each module before its constructors run, also of those that libc loads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <iconv.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "runtime/loader.h"

static unsigned calls;
static const char *wanted;
static bool seen;

static int look(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    seen |= wanted && strstr(info->dlpi_name, wanted) != NULL;
    return 0;
}

static void changed(void)
{
    calls++;
    dl_iterate_phdr(look, NULL);
}

static int hook(void **state)
{
    (void)state;
    return loader_hook(changed) ? 0 : -1;
}

static bool is_loaded(void)
{
    seen = false;
    dl_iterate_phdr(look, NULL);
    bool result = seen;
    seen = false;
    return result;
}

static void tells_of_dlopen_and_dlclose(void **state)
{
    (void)state;
    wanted = "libanl.so";
    assert_false(is_loaded());
    calls = 0;
    void *handle = dlopen("libanl.so.1", RTLD_NOW);
    assert_non_null(handle);
    assert_true(calls > 0);
    assert_true(seen);
    calls = 0;
    seen = false;
    assert_int_equal(dlclose(handle), 0);
    assert_true(calls > 0);
    assert_false(seen);
}

static void tells_of_what_libc_loads(void **state)
{
    (void)state;
    wanted = "ISO8859-1.so";
    assert_false(is_loaded());
    iconv_t converter = iconv_open("UTF-8", "ISO-8859-1");
    if (converter == (iconv_t)-1)
        skip(); /* a system without gconv modules */
    assert_true(seen);
    iconv_close(converter);
}

static void knows_namespaces(void **state)
{
    (void)state;
    assert_false(loader_has_namespaces());
    void *handle = dlmopen(LM_ID_NEWLM, "libanl.so.1", RTLD_NOW);
    assert_non_null(handle);
    assert_true(loader_has_namespaces());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_dlopen_and_dlclose),
        cmocka_unit_test(tells_of_what_libc_loads),
        cmocka_unit_test(knows_namespaces),
    };
    return cmocka_run_group_tests(tests, hook, NULL);
}
