// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// ask is a program for scripts. It makes an HTTP request, prints the body of the
// response and requires a status. Its arguments are STATUS METHOD URL [BODYFILE|-
// [SECRET]].
func ask() {
	if err := askWith(append(os.Args[1:], "", "", "", "", "")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askWith(args []string) error {
	var body io.Reader
	if args[3] != "" && args[3] != "-" {
		f, err := os.Open(args[3])
		if err != nil {
			return err
		}
		defer f.Close()
		body = f
	}
	r, err := http.NewRequest(args[1], args[2], body)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if args[4] != "" {
		r.Header.Set("Authorization", "Bearer "+args[4])
	}
	answer, err := (&http.Client{Timeout: patience / 2}).Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(string(text)))
	if got := fmt.Sprint(answer.StatusCode); got != args[0] {
		return fmt.Errorf("status %s, want %s", got, args[0])
	}
	return nil
}
