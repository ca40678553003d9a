// SPDX-License-Identifier: Apache-2.0

package firmware

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// SelfTest implements serialproto.Device.
func (d *device) SelfTest(m *serialproto.SelfTest) serialproto.Status {
	c := d.core()
	*m = serialproto.SelfTest{Flash: c.testFlash(), Supply: int32(c.hw.Supply.Voltage())}
	_, m.Clock = c.hw.Clock.Now()
	for alg := token.SHA1; alg <= token.SHA512; alg++ {
		m.Parts[serialproto.PartSHA1+serialproto.Part(alg)] = verdict(c.testCode(alg))
	}
	m.Parts[serialproto.PartX25519] = verdict(testX25519())
	m.Parts[serialproto.PartGCM] = verdict(c.testGCM())
	m.Crypto = true
	for p := serialproto.PartSHA1; p <= serialproto.PartGCM; p++ {
		m.Crypto = m.Crypto && m.Parts[p] == serialproto.Passed
	}
	m.Parts[serialproto.PartRAM] = testRAM(c.hw.RAM)
	m.Parts[serialproto.PartImage] = testImage(c.hw.Image)
	m.Parts[serialproto.PartEntropy] = testNoise(c.hw.Noise)
	c.tick()
	c.view.TestEnd = c.hw.Clock.Uptime() + testTime
	return serialproto.StatusOK
}

func verdict(ok bool) serialproto.Verdict {
	if ok {
		return serialproto.Passed
	}
	return serialproto.Failed
}

// testFlash reports whether the record in flash is intact and equal to the one in use.
// Like the tests below, it is a separate function to keep its variables off the stack,
// which is deepest in X25519.
//
//go:noinline
func (c *Core) testFlash() bool {
	var probe store
	var back record
	err := probe.mount(c.hw, &back)
	back.encode(c.hw.Scratch)
	sum := slotSum(c.hw.Scratch)
	c.rec.encode(c.hw.Scratch)
	ok := err == nil && sum == slotSum(c.hw.Scratch) && !probe.mended && probe.settled()
	clear(back.seed[:])
	return ok
}

// answers holds the known answers of the self-test.
type answers struct {
	codes  [3]string // by algorithm
	shared string
	plain  string
}

// HMAC: RFC 2202 (SHA-1) and RFC 4231 (SHA-256, SHA-512), test case 1 of each. The key
// is 20 bytes of 0x0b, and the message is the eight bytes "Hi There". The test compares
// the result truncated to eight digits (RFC 4226, section 5.3), the only form in which
// a token uses an HMAC.
//
// X25519: RFC 7748, section 6.1. GCM: test case 16 of "The Galois/Counter Mode of
// Operation", which McGrew and Viega submitted to NIST.
var known = answers{
	codes:  [3]string{"07489670", "98581423", "36445085"},
	shared: "\x4a\x5d\x9d\x5b\xa4\xce\x2d\xe1\x72\x8e\x3b\xf4\x80\x35\x0f\x25\xe0\x7e\x21\xc9\x47\xd1\x9e\x33\x76\xf0\x9b\x3c\x1e\x16\x17\x42",
	plain: "\xd9\x31\x32\x25\xf8\x84\x06\xe5\xa5\x59\x09\xc5\xaf\xf5\x26\x9a\x86\xa7\xa9\x53\x15\x34\xf7\xda\x2e\x4c\x30\x3d\x8a\x31\x8a\x72" +
		"\x1c\x3c\x0c\x95\x95\x68\x09\x53\x2f\xcf\x0e\x24\x49\xa6\xb5\x25\xb1\x6a\xed\xf5\xaa\x0d\xe6\x57\xba\x63\x7b\x39",
}

