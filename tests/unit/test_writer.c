/* SPDX-License-Identifier: MIT */
/* The report writer: records as format.h says, whatever becomes of the descriptor and the disk. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/writer.h"

static char directory[] = "/tmp/test_writer.XXXXXX";
static struct arena arena;

static void open_new(struct report_writer *writer)
{
    memset(writer, 0, sizeof(*writer));
    assert_int_equal(report_open(writer, &arena, directory, 4711), 0);
}

static void done(struct report_writer *writer)
{
    report_close(writer);
    unlink(writer->path);
}

static size_t file_size(const struct report_writer *writer)
{
    struct stat status;
    assert_int_equal(stat(writer->path, &status), 0);
    return (size_t)status.st_size;
}

static int write_one(struct report_writer *writer, uint64_t number)
{
    record_begin(writer, RECORD_WITHDRAWN);
    record_u64(writer, TAG_NUMBER, number);
    return record_end(writer);
}

/* The slow, obvious one. */
static uint32_t model_crc(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *byte = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void a_record_is_what_the_format_says(void **state)
{
    (void)state;
    struct report_writer writer;
    open_new(&writer);
    record_begin(&writer, RECORD_FINDING);
    record_text(&writer, TAG_KIND, "deadlock");
    record_group(&writer, TAG_STACK);
    record_u64s(&writer, TAG_FRAMES, (const uint64_t[]){1, 2, 3}, 3);
    record_group_end(&writer);
    record_u64(&writer, TAG_NUMBER, 9);
    assert_int_equal(record_end(&writer), 0);

    unsigned char file[256];
    int fd = open(writer.path, O_RDONLY);
    ssize_t size = read(fd, file, sizeof(file));
    close(fd);
    struct report_header header;
    memcpy(&header, file, sizeof(header));
    assert_int_equal(header.sync, REPORT_SYNC);
    assert_int_equal(header.type, RECORD_FINDING);
    assert_int_equal(header.size, (size_t)size - sizeof(header));
    uint32_t crc = model_crc(0, file + 4, 8);
    assert_int_equal(header.crc, model_crc(crc, file + sizeof(header), header.size));

    struct report_field field;
    memcpy(&field, file + sizeof(header), sizeof(field));
    assert_int_equal(field.tag, TAG_KIND);
    assert_int_equal(field.wire, WIRE_TEXT);
    assert_int_equal(field.size, 8);
    memcpy(&field, file + sizeof(header) + 16, sizeof(field));
    assert_int_equal(field.tag, TAG_STACK);
    assert_int_equal(field.wire, WIRE_GROUP);
    assert_int_equal(field.size, sizeof(field) + 3 * 8);
    done(&writer);
}

static void names_in_use_get_a_number(void **state)
{
    (void)state;
    struct report_writer first, second;
    open_new(&first);
    open_new(&second);
    assert_non_null(strstr(first.path, "/detect.4711.report"));
    assert_non_null(strstr(second.path, "/detect.4711-1.report"));
    done(&first);
    done(&second);
}

static void the_descriptor_is_high_and_close_on_exec(void **state)
{
    (void)state;
    struct report_writer writer;
    open_new(&writer);
    assert_true(writer.fd > 100);
    assert_true(fcntl(writer.fd, F_GETFD) & FD_CLOEXEC);
    assert_true(report_owns(&writer, writer.fd));
    assert_false(report_owns(&writer, -1));
    assert_false(report_owns(&writer, writer.fd + 1));
    done(&writer);
    assert_false(report_owns(&writer, -1));
}

static void a_closed_descriptor_is_opened_again(void **state)
{
    (void)state;
    struct report_writer writer;
    open_new(&writer);
    assert_int_equal(write_one(&writer, 1), 0);
    size_t one = file_size(&writer);
    close(writer.fd);
    assert_int_equal(write_one(&writer, 2), 0);
    assert_int_equal(file_size(&writer), 2 * one);
    done(&writer);
}

static void another_file_under_the_number_is_spared(void **state)
{
    (void)state;
    struct report_writer writer;
    char other[] = "/tmp/test_writer_other.XXXXXX";
    open_new(&writer);
    int fd = mkstemp(other), victim = writer.fd;
    assert_int_equal(dup2(fd, victim), victim);
    assert_int_equal(write_one(&writer, 1), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    assert_true(file_size(&writer) > 0);
    assert_int_not_equal(writer.fd, victim);
    close(fd);
    close(victim);
    unlink(other);
    done(&writer);
}

/* Neither SIGXFSZ nor half a record; once there is room again, the file tells what is missing. */
static void a_full_file_loses_whole_records(void **state)
{
    (void)state;
    struct report_writer writer;
    struct rlimit before, small;
    open_new(&writer);
    assert_int_equal(write_one(&writer, 1), 0);
    size_t one = file_size(&writer);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = one + one / 2;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(write_one(&writer, 2), -EFBIG);
    assert_int_equal(write_one(&writer, 3), -EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(file_size(&writer), one);
    assert_int_equal(writer.lost, 2);
    assert_int_equal(write_one(&writer, 4), 0);
    assert_true(file_size(&writer) > 3 * one); /* and the record that says so */
    assert_int_equal(writer.lost_told, 2);
    done(&writer);
}

static void a_full_disk_is_an_error_and_no_more(void **state)
{
    (void)state;
    struct report_writer writer;
    struct stat status;
    open_new(&writer);
    int full = open("/dev/full", O_WRONLY | O_APPEND), own = writer.fd;
    assert_int_equal(fstat(full, &status), 0);
    writer.fd = full;
    writer.device = status.st_dev;
    writer.inode = status.st_ino;
    assert_int_equal(write_one(&writer, 1), -ENOSPC);
    assert_int_equal(writer.lost, 1);
    close(full);
    writer.fd = own;
    done(&writer);
}

static void a_record_without_memory_is_dropped(void **state)
{
    (void)state;
    struct report_writer writer;
    struct arena poor;
    arena_init(&poor);
    poor.limit = 1;
    memset(&writer, 0, sizeof(writer));
    assert_int_equal(report_open(&writer, &poor, directory, 4711), 0);
    assert_int_equal(write_one(&writer, 1), -ENOMEM);
    assert_int_equal(file_size(&writer), 0);
    poor.limit = 0;
    assert_int_equal(write_one(&writer, 2), 0);
    done(&writer);
}

static void a_directory_that_is_not_there(void **state)
{
    (void)state;
    struct report_writer writer;
    memset(&writer, 0, sizeof(writer));
    assert_int_equal(report_open(&writer, &arena, "/nowhere/at/all", 1), -ENOENT);
    assert_int_equal(writer.fd, -1);
}

int main(void)
{
    arena_init(&arena);
    if (!mkdtemp(directory))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_what_the_format_says),
        cmocka_unit_test(names_in_use_get_a_number),
        cmocka_unit_test(the_descriptor_is_high_and_close_on_exec),
        cmocka_unit_test(a_closed_descriptor_is_opened_again),
        cmocka_unit_test(another_file_under_the_number_is_spared),
        cmocka_unit_test(a_full_file_loses_whole_records),
        cmocka_unit_test(a_full_disk_is_an_error_and_no_more),
        cmocka_unit_test(a_record_without_memory_is_dropped),
        cmocka_unit_test(a_directory_that_is_not_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(directory);
    return failed;
}
