// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrFile is the error of a seed file that the server refuses.
var ErrFile = errclass.New(errclass.Refused, "the seed file is refused")

func refusef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFile, fmt.Sprintf(format, args...))
}

// profile has the properties of a token that only a seed file can give it.
type profile struct {
	alg           token.Algorithm
	start, expiry time.Time // zero: no limit
}

// valid reports whether the codes of a token are accepted at a time.
func (p *profile) valid(now int64) bool {
	at := time.Unix(now, 0)
	return !at.Before(p.start) && (p.expiry.IsZero() || !at.After(p.expiry))
}

// row is a token of a seed file.
type row struct {
	serial string
	key    []byte
	digits uint8
	period int64 // 0: not in the file
	drift  int64
	profile
}

// ImportFile imports all tokens of a seed file, or none. They belong to the contract, whose
// users can register them. Without one, the user gets the first token.
func (s *Server) ImportFile(f *conform.SeedFile) error {
	rows, err := s.rows(f)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkRows(rows, f.Format); err != nil {
		return err
	}
	if s.is("F10") && len(rows) > 1 {
		rows = rows[:1]
	}
	for i, r := range rows {
		t := newState(r.key, r.digits, r.period)
		t.profile, t.offset = r.profile, r.drift
		t.contract = f.Contract
		if i == 0 && f.Contract == "" {
			t.users[f.Token.User] = true
		}
		t.note("the bank", "import", conform.Accepted)
		if s.is("C65") {
			t.records = append(t.records, hex.EncodeToString(t.key))
		}
		s.tokens[r.serial] = t
	}
	return nil
}

// upload imports the file of a form.
func (s *Server) upload(r *http.Request) error {
	file, _, err := r.FormFile("file")
	if err != nil {
		return refusef("the form has no file")
	}
	f := &conform.SeedFile{
		Token: &conform.Token{Serial: r.FormValue("serial"), User: r.FormValue("user")}, Contract: r.FormValue("contract"),
		Format: r.FormValue("format"), Password: r.FormValue("password"),
	}
	if f.Text, err = io.ReadAll(file); err != nil {
		return err
	}
	if key := r.FormValue("key"); key != "" {
		if f.Key, err = hex.DecodeString(key); err != nil {
			return refusef("the key is not hexadecimal")
		}
	}
	if period := r.FormValue("period"); period != "" {
		if f.Period, err = strconv.ParseInt(period, 10, 64); err != nil {
			return refusef("the time step is invalid")
		}
	}
	return s.ImportFile(f)
}

// checkRows refuses tokens that are not new.
func (s *Server) checkRows(rows []row, format string) error {
	serials, keys := map[string]bool{}, map[string]bool{}
	for _, t := range s.tokens {
		keys[string(t.key)] = true
	}
	for _, r := range rows {
		twice := serials[r.serial] && !s.is("F50") && (!s.is("F63") || format == "pskc")
		switch {
		case s.tokens[r.serial] != nil:
			return ErrExists
		case twice:
			return refusef("a serial number occurs twice")
		case keys[string(r.key)] && !s.is("F49"), len(r.key) < shortest && !s.is("F48"):
			return ErrSeed
		}
		serials[r.serial], keys[string(r.key)] = true, true
	}
	return nil
}

// rows reads a seed file.
func (s *Server) rows(f *conform.SeedFile) (rows []row, err error) {
	if f.Format == "pskc" {
		rows, err = s.pskcRows(f)
	} else {
		rows, err = s.tableRows(f)
	}
	switch {
	case errors.Is(err, errSkipped): // a mistake: the file counts as imported
		return nil, nil
	case err == nil && len(rows) == 0:
		return nil, refusef("it has no token")
	}
	return rows, err
}

// errSkipped is the error of a token that a mistake skips.
var errSkipped = errors.New("skipped")

// ImportFaults returns a mistake for each case of [conform.ImportCases].
func ImportFaults() []Fault { return importFaults }

