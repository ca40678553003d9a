// SPDX-License-Identifier: Apache-2.0
//
// log1p, exp and exp2 follow s_log1p.c and e_exp.c of FDLIBM, which have this notice:
//
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//
// Developed at SunPro, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this
// software is freely granted, provided that this notice
// is preserved.

package virtual

import "math"

// A world must give the same log on every machine. On some architectures Go's compiler
// fuses x*y+z into one operation that rounds once, and package math has functions in
// assembly. An event could then differ by a nanosecond. Here every product that is added
// to something is a call of mul, and the functions below replace the ones of package math.
// internal/policy checks this.

// mul returns x*y, rounded. An explicit conversion prevents fusion (Go specification,
// Floating-point operators).
func mul(x, y float64) float64 { return float64(x * y) }

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// polynomial returns x*(c0 + x*(c1 + x*(c2 + …))).
func polynomial(x float64, c ...float64) float64 {
	sum := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		sum = mul(x, c[i]+sum)
	}
	return sum
}

// log1p returns the natural logarithm of 1+x for a finite x from 0.
func log1p(x float64) float64 {
	k, f, c := 0, x, 0.0 // 1+x is 2^k·(1+f), and c/(1+x) corrects the error of 1+x
	small := false       // |f| < 2^-20
	switch {
	case x < 1.0/(1<<54):
		return x
	case x < 1.0/(1<<29):
		return x - mul(mul(x, x), 0.5)
	case x >= math.Sqrt2-1:
		u := 1 + x
		bits := math.Float64bits(u)
		k = int(bits>>52) - 1023
		switch {
		case x >= 1<<53:
		case k > 0:
			c = (1 - (u - x)) / u
		default:
			c = (x - (u - 1)) / u
		}
		const mantissa, root = 1<<52 - 1, 0x6a09e667f3bcd // of √2
		if bits &= mantissa; bits < root {
			u = math.Float64frombits(bits | 0x3ff<<52)
			small = bits == 0
		} else {
			k++
			u = math.Float64frombits(bits | 0x3fe<<52)
			small = (1<<52-bits)>>2 == 0
		}
		f = u - 1
	}
	n := float64(k)
	half := mul(mul(0.5, f), f)
	if small {
		if f == 0 {
			return mul(n, ln2Hi) + (c + mul(n, ln2Lo))
		}
		r := mul(half, 1-mul(0.66666666666666666, f))
		return mul(n, ln2Hi) - ((r - (mul(n, ln2Lo) + c)) - f)
	}
	s := f / (2 + f)
	r := polynomial(mul(s, s),
		6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
		1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01)
	if k == 0 {
		return f - (half - mul(s, half+r))
	}
	return mul(n, ln2Hi) - ((half - (mul(s, half+r) + (mul(n, ln2Lo) + c))) - f)
}

// exp returns e^x, 0 if that is below the normal numbers, for an x up to 700.
func exp(x float64) float64 {
	if x < -708 {
		return 0
	}
	k := math.Round(mul(math.Log2E, x))
	return expSum(x-mul(k, ln2Hi), mul(k, ln2Lo), int(k))
}

// exp2 returns 2^x for an x from -1000 to 1000.
func exp2(x float64) float64 {
	if x == 0 { // at 25 °C, the temperature of most tokens
		return 1
	}
	k := math.Round(x)
	t := x - k
	return expSum(mul(t, ln2Hi), -mul(t, ln2Lo), int(k))
}

// expSum returns 2^k·e^(hi-lo) for a small hi-lo.
func expSum(hi, lo float64, k int) float64 {
	r := hi - lo
	c := r - polynomial(mul(r, r),
		1.66666666666666657415e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
		-1.65339022054652515390e-06, 4.13813679705723846039e-08)
	return math.Ldexp(1-((lo-mul(r, c)/(2-c))-hi), k)
}
