// SPDX-License-Identifier: Apache-2.0

package export

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/journal"
)

// publicKey returns the station's key in the type of package sshsig.
func (b *builder) publicKey() sshsig.PublicKey {
	key, err := sshsig.FromEd25519(b.journal.Public())
	if err != nil {
		panic("export: internal error: " + err.Error()) // the journal checked its length
	}
	return key
}

var principal = regexp.MustCompile(`^[A-Za-z0-9._@-]+$`)

// Principal returns the name of a station in a list of allowed signers.
func Principal(station string) string {
	if principal.MatchString(station) {
		return station
	}
	return "station"
}

// allowedSigners is the station's key for ssh-keygen -Y verify.
func (b *builder) allowedSigners() []byte {
	key := b.publicKey()
	return fmt.Appendf(nil, "%s namespaces=%q %s %s\n", Principal(b.state.Station), journal.ExportNamespace+","+journal.HeadNamespace,
		key.Type(), base64.StdEncoding.EncodeToString(key.Marshal()))
}

// readme returns the instructions for the customer.
func (b *builder) readme(m *Manifest, seeds []seedFile) []byte {
	var t strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&t, format, args...) }
	p("Order %s for %s: %d tokens of model %s\n\n", m.Order, m.Customer, m.Units(), b.order.Model)
	if !m.Complete {
		p("This is a part of the order: station %s has made %d of its %d tokens. Other stations\nmay deliver more.\n\n", m.Station, m.Through, m.Ordered)
	}
	p(`Files

  seeds-N.xml        the seeds of the tokens, encrypted (PSKC, RFC 6030)
  seeds-N.KEY.age    the key of seeds-N.xml, encrypted by age
  certificate.pdf    the production certificate
  units.csv          the tokens and their measurements, for a spreadsheet
  units.jsonl        the same with limits, one JSON object per token
  head.json          the number and the hash of the station's last record
  manifest.json      the size and the SHA-256 of each file
  *.sig              signatures of the station
  allowed_signers    the station's public key

units.csv and units.jsonl also list the serial numbers of void tokens. These were not
delivered and must not be used.

1. Check the files

The key of the station is %s.
Compare it with the one that the manufacturer gave you in another way. Then:

  cut -d' ' -f3- allowed_signers | ssh-keygen -l -f -
  ssh-keygen -Y verify -f allowed_signers -I %s -n %s -s manifest.json.sig < manifest.json
  ssh-keygen -Y verify -f allowed_signers -I %s -n %s -s head.json.sig < head.json
  sha256sum *        # and compare with manifest.json

2. Decrypt the seeds
`, m.Signer, Principal(m.Station), journal.ExportNamespace, Principal(m.Station), journal.HeadNamespace)
	for _, s := range seeds {
		p("\n%s: %d tokens, for %s\n\n", s.name, s.units, s.recipient)
		key := "bank.key"
		switch {
		case s.key != "":
			key = strings.TrimSuffix(s.key, ".KEY.age") + ".key"
			p("  (umask 077; age -d -i YOUR-KEY.txt -o %s %s)\n", key, s.key)
		case strings.HasPrefix(s.recipient, "certificate"):
			p("  fob validator import %s --private-key YOUR-KEY.pem --db bank.db --key-file bank.master\n", s.name)
			p("  fob seeds convert %s --private-key YOUR-KEY.pem --for SERVER --out seeds.out\n", s.name)
			continue
		default:
			p("  %s is the file with the pre-shared key in hexadecimal digits.\n", key)
		}
		p("  fob validator import %s --seed-key-file %s --db bank.db --key-file bank.master\n", s.name, key)
		p("  fob seeds convert %s --key-file %s --for SERVER --out seeds.out\n", s.name, key)
	}
	p(`
Servers that read PSKC, such as privacyIDEA and LinOTP, import seeds-N.xml directly: give
them the AES key, which is the hexadecimal text in the decrypted key file. For a
certificate, each seed is encrypted by RSA: take the text of a CipherValue below
EncryptedValue, and

  base64 -d < CipherValue | openssl pkeyutl -decrypt -inkey YOUR-KEY.pem -pkeyopt %s

fob seeds convert makes the files of other servers: fob seeds convert --help lists them.
Delete decrypted keys and seed files after the import.

3. Acknowledge

Tell the manufacturer that the import worked, with the digest of this export:

  sha256sum manifest.json

The manufacturer then deletes the encrypted seeds, and cannot deliver them again.
`, "rsa_padding_mode:oaep")
	return []byte(t.String())
}
