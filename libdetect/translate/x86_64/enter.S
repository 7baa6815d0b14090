/* SPDX-License-Identifier: MIT */
/* The way from the cache into the translator and back, and other things that C cannot say.
 *
 * In: shared code of a region (stub.c) has put the program's rax and rcx into spill[0] (of an indirect jump, spill[2])
 * and spill[1], a parameter into rax and tr_thread_offset into rcx. Nothing is written to the program's stack, below which its red zone lies; no flag
 * and no other register changes before `inside` says WORKING, so that until then a signal handler finds the program's
 * state in place.
 *
 * Out: everything is read from tr_thread.context, so it can be interrupted and started again. The last steps need
 * tr_thread's offset as a constant and lie in shared code as well (tr_leave_tail). */
#include "translate/x86_64/offsets.h"

    .section .note.GNU-stack, "", @progbits
    .text

.macro hidden name
    .globl \name
    .hidden \name
.endm

/* The registers to tr_thread.context, all but rax and rcx; from here on the thread is working. */
.macro save_registers
    mov %rdx, %fs:THREAD_GPR+8*2(%rcx)
    mov %rbx, %fs:THREAD_GPR+8*3(%rcx)
    mov %rsp, %fs:THREAD_GPR+8*4(%rcx)
    mov %rbp, %fs:THREAD_GPR+8*5(%rcx)
    mov %rsi, %fs:THREAD_GPR+8*6(%rcx)
    mov %rdi, %fs:THREAD_GPR+8*7(%rcx)
    mov %r8, %fs:THREAD_GPR+8*8(%rcx)
    mov %r9, %fs:THREAD_GPR+8*9(%rcx)
    mov %r10, %fs:THREAD_GPR+8*10(%rcx)
    mov %r11, %fs:THREAD_GPR+8*11(%rcx)
    mov %r12, %fs:THREAD_GPR+8*12(%rcx)
    mov %r13, %fs:THREAD_GPR+8*13(%rcx)
    mov %r14, %fs:THREAD_GPR+8*14(%rcx)
    mov %r15, %fs:THREAD_GPR+8*15(%rcx)
    movl $INSIDE_WORKING, %fs:THREAD_INSIDE(%rcx)
.endm

.macro save_rax_rcx rax_spill
    mov %fs:\rax_spill(%rcx), %rdx
    mov %rdx, %fs:THREAD_GPR(%rcx)
    mov %fs:THREAD_SPILL1(%rcx), %rdx
    mov %rdx, %fs:THREAD_GPR+8(%rcx)
.endm

.macro enter name, dispatcher, rax_spill
    hidden \name
    hidden \name\()_working
    .type \name, @function
\name:
    save_registers
\name\()_working:
    save_rax_rcx \rax_spill
    lea \dispatcher(%rip), %rbx
    jmp enter_common
    .size \name, . - \name
.endm

    enter enter_exit, dispatch_exit, THREAD_SPILL0
    enter enter_hook, dispatch_hook, THREAD_SPILL0
    enter enter_indirect, dispatch_indirect, THREAD_SPILL2

/* As enter_hook, where the program's arithmetic flags are not needed any more: nothing is restored but what C functions may
 * change. */
    hidden enter_tested
    hidden enter_tested_working
    .type enter_tested, @function
enter_tested:
    .cfi_startproc
    .cfi_undefined rip
    save_registers
enter_tested_working:
    save_rax_rcx THREAD_SPILL0
    mov %fs:THREAD_STACK_TOP(%rcx), %rdx
    test %rdx, %rdx
    jz 1f
    mov %rdx, %rsp
    pushfq
    pop %rdx
    mov %rdx, %fs:THREAD_FLAGS(%rcx)
    test $FLAG_DIRECTION, %edx
    jz 2f
    cld
2:  mov %rax, %rdi
    call dispatch_hook
    jmp leave_tested
1:  lea dispatch_hook(%rip), %rbx
    jmp enter_common
    .cfi_endproc
    .size enter_tested, . - enter_tested

/* Flags are still the program's: no instruction that changes them until they are saved. */
    .type enter_common, @function
