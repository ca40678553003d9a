// SPDX-License-Identifier: Apache-2.0

//go:build rp && rp2040

// Package rp is a STUB of the package that TinyGo's release generates from the vendor's
// description of the RP2040. It has only the names that TinyGo's own packages machine
// and runtime use, copied by hand from the data sheet. It allows ./test.sh pico to
// check that firmware/board/pico compiles. An image made with it must not be written to
// a Pico. See tools/tinygo/README.md.
package rp

import (
	"runtime/volatile"
	"unsafe"
)

// Device is the name of the part.
const Device = "RP2040"

// Interrupt numbers.
const (
	IRQ_TIMER_IRQ_0   = 0
	IRQ_USBCTRL_IRQ   = 5
	IRQ_IO_IRQ_BANK0  = 13
	IRQ_SIO_IRQ_PROC0 = 15
	IRQ_SIO_IRQ_PROC1 = 16
	IRQ_UART0_IRQ     = 20
	IRQ_UART1_IRQ     = 21
	IRQ_RTC_IRQ       = 25
	IRQ_max           = 25
)

// callHandlers is replaced by the compiler with the handlers registered.
//
//go:linkname callHandlers runtime/interrupt.callHandlers
func callHandlers(num int)

//export TIMER_IRQ_0_IRQHandler
func interruptTIMER_IRQ_0() { callHandlers(IRQ_TIMER_IRQ_0) }

//export USBCTRL_IRQ_IRQHandler
func interruptUSBCTRL_IRQ() { callHandlers(IRQ_USBCTRL_IRQ) }

//export IO_IRQ_BANK0_IRQHandler
func interruptIO_IRQ_BANK0() { callHandlers(IRQ_IO_IRQ_BANK0) }

//export SIO_IRQ_PROC0_IRQHandler
func interruptSIO_IRQ_PROC0() { callHandlers(IRQ_SIO_IRQ_PROC0) }

//export SIO_IRQ_PROC1_IRQHandler
func interruptSIO_IRQ_PROC1() { callHandlers(IRQ_SIO_IRQ_PROC1) }

//export UART0_IRQ_IRQHandler
func interruptUART0_IRQ() { callHandlers(IRQ_UART0_IRQ) }

//export UART1_IRQ_IRQHandler
func interruptUART1_IRQ() { callHandlers(IRQ_UART1_IRQ) }

//export RTC_IRQ_IRQHandler
func interruptRTC_IRQ() { callHandlers(IRQ_RTC_IRQ) }

// Peripherals.
var (
	PSM                 = (*PSM_Type)(unsafe.Pointer(uintptr(0x40010000)))
	CLOCKS              = (*CLOCKS_Type)(unsafe.Pointer(uintptr(0x40008000)))
	RESETS              = (*RESETS_Type)(unsafe.Pointer(uintptr(0x4000c000)))
	IO_BANK0            = (*blank)(unsafe.Pointer(uintptr(0x40014000)))
	PADS_BANK0          = (*blank)(unsafe.Pointer(uintptr(0x4001c000)))
	XOSC                = (*blank)(unsafe.Pointer(uintptr(0x40024000)))
	PLL_SYS             = (*blank)(unsafe.Pointer(uintptr(0x40028000)))
	PLL_USB             = (*blank)(unsafe.Pointer(uintptr(0x4002c000)))
	UART0               = (*UART0_Type)(unsafe.Pointer(uintptr(0x40034000)))
	UART1               = (*UART0_Type)(unsafe.Pointer(uintptr(0x40038000)))
	SPI0                = (*SPI0_Type)(unsafe.Pointer(uintptr(0x4003c000)))
	SPI1                = (*SPI0_Type)(unsafe.Pointer(uintptr(0x40040000)))
	I2C0                = (*I2C0_Type)(unsafe.Pointer(uintptr(0x40044000)))
	I2C1                = (*I2C0_Type)(unsafe.Pointer(uintptr(0x40048000)))
	ADC                 = (*ADC_Type)(unsafe.Pointer(uintptr(0x4004c000)))
	PWM                 = (*blank)(unsafe.Pointer(uintptr(0x40050000)))
	TIMER               = (*blank)(unsafe.Pointer(uintptr(0x40054000)))
	WATCHDOG            = (*WATCHDOG_Type)(unsafe.Pointer(uintptr(0x40058000)))
	RTC                 = (*RTC_Type)(unsafe.Pointer(uintptr(0x4005c000)))
	ROSC                = (*ROSC_Type)(unsafe.Pointer(uintptr(0x40060000)))
	VREG_AND_CHIP_RESET = (*VREG_AND_CHIP_RESET_Type)(unsafe.Pointer(uintptr(0x40064000)))
	DMA                 = (*blank)(unsafe.Pointer(uintptr(0x50000000)))
	USBCTRL_REGS        = (*USBCTRL_REGS_Type)(unsafe.Pointer(uintptr(0x50110000)))
	SIO                 = (*SIO_Type)(unsafe.Pointer(uintptr(0xd0000000)))
	PPB                 = (*PPB_Type)(unsafe.Pointer(uintptr(0xe0000000)))
)

