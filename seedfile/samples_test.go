// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// sample is a file in testdata with its expected records.
type sample struct {
	file    string
	formats []string // formats that are detected; more than one if it is ambiguous
	step    token.UnixSeconds
	want    func(t *testing.T) []Record
	warns   int
}

func samples() []sample {
	type R = Record
	one := func(r R, serial, seed string) func(t *testing.T) []R {
		return func(t *testing.T) []R {
			r.Seed = hexSeedOf(t, seed)
			if serial != "" {
				r.Serial = testSerial(t, serial)
			}
			return []R{r}
		}
	}
	join := func(each ...func(t *testing.T) []R) func(t *testing.T) []R {
		return func(t *testing.T) (all []R) {
			for _, f := range each {
				all = append(all, f(t)...)
			}
			return all
		}
	}
	neighbour := func(last string) string { return rfcSeed[:38] + last }
	const long = rfcSeed + "313233343536373839303132"
	return []sample{
		{"oath.csv", []string{"oath-csv", "linotp-csv", "netiq-csv"}, 0, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 8, Step: 30}, "2600124800002", neighbour("31")),
			one(R{Type: HOTP, Digits: 6, Counter: 7}, "UBOM00000003", neighbour("32")),
		), 0},
		{"oath-version2.csv", []string{"oath-csv"}, 0, join(
			one(R{Digits: 6, Step: 60, User: "alice@bank"}, "2600124800001", rfcSeed),
			one(R{Digits: 6, Step: 60}, "2600124800002", neighbour("31")),
		), 1},
		{"linotp.csv", []string{"linotp-csv"}, 0, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 8, Step: 30, Algorithm: token.SHA256}, "2600124800002", long),
			one(R{Type: HOTP, Digits: 6}, "2600124800003", neighbour("32")),
		), 0},
		{"entra.csv", []string{"entra-csv"}, 0, one(
			R{Digits: 6, Step: 60, User: "Helga@contoso.com", Manufacturer: "Contoso", Model: "HardwareKey"},
			"1234567", "d6b7cefbe0088642eb5be77df0044321"), 0},
		{"entra-maker.csv", []string{"entra-csv"}, 0, one(
			R{Digits: 6, Step: 60, Manufacturer: "Deepnet Security", Model: "SafeID/Classic"}, "10001001", rfcSeed), 0},
		{"pair.csv", []string{"duo", "pingid", "netiq-csv"}, 60, join(
			one(R{Digits: 6, Step: 60}, "2600124800001", rfcSeed),
			one(R{Digits: 6, Step: 60}, "2600124800002", neighbour("31")),
		), 0},
		{"netiq.csv", []string{"netiq-csv"}, 0, join(
			one(R{Type: HOTP, Digits: 6}, "Token001", "15d2fa517d3c6b791bd4cc2044c241429307001f"),
			one(R{Digits: 8, Step: 30}, "Token002", "8c557fc050721037fd31e1d3345b5d3263263e0f"),
			one(R{Type: HOTP, Digits: 6}, "Token003", "658208efea5ac49d5331ba781e66f2c808cccc8e"),
			one(R{Digits: 6, Step: 60}, "Token004", "89f0dfe1c90379da6a11aaca2fc1070f606efe36"),
		), 1},
		{"multiotp.csv", []string{"multiotp-csv"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "Feitian"}, "2600124800001", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 12}, "2600124800002", neighbour("31")),
		), 0},
		{"dualshield.xml", []string{"dualshield-xml"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358472", "08e49538328bae830e0db14a82341100bc23b840"),
			one(R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358473", "08e49538328bae830e0db14a82341100bc23b841"),
		), 0},
		{"dualshield-v5.xml", []string{"dualshield-xml"}, 60, one(
			R{Digits: 6, Step: 60, Manufacturer: "DN", Model: "ST"}, "71358472", "08e49538328bae830e0db14a82341100bc23b840"), 0},
		{"feitian.xml", []string{"feitian-xml"}, 0, join(
			one(R{Digits: 6, Step: 60, Manufacturer: "Feitian Technology Co.,Ltd"}, "1000133508267", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Counter: 5}, "1000133508268", "3ee3270a2be59ffd78222dc3361478ff5cc63790"),
		), 0},
		{"safenet.xml", []string{"safenet-xml"}, 0, one(
			R{Type: HOTP, Digits: 6, Counter: 1, Model: "101", FriendlyName: "Safeword Alpine"},
			"oath137332", "ff06df50017d3b981cfbc4ec4d374040164d8d19"), 2},
		{"users.oath", []string{"users-oath"}, 0, join(
			one(R{Digits: 6, Step: 60, User: "alice"}, "", rfcSeed),
			one(R{Digits: 8, Step: 30, User: "bob"}, "", neighbour("31")),
			one(R{Type: HOTP, Digits: 6, Counter: 1, User: "root"}, "", neighbour("32")),
			one(R{Type: HOTP, Digits: 7, Counter: 5, User: "carol"}, "", neighbour("33")),
		), 1},
		{"otpauth.txt", []string{"otpauth"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice@google.com"}, "", rfcSeed),
			one(R{Digits: 8, Step: 30, Algorithm: token.SHA512, Issuer: "ACME Co", User: "john.doe@email.com"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 3, Issuer: "Example", User: "bob"}, "", rfcSeed),
		), 0},
		{"aegis.json", []string{"aegis"}, 0, join(
			one(R{Digits: 8, Step: 60, Algorithm: token.SHA256, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"2fas.2fas", []string{"2fas"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, Issuer: "Other", User: "bob"}, "", neighbour("31")),
		), 0},
		{"andotp.json", []string{"andotp"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 6, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"freeotp-plus.json", []string{"freeotp-plus"}, 0, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Algorithm: token.SHA512, Counter: 5, User: "bob"}, "", "aabbccddeeff00112233445566778899"),
		), 0},
		{"bitwarden.json", []string{"bitwarden"}, 60, join(
			one(R{Digits: 6, Step: 60, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Digits: 8, Step: 60, Algorithm: token.SHA256, Issuer: "Other", User: "bob"}, "", neighbour("31")),
		), 0},
		{"otpauth-migration.txt", []string{"otpauth-migration"}, 30, join(
			one(R{Digits: 6, Step: 30, Issuer: "Example", User: "alice"}, "", rfcSeed),
			one(R{Type: HOTP, Digits: 8, Algorithm: token.SHA256, Counter: 5, User: "bob"}, "", neighbour("31")),
		), 0},
		{"okta.jsonl", []string{"okta"}, 60, one(
			R{Digits: 6, Step: 60, User: "alice@example.com"}, "", "484f97be3213b117e3a20438e291540a"), 0},
		{"fob.jsonl", []string{"fob"}, 0, join(
			one(R{
				Digits: 6, Step: 60, Drift: -2, Manufacturer: "Feitian", Model: "c200", User: "alice",
				Device: Validity{Expiry: time.Date(2031, 11, 30, 14, 59, 59, 0, time.UTC)},
			}, "2600124800001", rfcSeed),
			one(R{
				Type: HOTP, Algorithm: token.SHA256, Digits: 8, Counter: 18446744073709551615, KeyID: "k 1",
			}, "", neighbour("31")),
		), 0},
	}
}

// TestSamples reads each file in each format that it may have, and compares all fields.
func TestSamples(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.file, func(t *testing.T) {
			want := s.want(t)
			var warnings []string
			got, err := readAll(mustFormat(t, s.formats[0]), readTestdata(t, s.file), ReadOptions{
				Step: s.step,
				Warn: func(w string) { warnings = append(warnings, w) },
			})
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				requireSame(t, want[i], got[i], s.file)
			}
			require.Len(t, warnings, s.warns, "%q", warnings)
		})
	}
}
