// SPDX-License-Identifier: Apache-2.0

package token

// redacted replaces a seed in every text.
const redacted = "[seed redacted]"

// String returns "[seed redacted]", even for no seed.
func (Seed) String() string { return redacted }

// GoString returns "[seed redacted]", for %#v.
func (Seed) GoString() string { return redacted }

// MarshalText returns "[seed redacted]".
func (Seed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns "[seed redacted]" as a JSON string.
func (Seed) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalBinary returns "[seed redacted]".
func (Seed) MarshalBinary() ([]byte, error) { return []byte(redacted), nil }

// GobEncode returns "[seed redacted]".
func (Seed) GobEncode() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText reads a seed like [ParseSeed], for input that a person wrote. It
// returns [ErrSeedRedacted] for the output of MarshalText. On an error, s keeps its
// value.
func (s *Seed) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return ErrSeedRedacted
	}
	v, err := ParseSeed(string(text))
	if err == nil {
		*s = v
	}
	return err
}

// UnmarshalBinary returns [ErrSeedRedacted]: a seed has no binary form.
func (*Seed) UnmarshalBinary([]byte) error { return ErrSeedRedacted }

// GobDecode returns [ErrSeedRedacted]: a seed has no gob form.
func (*Seed) GobDecode([]byte) error { return ErrSeedRedacted }
