// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"encoding/json"
	"net/http"
)

func jsonBody(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }
