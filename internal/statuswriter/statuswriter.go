// SPDX-License-Identifier: Apache-2.0

// Package statuswriter records the status of an HTTP response.
package statuswriter

import "net/http"

// Writer is a response writer that records the status.
type Writer struct {
	http.ResponseWriter
	Code int // 0 until the header is written; informational responses (1xx) do not count
}

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(code int) {
	if w.Code == 0 && code >= http.StatusOK {
		w.Code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(b []byte) (int, error) {
	if w.Code == 0 {
		w.Code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the writer inside.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