type reg = volatile.Register32

// blank is a peripheral for which package machine has its own type.
type blank struct{ _ reg }

type PSM_Type struct{ FRCE_ON, FRCE_OFF, WDSEL, DONE reg }

type CLOCKS_Type struct {
	_                  [0x78 / 4]reg
	CLK_SYS_RESUS_CTRL reg
}

func (o *CLOCKS_Type) SetCLK_SYS_RESUS_CTRL_CLEAR(value uint32) {
	o.CLK_SYS_RESUS_CTRL.Set(o.CLK_SYS_RESUS_CTRL.Get()&^0x10000 | value<<16)
}

type RESETS_Type struct{ RESET, WDSEL, RESET_DONE reg }

type UART0_Type struct {
	UARTDR, UARTRSR                                 reg
	_                                               [4]reg
	UARTFR                                          reg
	_                                               reg
	UARTILPR, UARTIBRD, UARTFBRD, UARTLCR_H, UARTCR reg
	UARTIFLS, UARTIMSC                              reg
}

type SPI0_Type struct {
	SSPCR0, SSPCR1, SSPDR, SSPSR, SSPCPSR, SSPIMSC, SSPRIS, SSPMIS, SSPICR, SSPDMACR reg
}

type I2C0_Type struct {
	IC_CON, IC_TAR, IC_SAR, _, IC_DATA_CMD, IC_SS_SCL_HCNT, IC_SS_SCL_LCNT reg
	IC_FS_SCL_HCNT, IC_FS_SCL_LCNT, _, _                                   reg
	IC_INTR_STAT, IC_INTR_MASK, IC_RAW_INTR_STAT, IC_RX_TL, IC_TX_TL       reg
	IC_CLR_INTR, IC_CLR_RX_UNDER, IC_CLR_RX_OVER, IC_CLR_TX_OVER           reg
	IC_CLR_RD_REQ, IC_CLR_TX_ABRT, IC_CLR_RX_DONE, IC_CLR_ACTIVITY         reg
	IC_CLR_STOP_DET, IC_CLR_START_DET, IC_CLR_GEN_CALL                     reg
	IC_ENABLE, IC_STATUS, IC_TXFLR, IC_RXFLR, IC_SDA_HOLD                  reg
	IC_TX_ABRT_SOURCE, IC_SLV_DATA_NACK_ONLY                               reg
	IC_DMA_CR, IC_DMA_TDLR, IC_DMA_RDLR, IC_SDA_SETUP                      reg
	IC_ACK_GENERAL_CALL, IC_ENABLE_STATUS, IC_FS_SPKLEN                    reg
}

func (o *I2C0_Type) GetIC_RAW_INTR_STAT_TX_EMPTY() uint32 {
	return o.IC_RAW_INTR_STAT.Get() & 0x10 >> 4
}

func (o *I2C0_Type) GetIC_RAW_INTR_STAT_TX_ABRT() uint32 {
	return o.IC_RAW_INTR_STAT.Get() & 0x40 >> 6
}

func (o *I2C0_Type) GetIC_CLR_TX_ABRT_CLR_TX_ABRT() uint32 { return o.IC_CLR_TX_ABRT.Get() & 1 }

func (o *I2C0_Type) SetIC_DATA_CMD_DAT(value uint32) {
	o.IC_DATA_CMD.Set(o.IC_DATA_CMD.Get()&^0xff | value)
}

