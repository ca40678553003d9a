// SPDX-License-Identifier: Apache-2.0

package serialproto

import "encoding/binary"

// CBOR major types (RFC 8949, section 3.1), in the top three bits.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5
	majorOther = 7 << 5

	infoIndefinite = 31
	breakByte      = 0xFF
	simpleFalse    = 0xF4
	simpleTrue     = 0xF5
)

// maxDepth limits the nesting that [Decoder.Skip] follows.
const maxDepth = 8

// Encoder appends CBOR to a buffer of fixed capacity. If an item does not fit, that
// item and all later ones are discarded, and Overflow is true.
type Encoder struct {
	Buf      []byte
	Overflow bool
}

func (e *Encoder) head(major uint8, n uint64) {
	var b [9]byte
	switch {
	case n < 24:
		e.raw(append(b[:0], major|uint8(n)))
	case n <= 0xFF:
		e.raw(append(b[:0], major|24, uint8(n)))
	case n <= 0xFFFF:
		e.raw(binary.BigEndian.AppendUint16(append(b[:0], major|25), uint16(n)))
	case n <= 0xFFFFFFFF:
		e.raw(binary.BigEndian.AppendUint32(append(b[:0], major|26), uint32(n)))
	default:
		e.raw(binary.BigEndian.AppendUint64(append(b[:0], major|27), n))
	}
}

func (e *Encoder) raw(p []byte) {
	if e.Overflow || len(p) > cap(e.Buf)-len(e.Buf) {
		e.Overflow = true
		return
	}
	e.Buf = append(e.Buf, p...)
}

// Map opens a map of n pairs.
func (e *Encoder) Map(n int) { e.head(majorMap, uint64(n)) }

// Array opens an array of n items.
func (e *Encoder) Array(n int) { e.head(majorArray, uint64(n)) }

// Uint writes an unsigned integer.
func (e *Encoder) Uint(n uint64) { e.head(majorUint, n) }

// Int writes a signed integer.
func (e *Encoder) Int(n int64) {
	if n < 0 {
		e.head(majorNeg, uint64(^n))
	} else {
		e.head(majorUint, uint64(n))
	}
}

// key writes a key of a map, and returns e for its value.
func (e *Encoder) key(name string) *Encoder {
	e.Text(name)
	return e
}

// Text writes a text string.
func (e *Encoder) Text(s string) {
	e.head(majorText, uint64(len(s)))
	if e.Overflow || len(s) > cap(e.Buf)-len(e.Buf) {
		e.Overflow = true
		return
	}
	e.Buf = append(e.Buf, s...)
}

// TextBytes writes a text string given as bytes.
func (e *Encoder) TextBytes(p []byte) {
	e.head(majorText, uint64(len(p)))
	e.raw(p)
}

// Bytes writes a byte string.
func (e *Encoder) Bytes(p []byte) {
	e.head(majorBytes, uint64(len(p)))
	e.raw(p)
}

// Bool writes true or false.
func (e *Encoder) Bool(v bool) {
	if v {
		e.raw([]byte{simpleTrue})
	} else {
		e.raw([]byte{simpleFalse})
	}
}

// Decoder reads CBOR from a buffer: integers, byte and text strings, booleans, and
// arrays and maps of definite and indefinite length. After the first error every call
// returns zero values and Ok is false.
//
// A Decoder has no state except its position, so a length in a message cannot make it
// allocate: a length larger than the buffer is an error. Lengths need not be in their
// shortest form, keys may repeat (the last one counts), and text is not checked for
// valid UTF-8.
type Decoder struct {
	buf []byte
	off int
	bad bool
}

// NewDecoder returns a Decoder that reads from p. The slices that it returns alias p.
func NewDecoder(p []byte) Decoder { return Decoder{buf: p} }

// Ok reports whether no error has occurred.
func (d *Decoder) Ok() bool { return !d.bad }

// Done reports whether everything was read without an error.
func (d *Decoder) Done() bool { return !d.bad && d.off == len(d.buf) }

func (d *Decoder) fail() { d.bad = true }

// head reads an item's first byte and argument. For an indefinite length or a break,
// info is 31.
func (d *Decoder) head() (major, info uint8, n uint64) {
	if d.bad || d.off >= len(d.buf) {
		d.fail()
		return 0, 0, 0
	}
	first := d.buf[d.off]
	d.off++
	major, info = first&0xE0, first&0x1F
	switch {
	case info < 24:
		return major, info, uint64(info)
	case info == infoIndefinite:
		return major, info, 0
	case info > 27:
		d.fail()
		return 0, 0, 0
	}
	size := 1 << (info - 24)
	if len(d.buf)-d.off < size {
		d.fail()
		return 0, 0, 0
	}
	for _, b := range d.buf[d.off : d.off+size] {
		n = n<<8 | uint64(b)
	}
	d.off += size
	return major, info, n
}

// Int reads an integer. Values outside int64 are errors.
func (d *Decoder) Int() int64 {
	major, info, n := d.head()
	if d.bad || info == infoIndefinite || n > 1<<63-1 || major > majorNeg {
		d.fail()
		return 0
	}
	if major == majorNeg {
		return ^int64(n)
	}
	return int64(n)
}

// Uint reads an integer from 0 to limit.
func (d *Decoder) Uint(limit uint64) uint64 {
	n := d.Int()
	if n < 0 || uint64(n) > limit {
		d.fail()
		return 0
	}
	return uint64(n)
}

// Bool reads true or false.
func (d *Decoder) Bool() bool {
	major, info, _ := d.head()
	if major != majorOther || (info != simpleFalse&0x1F && info != simpleTrue&0x1F) {
		d.fail()
	}
	return !d.bad && info == simpleTrue&0x1F
}

// Bytes reads a byte string of definite length.
func (d *Decoder) Bytes() []byte { return d.str(majorBytes) }

// Text reads a text string of definite length, and allocates a copy. Devices use
// [Decoder.TextBytes] instead.
func (d *Decoder) Text() string { return string(d.str(majorText)) }

// TextBytes reads a text string of definite length as bytes.
func (d *Decoder) TextBytes() []byte { return d.str(majorText) }

// keyIs reports whether a key has the given name. Converting the key to a string would
// allocate under TinyGo.
func keyIs(key []byte, name string) bool {
	if len(key) != len(name) {
		return false
	}
	for i, c := range key {
		if c != name[i] {
			return false
		}
	}
	return true
}

func (d *Decoder) str(want uint8) []byte {
	major, info, n := d.head()
	if d.bad || major != want || info == infoIndefinite || n > uint64(len(d.buf)-d.off) {
		d.fail()
		return nil
	}
	p := d.buf[d.off : d.off+int(n)]
	d.off += int(n)
	return p
}

// Items counts down the items of an array or the pairs of a map.
type Items struct {
	left       int
	indefinite bool
}

// Map opens a map; call Next before each pair, then read key and value.
func (d *Decoder) Map() Items { return d.open(majorMap) }

// Array opens an array; call Next before each item.
func (d *Decoder) Array() Items { return d.open(majorArray) }

func (d *Decoder) open(want uint8) Items {
	major, info, n := d.head()
	if d.bad || major != want || n > uint64(len(d.buf)-d.off) {
		d.fail()
		return Items{}
	}
	return Items{left: int(n), indefinite: info == infoIndefinite}
}

// Next reports whether another item (or pair) follows in it.
func (d *Decoder) Next(it *Items) bool {
	switch {
	case d.bad:
		return false
	case it.indefinite:
		if d.off < len(d.buf) && d.buf[d.off] == breakByte {
			d.off++
			it.indefinite = false
			return false
		}
		return true
	case it.left > 0:
		it.left--
		return true
	}
	return false
}

// nextKey reports whether another pair with the given key follows in a map. It skips
// other pairs.
func (d *Decoder) nextKey(pairs *Items, key string) bool {
	for d.Next(pairs) {
		if keyIs(d.TextBytes(), key) {
			return true
		}
		d.Skip()
	}
	return false
}

// Skip skips one item. It accepts the kinds that [Decoder] reads, tags, floating-point
// numbers and simple values. It follows at most 8 levels of arrays, maps and tags,
// including the innermost item.
func (d *Decoder) Skip() { d.skip(maxDepth) }

// Raw skips one item, and returns its bytes.
func (d *Decoder) Raw() []byte {
	start := d.off
	d.Skip()
	if d.bad {
		return nil
	}
	return d.buf[start:d.off]
}

func (d *Decoder) skip(depth int) {
	if depth == 0 {
		d.fail()
		return
	}
	start := d.off
	major, info, n := d.head()
	if d.bad {
		return
	}
	switch major {
	case majorUint, majorNeg:
		if info == infoIndefinite {
			d.fail()
		}
	case majorBytes, majorText:
		d.off = start
		d.str(major)
	case majorArray, majorMap:
		d.off = start
		items := d.open(major)
		for d.Next(&items) {
			d.skip(depth - 1)
			if major == majorMap {
				d.skip(depth - 1)
			}
		}
	case majorTag:
		if info == infoIndefinite {
			d.fail()
		}
		d.skip(depth - 1)
	case majorOther:
		if info == infoIndefinite || info == 24 && n < 32 {
			d.fail()
		}
	}
}
