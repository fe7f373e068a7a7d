# The guest of the KVM probe: a ROM of 64 KiB that goes from the reset vector through protected mode and paging into long
# mode, runs SSE2 instructions and writes 0x10 to the debug-exit port. Hosts were seen whose KVM runs real mode and long
# mode, but hangs at the first SSE instruction: a kernel would hang there too.
# Assembled: gcc -c -x assembler-with-cpp -m64 kvm-probe.S -o p.o && objcopy -O binary -j .text p.o rom
#define ROM 0xffff0000
.code16
start:
  lgdtl %cs:gdtr-start
  mov %cr0, %eax
  or $1, %eax
  mov %eax, %cr0
  ljmpl $0x08, $(ROM+protected-start)
.code32
protected:
  mov $0x10, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  # The first and the last GiB, in pages of 2 MiB, each mapped to itself.
  mov $0x1000, %edi
  xor %eax, %eax
  mov $0x1000, %ecx
  rep stosl
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  movl $0x4003, 0x2018
  mov $0x3000, %edi
  mov $0x83, %eax
  mov $512, %ecx
1: mov %eax, (%edi)
  add $8, %edi
  add $0x200000, %eax
  loop 1b
  mov $0x4000, %edi
  mov $0xc0000083, %eax
  mov $512, %ecx
1: mov %eax, (%edi)
  add $8, %edi
  add $0x200000, %eax
  loop 1b
  # PAE, OSFXSR, OSXMMEXCPT
  mov %cr4, %eax
  or $0x620, %eax
  mov %eax, %cr4
  mov $0x1000, %eax
  mov %eax, %cr3
  # EFER.LME
  mov $0xc0000080, %ecx
  rdmsr
  or $0x100, %eax
  wrmsr
  # PG, MP; not EM
  mov %cr0, %eax
  and $0xfffffffb, %eax
  or $0x80000002, %eax
  mov %eax, %cr0
  ljmp $0x18, $(ROM+long-start)
.code64
long:
  mov $1, %eax
  cpuid
  movaps %xmm0, %xmm1
  paddq %xmm1, %xmm0
  mov $0x10, %al
  out %al, $0xf4
  hlt
.align 8
gdt: .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff
gdtr: .word 31
  .long ROM+gdt-start
end:
.org 0xfff0
.code16
  jmp start
.org 0x10000