enter_common:
    .cfi_startproc
    .cfi_undefined rip
    mov %fs:THREAD_STACK_TOP(%rcx), %rdx
    xchg %rcx, %rdx
    jrcxz 1f
    xchg %rcx, %rdx
    mov %rdx, %rsp
    pushfq
    pop %rdx
    mov %rdx, %fs:THREAD_FLAGS(%rcx)
2:  cld
    mov %rax, %rdi
    xor %ebp, %ebp
    call *%rbx
    jmp leave_start
/* A thread's first time: its stack is made on the program's, below the red zone. */
1:  xchg %rcx, %rdx
    lea -256(%rsp), %rsp
    pushfq
    pop %rdx
    mov %rdx, %fs:THREAD_FLAGS(%rcx)
    cld
    and $-16, %rsp
    push %rax
    push %rcx
    call tr_thread_start
    test %al, %al
    pop %rcx
    pop %rax
    jz 3f
    mov %fs:THREAD_STACK_TOP(%rcx), %rsp
    jmp 2b
3:  ud2
    .cfi_endproc
    .size enter_common, . - enter_common

    hidden leave_start
    hidden leave_end
    .type leave_start, @function
leave_start:
    mov tr_thread@gottpoff(%rip), %rcx
    mov %fs:THREAD_STACK_TOP(%rcx), %rsp
    push %fs:THREAD_FLAGS(%rcx)
    popfq
    mov %fs:THREAD_GPR(%rcx), %rax
    mov %fs:THREAD_GPR+8*2(%rcx), %rdx
    mov %fs:THREAD_GPR+8*3(%rcx), %rbx
    mov %fs:THREAD_GPR+8*5(%rcx), %rbp
    mov %fs:THREAD_GPR+8*6(%rcx), %rsi
    mov %fs:THREAD_GPR+8*7(%rcx), %rdi
    mov %fs:THREAD_GPR+8*8(%rcx), %r8
    mov %fs:THREAD_GPR+8*9(%rcx), %r9
    mov %fs:THREAD_GPR+8*10(%rcx), %r10
    mov %fs:THREAD_GPR+8*11(%rcx), %r11
    mov %fs:THREAD_GPR+8*12(%rcx), %r12
    mov %fs:THREAD_GPR+8*13(%rcx), %r13
    mov %fs:THREAD_GPR+8*14(%rcx), %r14
    mov %fs:THREAD_GPR+8*15(%rcx), %r15
    mov %fs:THREAD_GPR+8*4(%rcx), %rsp
    jmp *tr_leave_tail(%rip)
leave_tested:
    mov tr_thread@gottpoff(%rip), %rcx
    testl $FLAG_DIRECTION, %fs:THREAD_FLAGS(%rcx)
    jnz leave_start
    mov %fs:THREAD_GPR(%rcx), %rax
    mov %fs:THREAD_GPR+8*2(%rcx), %rdx
    mov %fs:THREAD_GPR+8*6(%rcx), %rsi
    mov %fs:THREAD_GPR+8*7(%rcx), %rdi
    mov %fs:THREAD_GPR+8*8(%rcx), %r8
    mov %fs:THREAD_GPR+8*9(%rcx), %r9
    mov %fs:THREAD_GPR+8*10(%rcx), %r10
    mov %fs:THREAD_GPR+8*11(%rcx), %r11
    mov %fs:THREAD_GPR+8*4(%rcx), %rsp
    jmp *tr_leave_tail(%rip)
leave_end:
    .size leave_start, . - leave_start

/* void on_stack(uint8_t *top, void (*function)(void *), void *arg) */
    hidden on_stack
    .type on_stack, @function
on_stack:
    .cfi_startproc
    push %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov %rsp, %rbp
    .cfi_def_cfa_register rbp
    mov %rdi, %rsp
    mov %rdx, %rdi
    call *%rsi
    mov %rbp, %rsp
    pop %rbp
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size on_stack, . - on_stack

/* void with_vectors_saved(void (*function)(void *), void *arg): XSAVEC, XSAVE or FXSAVE, as arch.c has found out. The
 * header of the area (64 bytes from 512 on) must be zero for XSAVE. rbx: the area. */
    hidden with_vectors_saved
    .type with_vectors_saved, @function
