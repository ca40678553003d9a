// SPDX-License-Identifier: Apache-2.0

package order

import (
	_ "embed" // for the sample
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/yamlfile"
	"github.com/d204ef64/fob/line/label"
	"github.com/d204ef64/fob/token"
)

//go:generate go test -run ^TestFiles$ . -update

// sample is also the example in docs/line, with another recipient.
//
//go:embed sample.yaml
var sample string

// SampleRecipient is the recipient of [Sample]: the public key in the README of age, with
// which no one can decrypt a seed file. It must be replaced.
const SampleRecipient = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"

// Sample returns an order with comments to begin with. It is valid for 30 days from now,
// and its tokens work for five years.
func Sample(now time.Time) []byte {
	const layout = "2006-01-02T15:04:05-07:00"
	from := now.In(token.Tokyo()).Truncate(time.Minute)
	return []byte(strings.NewReplacer(
		"expiry: 2031-11-30\n", "# expiry: 2031-11-30\n",
		"# life_years: 5", "life_years: 5",
		"valid_from: 2026-01-01T00:00:00+09:00", "valid_from: "+from.Format(layout),
		"valid_until: 2030-12-31T23:59:59+09:00", "valid_until: "+from.AddDate(0, 0, 30).Format(layout),
	).Replace(sample))
}

// Schema returns the JSON Schema of an order, for editors.
func Schema() ([]byte, error) {
	return yamlfile.Schema("An order for a provisioning line", Order{}, yamlfile.Options{
		Values: func(name string) (values []string) {
			switch name {
			case "serials":
				return serialKinds()
			case "templates":
				return label.Templates()
			}
			for _, p := range token.Profiles() {
				values = append(values, p.Name)
			}
			return values
		},
	})
}
