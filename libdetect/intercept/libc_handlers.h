/* SPDX-License-Identifier: MIT */
/* Effects that the table's language (libc_effects.h) cannot say: handlers, by file. */
#ifndef DETECT_INTERCEPT_LIBC_HANDLERS_H
#define DETECT_INTERCEPT_LIBC_HANDLERS_H

#include "intercept/libc_effects.h"

/* libc_string.c */
libc_handler string_memcmp, string_strcmp, string_strncmp, string_strcasecmp;
libc_handler string_strncasecmp, string_memchr, string_memrchr, string_memmem;
libc_handler string_strstr, string_strnlen, string_memccpy, string_strcat;
libc_handler string_strncat, string_strxfrm, string_note_length, string_cut;

/* libc_wide.c */
libc_handler wide_wmemcmp, wide_wcscmp, wide_wcsncmp, wide_wcscasecmp;
libc_handler wide_wcsncasecmp, wide_wmemchr, wide_wcsnlen, wide_wcsstr;
libc_handler wide_wcscat, wide_wcsncat, wide_wcsxfrm, wide_wcsftime;
libc_handler wide_note_token, wide_wcstok, wide_number, wide_mbrlen;
libc_handler wide_mbrtowc, wide_mbrtoc16, wide_mbrtoc8, wide_mblen;
libc_handler wide_mbtowc, wide_mbstowcs, wide_wcstombs, wide_note_source;
libc_handler wide_mbsrtowcs, wide_wcsrtombs, wide_mbsnrtowcs, wide_wcsnrtombs;

/* libc_stdio.c */
libc_handler stdio_line_before, stdio_line, number_integer, number_float;
libc_handler number_atoi, number_atof, token_note, token_strtok_r;
libc_handler token_strtok, token_strsep_note, token_strsep;

/* libc_format.c */
libc_handler format_note_list, format_printf, format_wprintf, format_scanf;
libc_handler format_wscanf, format_vscanf, format_vwscanf, format_vprintf;
libc_handler format_vwprintf, format_bounded, format_allocated;

/* libc_file.c */
libc_handler file_handle, file_handle_used, file_sized_2, file_sized_3;
libc_handler file_confstr, file_dirent, file_dirent_r, file_scandir;
libc_handler file_scandirat, file_two_entries, file_glob_before, file_glob;

/* libc_io.c */
libc_handler io_vector_read, io_vector_fill, io_vector_drain, io_note_length_3;
libc_handler io_note_length_6, io_note_length_7, io_address_2, io_address_5;
libc_handler io_address_6, io_received, io_message_before, io_message_received;
libc_handler io_message_sent, io_messages_before, io_messages_received, io_messages_sent;
libc_handler io_messages_counted, io_poll_before, io_poll_after, io_select_before;
libc_handler io_select_after, io_epoll_ctl, io_epoll_events, io_fcntl_before;
libc_handler io_fcntl_after, io_ioctl_before, io_ioctl_after, io_msgsnd;
libc_handler io_control_before, io_msgctl, io_shmctl, io_semop;
libc_handler io_aio_write, io_aio_return;

/* libc_net.c */
libc_handler net_pton, net_ntop, net_addrinfo, net_freeaddrinfo;
libc_handler net_grouplist;

/* libc_misc.c */
libc_handler misc_lsearch, misc_tsearch, misc_hsearch, misc_hsearch_r;
libc_handler misc_insque, misc_remque, misc_random_r, misc_regexec;
libc_handler misc_regmatch, misc_regerror, misc_iconv_before, misc_iconv;
libc_handler misc_setlocale, misc_strerror_r, state_tmpnam, system_clock_nanosleep;
libc_handler system_exec, system_exec_environment, system_spawn, system_getloadavg;
libc_handler system_getgroups, system_mincore, sync_written;

/* libc_state.c */
libc_handler fd_close, fd_closed, fd_made, fd_made_pair_1;
libc_handler fd_made_pair_4, fd_made_pty, fd_replace, fd_replaced;
libc_handler fd_fcntl_made, fd_written, stream_made, stream_close, stream_closed;
libc_handler directory_made, directory_close, stdio_flockfile, stdio_funlockfile;

/* libc_syscall.c */
libc_handler system_call_before, system_call_after;

#endif
