// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// bankVerbs returns the verbs of a bank as functions.
func (t *Open) bankVerbs() (b conform.BankVerbs) {
	f := t.file
	if f.Contract != nil {
		b.AddContract = func(ctx context.Context, contract string) error {
			return t.perform(ctx, f.Contract, nil, values{"contract": contract})
		}
	}
	if f.User != nil {
		b.AddUser = func(ctx context.Context, p conform.Person) error { return t.perform(ctx, f.User, nil, person(p)) }
	}
	b.Activate, b.Operate, b.UnlockAs, b.RevokeAs = t.act(f.Activate), t.act(f.Operate), t.act(f.UnlockAs), t.act(f.RevokeAs)
	if f.Report != nil {
		b.Report = func(ctx context.Context, token *conform.Token, condition string) error {
			return t.perform(ctx, f.Report, token, values{"condition": condition})
		}
	}
	if f.Order != nil {
		b.Order = t.order
	}
	if f.Replace != nil {
		b.Replace = func(ctx context.Context, contract string, old, fresh *conform.Token) error {
			return t.perform(ctx, f.Replace, fresh, values{"contract": contract, "old": old.Serial})
		}
	}
	if f.Notices != nil {
		b.Notices = t.notices
	}
	if f.Daily != nil {
		b.Daily = func(ctx context.Context) error { return t.perform(ctx, f.Daily, nil, nil) }
	}
	if f.Audit != nil {
		b.Audit = func(ctx context.Context, token *conform.Token) (string, error) {
			a, err := t.verb(ctx, f.Audit, token, nil, nil)
			if err != nil {
				return "", err
			}
			return a.text(), f.Audit.done(a)
		}
	}
	return b
}

func person(p conform.Person) values {
	return values{"user": p.ID, "contract": p.Contract, "role": string(p.Role)}
}

// act returns a verb of a user. It begins without cookies: each user has a session of
// their own.
func (t *Open) act(v *Verb) func(context.Context, conform.Act) (conform.Answer, error) {
	if v == nil {
		return nil
	}
	return func(ctx context.Context, a conform.Act) (conform.Answer, error) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return conform.Answer{}, err
		}
		client := *t.client
		client.Jar = jar
		own := *t
		own.client = &client
		more := person(a.Person)
		more["operation"], more["code"] = a.Operation, a.Code
		got, err := own.verb(ctx, v, a.Token, more, nil)
		if err != nil {
			return conform.Answer{}, err
		}
		return v.verdict(got), nil
	}
}

func (t *Open) importFile(ctx context.Context, s *conform.SeedFile) error {
	more := values{
		"contract": s.Contract, "file_text": string(s.Text), "file_format": s.Format,
		"file_key": hex.EncodeToString(s.Key), "file_password": s.Password, "file_period": "",
	}
	if s.Period != 0 {
		more["file_period"] = strconv.FormatInt(s.Period, 10)
	}
	return t.perform(ctx, t.file.ImportFile, s.Token, more)
}

func (t *Open) order(ctx context.Context, o conform.Order) (int64, error) {
	v := t.file.Order
	more := values{"contract": o.Contract, "cause": o.Cause, "returned": strconv.FormatBool(o.Returned)}
	if o.Old != nil {
		more["old"] = o.Old.Serial
	}
	a, err := t.verb(ctx, v, o.Old, more, nil)
	if err == nil {
		err = v.done(a)
	}
	if err != nil {
		return 0, err
	}
	fee := v.Fee.number(a)
	if fee == nil {
		return 0, fmt.Errorf("the fee is not in the answer: %s", a.short())
	}
	return int64(*fee), nil
}

func (t *Open) notices(ctx context.Context, token *conform.Token) (int, error) {
	v := t.file.Notices
	a, err := t.verb(ctx, v, token, nil, nil)
	if err == nil {
		err = v.done(a)
	}
	if err != nil {
		return 0, err
	}
	known := maps.Clone(t.saved)
	known["user"], known["serial"] = token.User, token.Serial
	re, err := regexp.Compile(known.Fill(v.Count, regexp.QuoteMeta))
	if err != nil {
		return 0, err
	}
	return len(re.FindAll(a.body, -1)), nil
}

// upload returns a multipart form, and sets its content type.
func upload(fields map[string]string, v values, header http.Header) (string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	names := slices.Sorted(maps.Keys(fields))
	isFile := func(name string) int { return strings.Count(name, "@") }
	slices.SortStableFunc(names, func(a, b string) int { return isFile(a) - isFile(b) }) // some servers need the keys first
	for _, name := range names {
		text := v.Fill(fields[name], reqtemplate.Plain)
		if text == "" {
			continue
		}
		create := w.CreateFormField
		name, file := strings.CutSuffix(name, "@")
		if file {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "seeds") }
		}
		part, err := create(name)
		if err == nil {
			_, err = io.WriteString(part, text)
		}
		if err != nil {
			return "", err
		}
	}
	header.Set("Content-Type", w.FormDataContentType())
	err := w.Close()
	return b.String(), err
}
