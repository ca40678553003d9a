// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// number is a flag with a number between two limits. Infinities and NaN are refused.
type number struct {
	value       *float64
	least, most float64
}

// numberVar adds a flag with a number to a command.
func numberVar(f *pflag.FlagSet, p *float64, name string, value, least, most float64, usage string) {
	*p = value
	f.Var(&number{p, least, most}, name, usage)
}

// String implements pflag.Value. The default 0 is not shown in help texts.
func (n *number) String() string {
	if n.value == nil {
		return "0"
	}
	return fleet.FormatNumber(*n.value)
}

// Type implements pflag.Value.
func (n *number) Type() string { return "float64" }

// Set implements pflag.Value.
func (n *number) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= n.least && v <= n.most) {
		return fmt.Errorf("want %s", n.accepted())
	}
	*n.value = v
	return nil
}

// accepted describes the values that the flag accepts.
func (n *number) accepted() string {
	return "a number from " + fleet.FormatNumber(n.least) + " to " + fleet.FormatNumber(n.most)
}

// scaledRate parses the N of scaled:N. The flag is given for the error.
func scaledRate(flag, text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= virtual.MinRate && n <= virtual.MaxRate) {
		return 0, usagef("%s %s: want scaled:N with a number N from %s to %s", flag, strings.TrimSuffix("scaled:"+text, ":"), fleet.FormatNumber(virtual.MinRate), fleet.FormatNumber(virtual.MaxRate))
	}
	return n, nil
}
