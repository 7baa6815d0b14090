/* SPDX-License-Identifier: MIT */
/* Which program files can be watched: made-up ELF files, scripts, and what is no program at all. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "intercept/elf_target.h"

#define NAME "target-under-test"

static void write_file(const void *bytes, size_t size, mode_t mode)
{
    unlink(NAME);
    int fd = open(NAME, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    fchmod(fd, mode);
    close(fd);
}

/* An executable with an interpreter, a dynamic section and a table of names. */
struct made_up {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    Elf64_Dyn dynamic[4];
    char interpreter[64];
    char names[64];
};

static struct made_up make(const char *interpreter, const char *name)
{
    struct made_up file;
    memset(&file, 0, sizeof(file));
    memcpy(file.header.e_ident, ELFMAG, SELFMAG);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_machine =
#if defined(__x86_64__)
        EM_X86_64;
#else
        EM_AARCH64;
#endif
    file.header.e_phoff = offsetof(struct made_up, segments);
    file.header.e_phentsize = sizeof(Elf64_Phdr);
    file.header.e_phnum = 3;
    file.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x1000, .p_filesz = sizeof(file)};
    file.segments[1] = (Elf64_Phdr){.p_type = interpreter ? PT_INTERP : PT_NULL,
                                    .p_offset = offsetof(struct made_up, interpreter),
                                    .p_filesz = sizeof(file.interpreter)};
    file.segments[2] = (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_offset = offsetof(struct made_up, dynamic),
                                    .p_filesz = sizeof(file.dynamic)};
    file.dynamic[0] = (Elf64_Dyn){DT_STRTAB, {0x1000 + offsetof(struct made_up, names)}};
    file.dynamic[1] = (Elf64_Dyn){DT_STRSZ, {sizeof(file.names)}};
    if (interpreter)
        strcpy(file.interpreter, interpreter);
    strcpy(file.names + 1, name);
    return file;
}

static enum target inspect_made_up(const struct made_up *file)
{
    write_file(file, sizeof(*file), 0700);
    return target_inspect(AT_FDCWD, NAME);
}

static void test_linkers(void **state)
{
    (void)state;
    struct made_up file = make("/lib64/ld-linux-x86-64.so.2", "malloc");
    assert_int_equal(inspect_made_up(&file), TARGET_FINE);
    file = make("/lib/ld-musl-x86_64.so.1", "malloc");
    assert_int_equal(inspect_made_up(&file), TARGET_OTHER_LIBC);
    file = make(NULL, "malloc");
    assert_int_equal(inspect_made_up(&file), TARGET_STATIC);
    file.dynamic[2] = (Elf64_Dyn){DT_SONAME, {1}};
    assert_int_equal(inspect_made_up(&file), TARGET_FINE);
}

static void test_classes(void **state)
{
    (void)state;
    struct made_up file = make("/lib/ld-linux.so.2", "malloc");
    file.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_int_equal(inspect_made_up(&file), TARGET_OTHER_CLASS);
    file = make("/lib/ld-linux.so.2", "malloc");
    file.header.e_machine = EM_S390;
    assert_int_equal(inspect_made_up(&file), TARGET_OTHER_CLASS);
}

static void test_sanitizers(void **state)
{
    (void)state;
    static const char *const names[] = {"__asan_init", "__tsan_init", "__msan_init", "__lsan_init"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct made_up file = make("/lib64/ld-linux-x86-64.so.2", names[i]);
        assert_int_equal(inspect_made_up(&file), TARGET_SANITIZER);
    }
    struct made_up file = make("/lib64/ld-linux-x86-64.so.2", "__tsan_acquire");
    assert_int_equal(inspect_made_up(&file), TARGET_FINE);
}

static void test_privileges(void **state)
{
    (void)state;
    struct made_up file = make("/lib64/ld-linux-x86-64.so.2", "malloc");
    write_file(&file, sizeof(file), 04755);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_FINE); /* our own */
    if (geteuid() != 0 || chown(NAME, 12345, 12345) != 0)
        return;
    chmod(NAME, 04755);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_PRIVILEGED);
    chmod(NAME, 02755);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_PRIVILEGED);
    chmod(NAME, 02745); /* mandatory locking, not setgid */
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_FINE);
}

static void test_scripts(void **state)
{
    (void)state;
    static const char script[] = "#! ./target-interpreter -x\n", self[] = "#!./" NAME "\n", none[] = "#!";
    struct made_up file = make(NULL, "malloc");
    write_file(&file, sizeof(file), 0700);
    rename(NAME, "target-interpreter");
    write_file(script, strlen(script), 0700);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_STATIC);
    write_file(self, strlen(self), 0700);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_FINE);
    write_file(none, strlen(none), 0700);
    assert_int_equal(target_inspect(AT_FDCWD, NAME), TARGET_FINE);
    unlink("target-interpreter");
}

/* Every cut and every single damaged byte of a file is survived. */
static void test_damage(void **state)
{
    (void)state;
    struct made_up file = make("/lib64/ld-linux-x86-64.so.2", "__asan_init");
    for (size_t size = 0; size < sizeof(file); size++) {
        write_file(&file, size, 0700);
        target_inspect(AT_FDCWD, NAME);
    }
    for (size_t at = 0; at < offsetof(struct made_up, names); at++) {
        struct made_up damaged = file;
        ((unsigned char *)&damaged)[at] ^= 0xff;
        inspect_made_up(&damaged);
    }
    assert_int_equal(target_inspect(AT_FDCWD, "/no/such/file"), TARGET_FINE);
    assert_int_equal(target_inspect(AT_FDCWD, "/"), TARGET_FINE);
    assert_int_equal(target_inspect(AT_FDCWD, "/dev/zero"), TARGET_FINE);
}

static void test_search(void **state)
{
    (void)state;
    char path[64];
    assert_string_equal(target_find("./sh", "/bin", path, sizeof(path)), "./sh");
    assert_string_equal(target_find("sh", "/no/such:/bin", path, sizeof(path)), "/bin/sh");
    assert_null(target_find("no-such-program", "/no/such:/bin", path, sizeof(path)));
    assert_null(target_find("", "/bin", path, sizeof(path)));
    assert_null(target_find("sh", "/a/directory/whose/name/is/longer/than/the/room/that/there/is/for/it", path,
                            sizeof(path)));
    write_file("#!", 2, 0700);
    assert_string_equal(target_find(NAME, "/bin::", path, sizeof(path)), NAME);
    unlink(NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linkers),    cmocka_unit_test(test_classes),
        cmocka_unit_test(test_sanitizers), cmocka_unit_test(test_privileges),
        cmocka_unit_test(test_scripts),    cmocka_unit_test(test_damage),
        cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
