/* SPDX-License-Identifier: MIT */
/* Modules: numbers, places, libraries that come and go. */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/auxv.h>

#include <cmocka.h>

#include "in_process.h"

#define LIBRARY "libBrokenLocale.so.1" /* a small one of libc's own that nobody has loaded */

static int some_data;
static int zeroed[4096];

static void places_in_the_program(void **state)
{
    (void)state;
    frame_t code = modules_frame((uintptr_t)places_in_the_program);
    assert_int_not_equal(FRAME_MODULE(code), 0);
    assert_int_equal(FRAME_MODULE(modules_place((uintptr_t)&some_data)), FRAME_MODULE(code));
    assert_int_equal(FRAME_MODULE(modules_place((uintptr_t)&zeroed[4095])), FRAME_MODULE(code));
    assert_int_equal(FRAME_OFFSET(modules_frame((uintptr_t)places_in_the_program + 5)),
                     FRAME_OFFSET(code) + 5);
}

static void places_in_none(void **state)
{
    (void)state;
    int local = 0;
    assert_int_equal(modules_place((uintptr_t)&local), 0);
    assert_int_equal(modules_place(0), 0);
    assert_int_equal(FRAME_MODULE(modules_frame((uintptr_t)&local)), 0);
    assert_int_equal(FRAME_OFFSET(modules_frame(0x1234)), 0x1234);
}

static void libraries_have_numbers_of_their_own(void **state)
{
    (void)state;
    uint32_t program = FRAME_MODULE(modules_frame((uintptr_t)places_in_none));
    uint32_t libc = FRAME_MODULE(modules_frame((uintptr_t)dlsym(RTLD_DEFAULT, "qsort")));
    assert_int_not_equal(libc, 0);
    assert_int_not_equal(libc, program);
    assert_int_equal(libc, FRAME_MODULE(modules_frame((uintptr_t)dlsym(RTLD_DEFAULT, "malloc"))));
}

static uint32_t number_of_library(void *library)
{
    void *place = dlsym(library, "__ctype_get_mb_cur_max");
    return place ? FRAME_MODULE(modules_frame((uintptr_t)place)) : 0;
}

/* A library that was closed and is opened again at the same place has its number again; its number is given to no
 * other one. */
static void a_library_that_comes_and_goes(void **state)
{
    (void)state;
    uint32_t first = 0;
    for (int i = 0; i < 3; i++) {
        void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        if (!library)
            skip();
        struct module_span span, again;
        void *place = dlsym(library, "__ctype_get_mb_cur_max");
        assert_true(modules_span((uintptr_t)place, &span));
        uint32_t number = number_of_library(library);
        assert_int_not_equal(number, 0);
        if (first == 0)
            first = number;
        dlclose(library);
        modules_changed();
        assert_false(modules_span((uintptr_t)place, &again));
        assert_int_equal(FRAME_MODULE(modules_frame((uintptr_t)place)), 0);
        libraries_have_numbers_of_their_own(state);
        uint32_t other = FRAME_MODULE(modules_frame((uintptr_t)places_in_none));
        assert_int_not_equal(other, first);
    }
}

static void the_vdso_has_a_name(void **state)
{
    (void)state;
    uintptr_t vdso = (uintptr_t)getauxval(AT_SYSINFO_EHDR);
    if (!vdso)
        skip();
    assert_int_not_equal(FRAME_MODULE(modules_frame(vdso + 64)), 0);
}

int main(void)
{
    in_process_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_in_the_program),
        cmocka_unit_test(places_in_none),
        cmocka_unit_test(libraries_have_numbers_of_their_own),
        cmocka_unit_test(a_library_that_comes_and_goes),
        cmocka_unit_test(the_vdso_has_a_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    in_process_end();
    return failed;
}
