// SPDX-License-Identifier: Apache-2.0

package reqtemplate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"

	"github.com/d204ef64/fob/internal/loopback"
)

// CheckURL checks a URL, which may have placeholders. Plain HTTP is allowed only to
// loopback, or if insecure is true. The error does not quote the URL, because it may have a
// password.
func CheckURL(text string, insecure bool) error {
	u, err := url.Parse(Sample(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return errors.New("want http://HOST or https://HOST, with a port if necessary")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("port %s, want 1 to 65535", port)
		}
	}
	if u.Scheme == "http" && !insecure && !loopback.Host(u.Hostname()) {
		return fmt.Errorf("%s is not a loopback address: use https", u.Hostname())
	}
	return nil
}

// CheckHeaders checks headers, which a request refuses only when it is sent. The error has
// no value of a header, because it may be a secret.
func CheckHeaders(headers map[string]string, v Values) error {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := v.Fill(headers[name], Plain)
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return fmt.Errorf("%q is not the name of a header", name)
		case names[canonical] != "":
			return fmt.Errorf("%s and %s are the same header", names[canonical], name)
		case !httpguts.ValidHeaderFieldValue(value):
			return fmt.Errorf("the value of %s has a line break or another control character", name)
		case canonical == "Host" && !httpguts.ValidHostHeader(value):
			return fmt.Errorf("the value of %s is not a host", name)
		}
		names[canonical] = name
	}
	return nil
}
