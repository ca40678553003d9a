// SPDX-License-Identifier: Apache-2.0
//
// STUB: see rp2040.go. The vectors of the RP2040, for the linker.

.syntax unified

.section .text.Default_Handler
.global  Default_Handler
.type    Default_Handler, %function
Default_Handler:
    wfe
    b    Default_Handler
.size Default_Handler, .-Default_Handler

.macro IRQ handler
    .weak  \handler
    .set   \handler, Default_Handler
    .long  \handler
.endm

.section .isr_vector, "a", %progbits
.global  __isr_vector
__isr_vector:
    .long _stack_top
    .long Reset_Handler
    IRQ NMI_Handler
    IRQ HardFault_Handler
    .long 0, 0, 0, 0, 0, 0, 0
    IRQ SVC_Handler
    .long 0, 0
    IRQ PendSV_Handler
    IRQ SysTick_Handler
    IRQ TIMER_IRQ_0_IRQHandler
    .long Default_Handler, Default_Handler, Default_Handler, Default_Handler
    IRQ USBCTRL_IRQ_IRQHandler
    .long Default_Handler, Default_Handler, Default_Handler, Default_Handler
    .long Default_Handler, Default_Handler, Default_Handler
    IRQ IO_IRQ_BANK0_IRQHandler
    .long Default_Handler
    IRQ SIO_IRQ_PROC0_IRQHandler
    IRQ SIO_IRQ_PROC1_IRQHandler
    .long Default_Handler, Default_Handler, Default_Handler
    IRQ UART0_IRQ_IRQHandler
    IRQ UART1_IRQ_IRQHandler
    .long Default_Handler, Default_Handler, Default_Handler
    IRQ RTC_IRQ_IRQHandler
.size __isr_vector, .-__isr_vector
