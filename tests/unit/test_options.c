/* SPDX-License-Identifier: MIT */
/* The parser of options, as the library (DETECT_OPTIONS) and the command use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "report/options.h"

static enum option_error set(struct options *options, const char *name, const char *value)
{
    const char *nearest = NULL;
    return options_set(options, name, strlen(name), value, &nearest);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    struct options options;
    options_default(&options);
    assert_int_equal(options.mode, MODE_FULL);
    assert_int_equal(options.exit_code, 66);
    assert_false(options.exit_code_set);
    assert_true(options.children);
    assert_null(options.output);
}

static void values_of_each_type_are_taken(void **state)
{
    (void)state;
    struct options options;
    options_default(&options);
    assert_int_equal(set(&options, "mode", "locks"), OPTION_OK);
    assert_int_equal(options.mode, MODE_LOCKS);
    assert_int_equal(set(&options, "exit-code", "0"), OPTION_OK);
    assert_int_equal(options.exit_code, 0);
    assert_true(options.exit_code_set);
    assert_int_equal(set(&options, "quiet", NULL), OPTION_OK);
    assert_true(options.quiet);
    assert_int_equal(set(&options, "no-quiet", NULL), OPTION_OK);
    assert_false(options.quiet);
    assert_int_equal(set(&options, "children", "no"), OPTION_OK);
    assert_false(options.children);
    assert_int_equal(set(&options, "output", "a b"), OPTION_OK);
    assert_string_equal(options.output, "a b");
}

static void wrong_values_change_nothing(void **state)
{
    (void)state;
    struct options options;
    options_default(&options);
    static const char *const bad[] = {"", "-1", "256", "1x", "99999999999999", " 1", "0x10"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(set(&options, "exit-code", bad[i]), OPTION_BAD_VALUE);
    assert_int_equal(options.exit_code, 66);
    assert_false(options.exit_code_set);
    assert_int_equal(set(&options, "mode", "lock"), OPTION_BAD_VALUE);
    assert_int_equal(set(&options, "mode", "full|locks"), OPTION_BAD_VALUE);
    assert_int_equal(set(&options, "mode", NULL), OPTION_NO_VALUE);
    assert_int_equal(set(&options, "no-quiet", "yes"), OPTION_EXTRA_VALUE);
    assert_int_equal(set(&options, "quiet", "maybe"), OPTION_BAD_VALUE);
    assert_int_equal(set(&options, "output", ""), OPTION_BAD_VALUE);
}

static void unknown_names_get_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *nearest;
    } rows[] = {
        {"mod", "mode"},        {"exitcode", "exit-code"}, {"ondeadlock", "on-deadlock"},
        {"supressions", "suppressions"}, {"colour", "color"}, {"no-mode", NULL},
        {"xyzzy", NULL},        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct options options;
        const char *nearest = "unset";
        options_default(&options);
        assert_int_equal(options_set(&options, rows[i].typed, strlen(rows[i].typed), "1", &nearest),
                         OPTION_UNKNOWN);
        if (!rows[i].nearest)
            continue;
        assert_non_null(nearest);
        assert_string_equal(nearest, rows[i].nearest);
    }
}

static void no_name_is_nothing_like_an_option(void **state)
{
    (void)state;
    const char *nearest = "unset";
    struct options options;
    options_default(&options);
    assert_int_equal(options_set(&options, "xyzzy", 5, NULL, &nearest), OPTION_UNKNOWN);
    assert_null(nearest);
}

static void environment_goes_on_after_an_error(void **state)
{
    (void)state;
    struct options options;
    char error[200], text[] = "  mode=locks mod=1\tquiet output=a\\040b\\134c exit-code=999 ";
    options_default(&options);
    assert_int_equal(options_parse_environment(&options, text, error, sizeof(error)), 2);
    assert_int_equal(options.mode, MODE_LOCKS);
    assert_true(options.quiet);
    assert_string_equal(options.output, "a b\\c");
    assert_int_equal(options.exit_code, 66);
    assert_non_null(strstr(error, "unknown option 'mod', did you mean 'mode'?"));
    assert_non_null(strstr(error, "'exit-code' cannot be '999'"));
    assert_null(strchr(error, '\n'));
}

static void errors_never_leave_their_buffer(void **state)
{
    (void)state;
    struct options options;
    for (size_t size = 1; size < 60; size++) {
        char error[64], text[] = "nonsense=1 another=2 third=3";
        memset(error, 'x', sizeof(error));
        options_default(&options);
        assert_int_equal(options_parse_environment(&options, text, error, size), 3);
        assert_true(strlen(error) < size);
        assert_int_equal(error[size], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(values_of_each_type_are_taken),
        cmocka_unit_test(wrong_values_change_nothing),
        cmocka_unit_test(unknown_names_get_the_nearest),
        cmocka_unit_test(no_name_is_nothing_like_an_option),
        cmocka_unit_test(environment_goes_on_after_an_error),
        cmocka_unit_test(errors_never_leave_their_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