with_vectors_saved:
    .cfi_startproc
    push %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov %rsp, %rbp
    .cfi_def_cfa_register rbp
    push %rbx
    .cfi_offset rbx, -24
    sub vector_area_size(%rip), %rsp
    and $-64, %rsp
    mov %rsp, %rbx
    mov %rdi, %rcx
    xor %eax, %eax
    cmpl $0, vector_method(%rip)
    je 1f
    mov %rax, 512(%rbx)
    mov %rax, 520(%rbx)
    mov %rax, 528(%rbx)
    mov %rax, 536(%rbx)
    mov %rax, 544(%rbx)
    mov %rax, 552(%rbx)
    mov %rax, 560(%rbx)
    mov %rax, 568(%rbx)
    mov $-1, %eax
    mov $-1, %edx
    cmpl $1, vector_method(%rip)
    je 2f
    xsavec64 (%rbx)
    jmp 3f
1:  fxsave64 (%rbx)
    jmp 3f
2:  xsave64 (%rbx)
3:  mov %rsi, %rdi
    call *%rcx
    cmpl $0, vector_method(%rip)
    je 4f
    mov $-1, %eax
    mov $-1, %edx
    xrstor64 (%rbx)
    jmp 5f
4:  fxrstor64 (%rbx)
5:  mov -8(%rbp), %rbx
    mov %rbp, %rsp
    pop %rbp
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size with_vectors_saved, . - with_vectors_saved

/* size_t copy_guarded(void *to, const void *from, size_t size): a fault inside goes on behind the copy, with the rest
 * in rcx (arch.c). */
    hidden copy_guarded
    hidden copy_start
    hidden copy_end
    .type copy_guarded, @function
copy_guarded:
    .cfi_startproc
    mov %rdx, %rcx
copy_start:
    rep movsb
copy_end:
    mov %rcx, %rax
    ret
    .cfi_endproc
    .size copy_guarded, . - copy_guarded

/* bool load_guarded(uint64_t *value, uintptr_t address, size_t size): likewise; arch.c sends a fault to load_failed. */
    hidden load_guarded
    hidden load_start
    hidden load_end
    hidden load_failed
    .type load_guarded, @function
load_guarded:
    .cfi_startproc
load_start:
    cmp $4, %edx
    ja 8f
    je 4f
    cmp $1, %edx
    je 1f
    movzwl (%rsi), %eax
    jmp load_end
1:  movzbl (%rsi), %eax
    jmp load_end
4:  mov (%rsi), %eax
    jmp load_end
8:  mov (%rsi), %rax
load_end:
    mov %rax, (%rdi)
    mov $1, %eax
    ret
load_failed:
    xor %eax, %eax
    ret
    .cfi_endproc
    .size load_guarded, . - load_guarded

/* size_t length_guarded(const void *string, size_t most_bytes), and of elements of 4 bytes: the bytes before the first
 * element that is zero. A fault inside goes on behind the search: what cannot be read ends it as well (arch.c). Aligned blocks, so
 * that no page is read that the string does not reach.
 * rax: the block, rsi: where to stop at the latest. */
.macro length name, compare
    hidden \name
    hidden \name\()_start
    hidden \name\()_end
    .type \name, @function
\name:
    .cfi_startproc
    mov %rdi, %rax
    and $-16, %rax
    mov %edi, %ecx
    and $15, %ecx
    pxor %xmm0, %xmm0
    add %rdi, %rsi
    jnc \name\()_start
    mov $-1, %rsi
\name\()_start:
    movdqa (%rax), %xmm1
    \compare %xmm0, %xmm1
    pmovmskb %xmm1, %edx
    shr %cl, %edx
    shl %cl, %edx
    test %edx, %edx
    jnz 2f
1:  add $16, %rax
    cmp %rsi, %rax
    jae \name\()_end
    movdqa (%rax), %xmm1
    \compare %xmm0, %xmm1
    pmovmskb %xmm1, %edx
    test %edx, %edx
    jz 1b
2:  bsf %edx, %edx
    add %rdx, %rax
\name\()_end:
    cmp %rdi, %rax
    cmovb %rdi, %rax
    cmp %rsi, %rax
    cmova %rsi, %rax
    sub %rdi, %rax
    ret
    .cfi_endproc
    .size \name, . - \name
.endm

    length length_guarded, pcmpeqb
    length length_guarded_wide, pcmpeqd