type ADC_Type struct{ CS, RESULT reg }

type WATCHDOG_Type struct {
	CTRL, LOAD, REASON reg
	SCRATCH            [8]reg
	TICK               reg
}

type RTC_Type struct {
	CLKDIV_M1, SETUP_0, SETUP_1, CTRL, IRQ_SETUP_0, IRQ_SETUP_1, RTC_1, RTC_0, INTR, INTE reg
}

type ROSC_Type struct {
	_         [0x1c / 4]reg
	RANDOMBIT reg
}

func (o *ROSC_Type) GetRANDOMBIT() uint32 { return o.RANDOMBIT.Get() & 1 }

type VREG_AND_CHIP_RESET_Type struct{ VREG reg }

func (o *VREG_AND_CHIP_RESET_Type) SetVREG_VSEL(value uint32) {
	o.VREG.Set(o.VREG.Get()&^0xf0 | value<<4)
}

type USBCTRL_REGS_Type struct {
	ADDR_ENDP                                             reg
	_                                                     [15]reg
	MAIN_CTRL, SOF_WR, SOF_RD, SIE_CTRL, SIE_STATUS       reg
	INT_EP_CTRL, BUFF_STATUS, BUFF_CPU_SHOULD_HANDLE      reg
	EP_ABORT, EP_ABORT_DONE, EP_STALL_ARM, NAK_POLL       reg
	EP_STATUS_STALL_NAK, USB_MUXING, USB_PWR              reg
	USBPHY_DIRECT, USBPHY_DIRECT_OVERRIDE, USBPHY_TRIM, _ reg
	INTR, INTE, INTF, INTS                                reg
}

type SIO_Type struct {
	CPUID, GPIO_IN, GPIO_HI_IN, _                                  reg
	GPIO_OUT, GPIO_OUT_SET, GPIO_OUT_CLR, GPIO_OUT_XOR             reg
	GPIO_OE, GPIO_OE_SET, GPIO_OE_CLR, GPIO_OE_XOR                 reg
	GPIO_HI_OUT, GPIO_HI_OUT_SET, GPIO_HI_OUT_CLR, GPIO_HI_OUT_XOR reg
	GPIO_HI_OE, GPIO_HI_OE_SET, GPIO_HI_OE_CLR, GPIO_HI_OE_XOR     reg
	FIFO_ST, FIFO_WR, FIFO_RD, SPINLOCK_ST                         reg
	_                                                              [(0x100 - 0x60) / 4]reg
	SPINLOCK0                                                      reg
}

type PPB_Type struct {
	_         [0xe100 / 4]reg
	NVIC_ISER reg
	_         [0x7c / 4]reg
	NVIC_ICER reg
	_         [0xfc / 4]reg
	NVIC_ICPR reg
}