const (
	hmacKey     = "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	hmacMessage = 0x4869205468657265 // "Hi There"

	alicePrivate = "\x77\x07\x6d\x0a\x73\x18\xa5\x7d\x3c\x16\xc1\x72\x51\xb2\x66\x45\xdf\x4c\x2f\x87\xeb\xc0\x99\x2a\xb1\x77\xfb\xa5\x1d\xb9\x2c\x2a"
	bobPublic    = "\xde\x9e\xdb\x7d\x7b\x7d\xc1\xb4\xd3\x5b\x61\xc2\xec\xe4\x35\x37\x3f\x83\x43\xc8\x5b\x78\x67\x4d\xad\xfc\x7e\x14\x6f\x88\x2b\x4f"

	gcmKey    = "\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08\xfe\xff\xe9\x92\x86\x65\x73\x1c\x6d\x6a\x8f\x94\x67\x30\x83\x08"
	gcmNonce  = "\xca\xfe\xba\xbe\xfa\xce\xdb\xad\xde\xca\xf8\x88"
	gcmExtra  = "\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2"
	gcmSealed = "\x52\x2d\xc1\xf0\x99\x56\x7d\x07\xf4\x7f\x37\xa3\x2a\x84\x42\x7d\x64\x3a\x8c\xdc\xbf\xe5\xc0\xc9\x75\x98\xa2\xbd\x25\x55\xd1\xaa" +
		"\x8c\xb0\x8e\x48\x59\x0d\xbb\x3d\xa7\xb0\x8b\x10\x56\x82\x88\x38\xc5\xf6\x1e\x63\x93\xba\x7a\x0a\xbc\xc9\xf6\x62" +
		"\x76\xfc\x6e\xce\x0f\x4e\x17\x68\xcd\xdf\x88\x53\xbb\x2d\x55\x1b"
)

// testCode checks the computation of a code from a seed.
func (c *Core) testCode(alg token.Algorithm) bool {
	key, text := c.hw.Scratch[:len(hmacKey)], c.hw.Scratch[len(hmacKey):len(hmacKey)]
	copy(key, hmacKey)
	return string(token.AppendCode(text, key, alg, 8, hmacMessage)) == known.codes[alg]
}

// testX25519 checks the key agreement that provisioning is based on. Like opening a
// provisioning message, it allocates memory.
//
//go:noinline
func testX25519() bool {
	curve := ecdh.X25519()
	private, err := curve.NewPrivateKey([]byte(alicePrivate))
	if err != nil {
		return false
	}
	public, err := curve.NewPublicKey([]byte(bobPublic))
	if err != nil {
		return false
	}
	shared, err := private.ECDH(public)
	return err == nil && string(shared) == known.shared
}

// testGCM checks that a message can be opened, and that one with a wrong bit is
// rejected.
//
//go:noinline
func (c *Core) testGCM() bool {
	block, err := aes.NewCipher([]byte(gcmKey))
	if err != nil {
		return false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return false
	}
	sealed := c.hw.Scratch[:len(gcmSealed)]
	copy(sealed, gcmSealed)
	plain, err := gcm.Open(sealed[:0], []byte(gcmNonce), sealed, []byte(gcmExtra))
	if err != nil || string(plain) != known.plain {
		return false
	}
	copy(sealed, gcmSealed)
	sealed[len(sealed)-1] ^= 1
	_, err = gcm.Open(sealed[:0], []byte(gcmNonce), sealed, []byte(gcmExtra))
	return err != nil
}

// testRAM runs the March C- test (van de Goor, "Using March Tests to Test SRAMs", 1993)
// with four backgrounds, which distinguish every bit of a byte from every other. The
// test finds bits that are stuck or do not change, cells that change with another cell,
// and addresses that select the wrong cell.
func testRAM(r RAM) serialproto.Verdict {
	if r == nil {
		return serialproto.NotApplicable
	}
	n, ok := r.Size(), true
	for _, zero := range [...]byte{0x00, 0x55, 0x33, 0x0F} {
		one := ^zero
		for i := range n {
			r.Store(i, zero)
		}
		march := func(want, next byte, down bool) {
			for at := range n {
				i := at
				if down {
					i = n - 1 - at
				}
				ok = ok && r.Load(i) == want
				r.Store(i, next)
			}
		}
		march(zero, one, false)
		march(one, zero, false)
		march(zero, one, true)
		march(one, zero, true)
		march(zero, zero, false)
	}
	return verdict(ok && n > 0)
}

// testImage compares the checksum of the program with the one from its build.
func testImage(p Image) serialproto.Verdict {
	if p == nil {
		return serialproto.NotApplicable
	}
	now, built := p.Sums()
	return verdict(now == built)
}

// testNoise runs the health tests on one window of bits from the noise source.
func testNoise(n Noise) serialproto.Verdict {
	if n == nil {
		return serialproto.NotApplicable
	}
	var health NoiseHealth
	for range noiseWindow {
		bit, ok := n.Bit()
		if !ok || !health.Add(bit) {
			return serialproto.Failed
		}
	}
	return serialproto.Passed
}
