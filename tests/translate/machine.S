/* SPDX-License-Identifier: MIT */
/* Entering and leaving snippets with all registers; see machine.h. */
    .text
    .globl machine_run, machine_exit, machine_abort
    .hidden machine_run, machine_exit, machine_abort
    .type machine_run, @function

machine_run:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, saved_sp(%rip)
    mov %rsi, target(%rip)
    mov machine_components(%rip), %eax
    xor %edx, %edx
    xrstor64 192(%rdi)
    pushq 128(%rdi)
    mov 0(%rdi), %rax
    mov 8(%rdi), %rcx
    mov 16(%rdi), %rdx
    mov 24(%rdi), %rbx
    mov 40(%rdi), %rbp
    mov 48(%rdi), %rsi
    mov 64(%rdi), %r8
    mov 72(%rdi), %r9
    mov 80(%rdi), %r10
    mov 88(%rdi), %r11
    mov 96(%rdi), %r12
    mov 104(%rdi), %r13
    mov 112(%rdi), %r14
    mov 120(%rdi), %r15
    popfq
    mov 32(%rdi), %rsp
    mov 56(%rdi), %rdi
    jmp *target(%rip)

machine_exit:
    mov %rax, machine_result+0(%rip)
    mov %rcx, machine_result+8(%rip)
    mov %rdx, machine_result+16(%rip)
    mov %rbx, machine_result+24(%rip)
    mov %rsp, machine_result+32(%rip)
    mov %rbp, machine_result+40(%rip)
    mov %rsi, machine_result+48(%rip)
    mov %rdi, machine_result+56(%rip)
    mov %r8, machine_result+64(%rip)
    mov %r9, machine_result+72(%rip)
    mov %r10, machine_result+80(%rip)
    mov %r11, machine_result+88(%rip)
    mov %r12, machine_result+96(%rip)
    mov %r13, machine_result+104(%rip)
    mov %r14, machine_result+112(%rip)
    mov %r15, machine_result+120(%rip)
    mov saved_sp(%rip), %rsp
    pushfq
    popq machine_result+128(%rip)
    cld
    mov machine_components(%rip), %eax
    xor %edx, %edx
    xsave64 machine_result+192(%rip)
    mov $1, %ecx
    jmp leave

machine_abort:
    mov saved_sp(%rip), %rsp
    cld
    xor %ecx, %ecx
leave:
    mov machine_components(%rip), %eax
    xor %edx, %edx
    xrstor64 machine_clean+192(%rip)
    mov %ecx, %eax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size machine_run, . - machine_run

    .local saved_sp, target
    .comm saved_sp, 8, 8
    .comm target, 8, 8
    .section .note.GNU-stack, "", @progbits
