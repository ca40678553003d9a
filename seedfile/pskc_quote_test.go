// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPSKCSeedInErrors puts a seed into every wrong place, and checks that no error or
// warning contains eight characters of it.
func TestPSKCSeedInErrors(t *testing.T) {
	const format = `<ResponseFormat Length="6" Encoding="DECIMAL"/>`
	plain := "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>"
	for _, seed := range []string{
		"3132333435363738393031323334353637383930",
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
		"qrvM3e7/ABEiM0RV+neImaq7zN0=",
	} {
		name := "S" + strings.NewReplacer("+", "", "/", "", "=", "").Replace(seed)
		value := "<PlainValue>" + seed + "</PlainValue>"
		entity := pskcWith(t, "123<", "&"+seed+";<")
		for place, file := range map[string]string{
			"TimeInterval":      pskcWith(t, ">60<", ">"+seed+"<"),
			"Counter":           dataWith(t, "<Counter>"+value+"</Counter>"),
			"Time":              dataWith(t, "<Time>"+value+"</Time>"),
			"TimeDrift":         dataWith(t, "<TimeDrift>"+value+"</TimeDrift>"),
			"Secret, two":       pskcWith(t, plain, strings.Replace(plain, "MTIz", seed+"!", 1)),
			"text":              pskcWith(t, "<Policy>", seed+"<Policy>"),
			"Length":            pskcWith(t, format, `<ResponseFormat Length="`+seed+`" Encoding="DECIMAL"/>`),
			"Encoding":          pskcWith(t, format, `<ResponseFormat Length="6" Encoding="`+seed+`"/>`),
			"CheckDigits":       pskcWith(t, format, `<ResponseFormat Length="6" CheckDigits="`+seed+`"/>`),
			"Suite":             pskcWith(t, format, "<Suite>"+seed+"</Suite>"+format),
			"date":              policyWith(t, "<ExpiryDate>"+seed+"</ExpiryDate>"),
			"KeyUsage":          policyWith(t, "<KeyUsage>"+seed+"</KeyUsage>"),
			"SerialNo":          pskcWith(t, "123<", seed+seed+"<"),
			"Algorithm":         pskcWith(t, "urn:ietf:params:xml:ns:keyprov:pskc:totp", seed),
			"Version":           pskcWith(t, `"1.0"`, `"`+seed+`"`),
			"minor version":     pskcWith(t, `"1.0"`, `"2.`+seed+`"`),
			"Key Id":            strings.Replace(pskcWith(t, `"k"`, `"`+seed+`"`), "<SerialNo>123</SerialNo>", "<DeviceBinding>x</DeviceBinding>", 1),
			"name in Secret":    pskcWith(t, plain, "<"+name+"/>"),
			"foreign name":      dataWith(t, `<x:`+name+` xmlns:x="z"/>`),
			"root":              "<" + name + "/>",
			"draft":             pskcWith(t, `:pskc"`, `:pskc:`+seed+`"`),
			"entity":            entity,
			"entity not closed": strings.Replace(entity, ";<", "<", 1),
			"end tag":           pskcWith(t, "</PlainValue></Secret>", "</"+name+"></Secret>"),
			"end tag in parts":  pskcWith(t, "</PlainValue></Secret>", "</"+seed[:12]+"+x></Secret>"),
			"attribute":         pskcWith(t, "<Secret>", "<Secret "+seed+">"),
			"XML's version":     `<?xml version="` + seed + `"?>` + pskcBase,
			"encoding":          `<?xml version="1.0" encoding="` + seed + `"?>` + pskcBase,
			"EncryptionMethod": pskcWith(t, plain, `<EncryptedValue><x:EncryptionMethod xmlns:x="`+nsXENC+`" Algorithm="`+seed+
				`"/><x:CipherData xmlns:x="`+nsXENC+`"><x:CipherValue>AAAA</x:CipherValue></x:CipherData></EncryptedValue>`),
		} {
			var said []string
			_, err := pskcAll(t, file, ReadOptions{Warn: func(s string) { said = append(said, s) }})
			if err == nil {
				require.Contains(t, []string{"foreign name", "Time"}, place)
			} else {
				said = append(said, err.Error())
			}
			require.NotEmpty(t, said, place)
			for i := range seed[:len(seed)-8] {
				require.NotContains(t, strings.Join(said, "\n"), seed[i:i+8], place)
			}
		}
	}
}
