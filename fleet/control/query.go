// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/url"
	"strconv"
)

// ParseQuery returns the query of a page's address. It has the parameters of GET
// /v1/tokens. Others, and those without a value, as a form sends them, have no effect.
func ParseQuery(v url.Values) (Query, error) {
	q := Query{
		State: v.Get("state"), Lot: v.Get("lot"), Fault: v.Get("fault"), Model: v.Get("model"), Serial: v.Get("serial"),
		Find: v.Get("find"), Expires: v.Get("expires_before"), Error: v.Get("error_above"), After: v.Get("after"), Limit: 100,
	}
	var err error
	if text := v.Get("battery_below"); text != "" {
		if q.Battery, err = strconv.ParseFloat(text, 64); err != nil {
			return q, invalid("query.battery_below", "not a share from 0 to 1")
		}
	}
	if text := v.Get("before"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return q, invalid("query.before", "not the tag of a token")
		}
		q.Before = uint32(n)
	}
	if text := v.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > 10000 {
			return q, invalid("query.limit", "want 1 to 10000")
		}
	}
	_, err = q.filter()
	return q, err
}