// Bits.
const (
	ADC_CS_EN         = 1 << 0
	ADC_CS_TS_EN      = 1 << 1
	ADC_CS_START_ONCE = 1 << 2
	ADC_CS_READY      = 1 << 8
	ADC_CS_AINSEL_Pos = 12
	ADC_CS_AINSEL_Msk = 7 << 12

	CLOCKS_CLK_GPOUT0_CTRL_ENABLE              = 1 << 11
	CLOCKS_CLK_GPOUT0_CTRL_ENABLE_Msk          = 1 << 11
	CLOCKS_CLK_REF_CTRL_SRC_Pos                = 0
	CLOCKS_CLK_REF_CTRL_SRC_Msk                = 3
	CLOCKS_CLK_REF_CTRL_SRC_XOSC_CLKSRC        = 2
	CLOCKS_CLK_SYS_CTRL_SRC_Msk                = 1
	CLOCKS_CLK_SYS_CTRL_SRC_CLKSRC_CLK_SYS_AUX = 1
	CLOCKS_CLK_SYS_CTRL_AUXSRC_Pos             = 5
	CLOCKS_CLK_SYS_CTRL_AUXSRC_Msk             = 7 << 5
	CLOCKS_CLK_SYS_CTRL_AUXSRC_CLKSRC_PLL_SYS  = 0
	CLOCKS_CLK_PERI_CTRL_AUXSRC_CLK_SYS        = 0
	CLOCKS_CLK_USB_CTRL_AUXSRC_CLKSRC_PLL_USB  = 0
	CLOCKS_CLK_ADC_CTRL_AUXSRC_CLKSRC_PLL_USB  = 0
	CLOCKS_CLK_RTC_CTRL_AUXSRC_CLKSRC_PLL_USB  = 0

	DMA_CH0_CTRL_TRIG_EN                  = 1 << 0
	DMA_CH0_CTRL_TRIG_DATA_SIZE_Pos       = 2
	DMA_CH0_CTRL_TRIG_DATA_SIZE_SIZE_BYTE = 0
	DMA_CH0_CTRL_TRIG_INCR_READ           = 1 << 4
	DMA_CH0_CTRL_TRIG_TREQ_SEL_Pos        = 15
	DMA_CH0_CTRL_TRIG_BUSY                = 1 << 24

	I2C0_IC_CON_MASTER_MODE                  = 1 << 0
	I2C0_IC_CON_SPEED_Pos                    = 1
	I2C0_IC_CON_SPEED_Msk                    = 3 << 1
	I2C0_IC_CON_SPEED_FAST                   = 2
	I2C0_IC_CON_IC_RESTART_EN                = 1 << 5
	I2C0_IC_CON_IC_SLAVE_DISABLE             = 1 << 6
	I2C0_IC_CON_TX_EMPTY_CTRL                = 1 << 8
	I2C0_IC_DATA_CMD_CMD                     = 1 << 8
	I2C0_IC_DATA_CMD_STOP_Pos                = 9
	I2C0_IC_DATA_CMD_RESTART_Pos             = 10
	I2C0_IC_FS_SCL_HCNT_IC_FS_SCL_HCNT_Msk   = 0xffff
	I2C0_IC_FS_SCL_LCNT_IC_FS_SCL_LCNT_Msk   = 0xffff
	I2C0_IC_SDA_HOLD_IC_SDA_TX_HOLD_Pos      = 0
	I2C0_IC_SDA_HOLD_IC_SDA_TX_HOLD_Msk      = 0xffff
	I2C0_IC_ENABLE_ENABLE                    = 1
	I2C0_IC_ENABLE_ENABLE_Pos                = 0
	I2C0_IC_ENABLE_ENABLE_Msk                = 1
	I2C0_IC_DMA_CR_RDMAE                     = 1 << 0
	I2C0_IC_DMA_CR_TDMAE                     = 1 << 1
	I2C0_IC_COMP_PARAM_1_TX_BUFFER_DEPTH_Pos = 16
	I2C0_IC_INTR_MASK_M_RX_FULL              = 1 << 2
	I2C0_IC_INTR_MASK_M_RD_REQ               = 1 << 5
	I2C0_IC_INTR_MASK_M_TX_ABRT              = 1 << 6
	I2C0_IC_INTR_MASK_M_STOP_DET             = 1 << 9
	I2C0_IC_INTR_MASK_M_START_DET            = 1 << 10
	I2C0_IC_RAW_INTR_STAT_TX_EMPTY           = 1 << 4
	I2C0_IC_RAW_INTR_STAT_STOP_DET           = 1 << 9

	I2C0_IC_TX_ABRT_SOURCE_ABRT_7B_ADDR_NOACK   = 1 << 0
	I2C0_IC_TX_ABRT_SOURCE_ABRT_10ADDR1_NOACK   = 1 << 1
	I2C0_IC_TX_ABRT_SOURCE_ABRT_10ADDR2_NOACK   = 1 << 2
	I2C0_IC_TX_ABRT_SOURCE_ABRT_TXDATA_NOACK    = 1 << 3
	I2C0_IC_TX_ABRT_SOURCE_ABRT_GCALL_NOACK     = 1 << 4
	I2C0_IC_TX_ABRT_SOURCE_ABRT_GCALL_READ      = 1 << 5
	I2C0_IC_TX_ABRT_SOURCE_ABRT_HS_ACKDET       = 1 << 6
	I2C0_IC_TX_ABRT_SOURCE_ABRT_SBYTE_ACKDET    = 1 << 7
	I2C0_IC_TX_ABRT_SOURCE_ABRT_HS_NORSTRT      = 1 << 8
	I2C0_IC_TX_ABRT_SOURCE_ABRT_SBYTE_NORSTRT   = 1 << 9
	I2C0_IC_TX_ABRT_SOURCE_ABRT_10B_RD_NORSTRT  = 1 << 10
	I2C0_IC_TX_ABRT_SOURCE_ABRT_MASTER_DIS      = 1 << 11
	I2C0_IC_TX_ABRT_SOURCE_ARB_LOST             = 1 << 12
	I2C0_IC_TX_ABRT_SOURCE_ABRT_SLVFLUSH_TXFIFO = 1 << 13
	I2C0_IC_TX_ABRT_SOURCE_ABRT_SLV_ARBLOST     = 1 << 14
	I2C0_IC_TX_ABRT_SOURCE_ABRT_SLVRD_INTX      = 1 << 15
	I2C0_IC_TX_ABRT_SOURCE_ABRT_USER_ABRT       = 1 << 16

	IO_BANK0_GPIO0_CTRL_FUNCSEL_Pos    = 0
	IO_BANK0_GPIO0_CTRL_FUNCSEL_Msk    = 0x1f
	IO_BANK0_GPIO0_CTRL_OEOVER_Pos     = 12
	IO_BANK0_GPIO0_CTRL_OEOVER_Msk     = 3 << 12
	IO_BANK0_GPIO0_CTRL_OEOVER_DISABLE = 2
	IO_BANK0_GPIO1_CTRL_INOVER_Pos     = 16
	IO_BANK0_GPIO1_CTRL_INOVER_Msk     = 3 << 16
	IO_BANK0_GPIO1_CTRL_INOVER_HIGH    = 3

	PADS_BANK0_GPIO0_SLEWFAST_Pos = 0
	PADS_BANK0_GPIO0_SLEWFAST_Msk = 1 << 0
	PADS_BANK0_GPIO0_SCHMITT_Pos  = 1
	PADS_BANK0_GPIO0_SCHMITT_Msk  = 1 << 1
	PADS_BANK0_GPIO0_PDE          = 1 << 2
	PADS_BANK0_GPIO0_PUE          = 1 << 3
	PADS_BANK0_GPIO0_IE           = 1 << 6
	PADS_BANK0_GPIO0_IE_Msk       = 1 << 6
	PADS_BANK0_GPIO0_OD_Msk       = 1 << 7

	PLL_SYS_CS_REFDIV_Msk           = 0x3f
	PLL_SYS_CS_LOCK                 = 1 << 31
	PLL_SYS_PWR_PD                  = 1 << 0
	PLL_SYS_PWR_POSTDIVPD           = 1 << 3
	PLL_SYS_PWR_VCOPD               = 1 << 5
	PLL_SYS_FBDIV_INT_FBDIV_INT_Msk = 0xfff
	PLL_SYS_PRIM_POSTDIV1_Pos       = 16
	PLL_SYS_PRIM_POSTDIV1_Msk       = 7 << 16
	PLL_SYS_PRIM_POSTDIV2_Pos       = 12
	PLL_SYS_PRIM_POSTDIV2_Msk       = 7 << 12

	PSM_WDSEL_ROSC = 1 << 0
	PSM_WDSEL_XOSC = 1 << 1

	PWM_CH0_CSR_EN             = 1 << 0
	PWM_CH0_CSR_EN_Pos         = 0
	PWM_CH0_CSR_EN_Msk         = 1 << 0
	PWM_CH0_CSR_PH_CORRECT_Pos = 1
	PWM_CH0_CSR_PH_CORRECT_Msk = 1 << 1
	PWM_CH0_CSR_A_INV_Pos      = 2
	PWM_CH0_CSR_A_INV_Msk      = 1 << 2
	PWM_CH0_CSR_B_INV_Pos      = 3
	PWM_CH0_CSR_B_INV_Msk      = 1 << 3
	PWM_CH0_CSR_DIVMODE_Pos    = 4
	PWM_CH0_CSR_DIVMODE_Msk    = 3 << 4
	PWM_CH0_CSR_DIVMODE_DIV    = 0
	PWM_CH0_CSR_DIVMODE_LEVEL  = 1
	PWM_CH0_CSR_DIVMODE_RISE   = 2
	PWM_CH0_CSR_DIVMODE_FALL   = 3
	PWM_CH0_DIV_FRAC_Pos       = 0
	PWM_CH0_DIV_FRAC_Msk       = 0xf
	PWM_CH0_DIV_INT_Pos        = 4
	PWM_CH0_DIV_INT_Msk        = 0xff0
	PWM_CH0_CTR_CH0_CTR_Pos    = 0
	PWM_CH0_CTR_CH0_CTR_Msk    = 0xffff
	PWM_CH0_CC_A_Pos           = 0
	PWM_CH0_CC_A_Msk           = 0xffff
	PWM_CH0_CC_B_Pos           = 16
	PWM_CH0_CC_B_Msk           = 0xffff0000
	PWM_CH0_TOP_CH0_TOP_Pos    = 0
	PWM_CH0_TOP_CH0_TOP_Msk    = 0xffff

	RESETS_RESET_ADC       = 1 << 0
	RESETS_RESET_I2C0      = 1 << 3
	RESETS_RESET_I2C1      = 1 << 4
	RESETS_RESET_IO_QSPI   = 1 << 6
	RESETS_RESET_PADS_QSPI = 1 << 9
	RESETS_RESET_PLL_SYS   = 1 << 12
	RESETS_RESET_PLL_USB   = 1 << 13
	RESETS_RESET_RTC       = 1 << 15
	RESETS_RESET_SPI0      = 1 << 16
	RESETS_RESET_SPI1      = 1 << 17
	RESETS_RESET_SYSCFG    = 1 << 18
	RESETS_RESET_UART0     = 1 << 22
	RESETS_RESET_UART1     = 1 << 23
	RESETS_RESET_USBCTRL   = 1 << 24

	RTC_CLKDIV_M1_CLKDIV_M1_Msk  = 0xffff
	RTC_SETUP_0_DAY_Pos          = 0
	RTC_SETUP_0_MONTH_Pos        = 8
	RTC_SETUP_0_YEAR_Pos         = 12
	RTC_SETUP_1_SEC_Pos          = 0
	RTC_SETUP_1_MIN_Pos          = 8
	RTC_SETUP_1_HOUR_Pos         = 16
	RTC_SETUP_1_DOTW_Pos         = 24
	RTC_CTRL_RTC_ENABLE          = 1 << 0
	RTC_CTRL_RTC_ACTIVE          = 1 << 1
	RTC_CTRL_LOAD                = 1 << 4
	RTC_IRQ_SETUP_0_DAY_ENA      = 1 << 24
	RTC_IRQ_SETUP_0_MONTH_ENA    = 1 << 25
	RTC_IRQ_SETUP_0_YEAR_ENA     = 1 << 26
	RTC_IRQ_SETUP_0_MATCH_ENA    = 1 << 28
	RTC_IRQ_SETUP_0_MATCH_ACTIVE = 1 << 29
	RTC_IRQ_SETUP_1_SEC_ENA      = 1 << 28
	RTC_IRQ_SETUP_1_MIN_ENA      = 1 << 29
	RTC_IRQ_SETUP_1_HOUR_ENA     = 1 << 30
	RTC_IRQ_SETUP_1_DOTW_ENA     = 1 << 31
	RTC_INTE_RTC                 = 1 << 0

	SIO_FIFO_ST_VLD = 1 << 0
	SIO_FIFO_ST_RDY = 1 << 1
	SIO_FIFO_ST_ROE = 1 << 3

	SPI0_SSPCR0_DSS_Pos      = 0
	SPI0_SSPCR0_DSS_Msk      = 0xf
	SPI0_SSPCR0_FRF_Msk      = 3 << 4
	SPI0_SSPCR0_SPO_Pos      = 6
	SPI0_SSPCR0_SPO_Msk      = 1 << 6
	SPI0_SSPCR0_SPH_Pos      = 7
	SPI0_SSPCR0_SPH_Msk      = 1 << 7
	SPI0_SSPCR0_SCR_Pos      = 8
	SPI0_SSPCR0_SCR_Msk      = 0xff00
	SPI0_SSPCR1_SSE          = 1 << 1
	SPI0_SSPSR_TNF           = 1 << 1
	SPI0_SSPSR_RNE           = 1 << 2
	SPI0_SSPSR_BSY           = 1 << 4
	SPI0_SSPICR_RORIC        = 1 << 0
	SPI0_SSPDMACR_RXDMAE     = 1 << 0
	SPI0_SSPDMACR_TXDMAE     = 1 << 1
	UART0_UARTFR_BUSY        = 1 << 3
	UART0_UARTFR_RXFE        = 1 << 4
	UART0_UARTFR_TXFF        = 1 << 5
	UART0_UARTLCR_H_PEN      = 1 << 1
	UART0_UARTLCR_H_EPS      = 1 << 2
	UART0_UARTLCR_H_STP2_Pos = 3
	UART0_UARTLCR_H_WLEN_Pos = 5
	UART0_UARTCR_UARTEN      = 1 << 0
	UART0_UARTCR_TXE         = 1 << 8
	UART0_UARTCR_RXE         = 1 << 9
	UART0_UARTCR_RTSEN       = 1 << 14
	UART0_UARTCR_CTSEN       = 1 << 15
	UART0_UARTIMSC_RXIM      = 1 << 4

	USBCTRL_REGS_ADDR_ENDP_ADDRESS_Msk                           = 0x7f
	USBCTRL_REGS_MAIN_CTRL_CONTROLLER_EN                         = 1 << 0
	USBCTRL_REGS_SIE_CTRL_PULLUP_EN                              = 1 << 16
	USBCTRL_REGS_SIE_CTRL_EP0_INT_1BUF                           = 1 << 29
	USBCTRL_REGS_SIE_STATUS_LINE_STATE_Pos                       = 2
	USBCTRL_REGS_SIE_STATUS_LINE_STATE_Msk                       = 3 << 2
	USBCTRL_REGS_SIE_STATUS_CONNECTED                            = 1 << 16
	USBCTRL_REGS_SIE_STATUS_SETUP_REC                            = 1 << 17
	USBCTRL_REGS_SIE_STATUS_BUS_RESET                            = 1 << 19
	USBCTRL_REGS_SIE_STATUS_ACK_REC                              = 1 << 30
	USBCTRL_REGS_EP_STALL_ARM_EP0_IN                             = 1 << 0
	USBCTRL_REGS_USB_MUXING_TO_PHY                               = 1 << 0
	USBCTRL_REGS_USB_MUXING_TO_DIGITAL_PAD                       = 1 << 2
	USBCTRL_REGS_USB_MUXING_SOFTCON                              = 1 << 3
	USBCTRL_REGS_USB_PWR_VBUS_DETECT                             = 1 << 2
	USBCTRL_REGS_USB_PWR_VBUS_DETECT_OVERRIDE_EN                 = 1 << 3
	USBCTRL_REGS_USBPHY_DIRECT_DP_PULLUP_EN                      = 1 << 2
	USBCTRL_REGS_USBPHY_DIRECT_OVERRIDE_DP_PULLUP_EN_OVERRIDE_EN = 1 << 2
	USBCTRL_REGS_INTE_BUFF_STATUS                                = 1 << 4
	USBCTRL_REGS_INTE_BUS_RESET                                  = 1 << 12
	USBCTRL_REGS_INTE_SETUP_REQ                                  = 1 << 16
	USBCTRL_REGS_INTS_BUFF_STATUS                                = 1 << 4
	USBCTRL_REGS_INTS_BUS_RESET                                  = 1 << 12
	USBCTRL_REGS_INTS_SETUP_REQ                                  = 1 << 16

	WATCHDOG_CTRL_PAUSE_JTAG = 1 << 24
	WATCHDOG_CTRL_PAUSE_DBG0 = 1 << 25
	WATCHDOG_CTRL_PAUSE_DBG1 = 1 << 26
	WATCHDOG_CTRL_ENABLE     = 1 << 30
	WATCHDOG_LOAD_LOAD_Msk   = 0xffffff
	WATCHDOG_TICK_ENABLE     = 1 << 9

	XOSC_CTRL_FREQ_RANGE_1_15MHZ = 0xaa0
	XOSC_CTRL_ENABLE_Pos         = 12
	XOSC_CTRL_ENABLE_ENABLE      = 0xfab
	XOSC_STATUS_STABLE           = 1 << 31
)