var importFaults = []Fault{
	{"F01", "refuses files in the default namespace", "F04 F05 F06 F07 F08 F09 F10 F11 F12 F13 F14 F22 F24"},
	{"F02", "refuses the prefix pskc", "F23"},
	{"F03", "accepts no other prefix than pskc", ""},
	{"F04", "skips tokens with another prefix than the root element", ""},
	{"F05", "reads the length of the codes from the first attribute", ""},
	{"F06", "refuses processing instructions", ""},
	{"F07", "refuses line breaks in base64", ""},
	{"F08", "refuses a byte order mark", ""},
	{"F09", "refuses UTF-16", ""},
	{"F10", "imports only the first token of a file", "F04 F51 F52 F53 F59 F61 F62"},
	{"F11", "uses the start of the device and the expiry of the policy", ""},
	{"F12", "uses the start of the policy and the expiry of the device", ""},
	{"F13", "ignores the time zones of dates", ""},
	{"F14", "reads TimeDrift as seconds", ""},
	{"F15", "forgets the values before the secret", ""},
	{"F16", "ignores namespaces", ""},
	{"F17", "imports all tokens with 6 digits", ""},
	{"F18", "imports all tokens with SHA-1", ""},
	{"F19", "imports tokens of a draft with 6 digits", ""},
	{"F20", "cuts serial numbers", ""},
	{"F21", "accepts a compressed file without importing it", ""},
	{"F22", "refuses files with a pre-shared key", "F23"},
	{"F23", "refuses encrypted files with a prefix", ""},
	{"F24", "derives keys with a thousand iterations", ""},
	{"F25", "skips tokens with another MAC than HMAC-SHA-1", ""},
	{"F26", "imports the ciphertext as the seed if the EncryptionKey is empty", ""},
	{"F27", "skips elements in lower case", ""},
	{"F28", "reads an encrypted time step as a binary number", ""},
	{"F29", "compares only the end of the MAC", ""},
	{"F30", "does not verify the MAC", "F29"},
	{"F31", "accepts a missing ValueMAC", ""},
	{"F32", "imports a random seed with a wrong key", ""},
	{"F33", "imports a random seed with a wrong password", ""},
	{"F34", "imports the ciphertext as the seed without a key", ""},
	{"F35", "uses 30 s for PSKC without a time step", "F52"},
	{"F36", "ignores CheckDigits", ""},
	{"F37", "ignores PINPolicy", ""},
	{"F38", "ignores NumberOfTransactions", ""},
	{"F39", "ignores unknown policies", ""},
	{"F40", "ignores KeyUsage", ""},
	{"F41", "ignores Time", ""},
	{"F42", "ignores the encoding of codes", ""},
	{"F43", "imports tokens without a seed", ""},
	{"F44", "uses SHA-1 for an unknown Suite", "F47"},
	{"F45", "ignores the algorithm of a key", "F53"},
	{"F46", "reads a seed in base64 as hexadecimal", ""},
	{"F47", "repeats an unknown Suite in its message", ""},
	{"F48", "imports short seeds", ""},
	{"F49", "imports a seed twice", ""},
	{"F50", "replaces a token by the next one with its serial number", "F63"},
	{"F51", "imports the complete tokens of a file that breaks off", ""},
	{"F52", "skips tokens without a time step", ""},
	{"F53", "skips keys of other algorithms", ""},
	{"F54", "expands entities", ""},
	{"F55", "reads external entities", ""},
	{"F56", "uses 30 s for OATH CSV", "F57 F59 F60 F61 F62 F63"},
	{"F57", "uses 30 s for OATH CSV without a time step", ""},
	{"F58", "uses 60 s for all tokens", ""},
	{"F59", "refuses comments in CSV", ""},
	{"F60", "uses SHA-1 for seeds of 32 bytes", ""},
	{"F61", "skips lines that it cannot read", "F62"},
	{"F62", "skips a line without an end", ""},
	{"F63", "replaces a token by the next line with its serial number", ""},
	{"F64", "refuses six columns", ""},
	{"F65", "refuses the header of multiOTP", ""},
	{"F66", "reads the secret key of Entra ID as hexadecimal", "F70"},
	{"F67", "ignores the entered time step", ""},
	{"F68", "uses 30 s if no time step is entered", ""},
	{"F69", "refuses T60 in a file of pam_oath", ""},
	{"F70", "refuses quotes", ""},
	{"F71", "uses 30 s if the column has another name", ""},
	{"F72", "skips characters that base32 does not have", ""},
	{"F73", "uses 8 digits for an empty column", ""},
	{"F74", "skips tokens whose issuers differ", ""},
	{"F75", "skips tokens with an empty issuer", ""},
}

// any reports whether the mistake is one of several.
func (s *Server) any(ids ...string) bool { return slices.Contains(ids, s.fault) }
