// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// part is a part of a multipart form.
type part struct{ name, content string }

func form(t *testing.T, parts ...part) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		f, err := w.CreateFormFile(p.name, p.name)
		require.NoError(t, err)
		_, err = f.Write([]byte(p.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

// file encodes tokens of banktest in a seed file format.
func file(t *testing.T, name string, o seedfile.WriteOptions, ns ...int) string {
	t.Helper()
	f, err := seedfile.FormatByName(name)
	require.NoError(t, err)
	var b bytes.Buffer
	w, err := f.NewWriter(&b, o)
	require.NoError(t, err)
	for _, n := range ns {
		rec := banktest.Record(n)
		require.NoError(t, w.Write(&rec))
	}
	require.NoError(t, w.Close())
	return b.String()
}

func (s *site) known(n int) bool {
	return s.do(s.clerk, "GET", "/v1/tokens/"+banktest.Serial(n).String(), nil).status == 200
}

func TestImportPSKC(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	r := s.send(s.clerk, "POST", "/v1/imports?contract=c1", "application/octet-stream", file(t, "pskc", seedfile.WriteOptions{}, 1, 2, 3)).is(201)
	require.JSONEq(t, `{"tokens":3,"format":"pskc","warnings":[]}`, r.text)
	tok := s.do(s.clerk, "GET", "/v1/tokens/"+banktest.Serial(2).String(), nil).is(200).json()
	require.Equal(t, "c1", tok["contract"])
	require.Equal(t, "2031-03-31", tok["expiry"])
	sn := banktest.Serial(2)
	require.Equal(t, true, s.do(s.check, "POST", "/v1/check", m{"serial": sn.String(), "code": s.Code(sn, 0)}).is(200).json()["done"])

	// A second import of the same token fails, and imports no part of the file.
	s.send(s.clerk, "POST", "/v1/imports", "application/octet-stream", file(t, "pskc", seedfile.WriteOptions{}, 4, 3)).is(409)
	require.False(t, s.known(4))
	s.send(s.clerk, "POST", "/v1/imports?contract=none", "application/octet-stream", file(t, "pskc", seedfile.WriteOptions{}, 5)).is(404)
}

func TestImportEncrypted(t *testing.T) {
	s := start(t)
	key := []byte("0123456789abcdef")
	byKey := file(t, "pskc", seedfile.WriteOptions{Encrypt: &seedfile.Encryption{Key: key, KeyName: "k"}}, 1)
	byPassword := file(t, "pskc", seedfile.WriteOptions{Encrypt: &seedfile.Encryption{Password: []byte("合言葉 123"), Iterations: seedfile.MinIterations}}, 2)
	hexKey := hex.EncodeToString(key)

	send := func(want int, parts ...part) string {
		t.Helper()
		kind, body := form(t, parts...)
		r := s.send(s.clerk, "POST", "/v1/imports", kind, body).is(want)
		require.NotContains(t, r.text, hexKey)
		require.NotContains(t, r.text, "合言葉")
		return r.text
	}
	send(422, part{"file", byKey})
	send(422, part{"key", strings.Repeat("0", 32)}, part{"file", byKey})
	send(422, part{"key", hexKey[:31]}, part{"file", byKey})
	send(422, part{"key", ""}, part{"file", byKey})
	send(422, part{"key", hexKey}, part{"key", hexKey}, part{"file", byKey})
	send(422, part{"key", hexKey})
	send(422, part{"secret", hexKey}, part{"file", byKey})
	require.Contains(t, send(422, part{"file", byKey}, part{"key", hexKey}), "must be the last one")
	require.Contains(t, send(422, part{"key", hexKey}, part{"file", byKey}, part{"more", "x"}), "must be the last one")
	require.False(t, s.known(1))
	send(201, part{"key", hexKey + "\n"}, part{"file", byKey})
	require.True(t, s.known(1))
	send(422, part{"password", "wrong"}, part{"file", byPassword})
	send(201, part{"password", "合言葉 123\n"}, part{"file", byPassword})
	require.True(t, s.known(2))

	kind, body := form(t, part{"key", hexKey}, part{"file", byKey})
	s.send(s.clerk, "POST", "/v1/imports", kind, body[:len(body)-20]).is(400)
	s.send(s.clerk, "POST", "/v1/imports", "multipart/form-data", body).is(415)
	s.send(s.clerk, "POST", "/v1/imports", "text/xml", byKey).is(415)
	s.send(s.clerk, "POST", "/v1/imports?password=x", "application/octet-stream", byKey).is(422)
}

func TestImportBadFiles(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	s := newSite(t, d, httpapi.Options{MaxImport: 20000})
	for name, content := range map[string]string{
		"nothing":     "",
		"no format":   "\x00\x01\x02",
		"broken off":  file(t, "pskc", seedfile.WriteOptions{}, 1, 2)[:900],
		"30 s":        banktest.Serial(1).String() + "," + banktest.SeedHex(1) + ",TOTP,6,30\n",
		"HOTP":        banktest.Serial(1).String() + "," + banktest.SeedHex(1) + ",HOTP,6,0\n",
		"twice":       oathCSV(1, 2, 1),
		"bad seed":    banktest.Serial(1).String() + ",zz" + banktest.SeedHex(1) + ",TOTP,6,60\n",
		"second line": oathCSV(1) + "x\n",
		"entities":    `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc">&a;</KeyContainer>`,
	} {
		path := "/v1/imports"
		if !strings.Contains(content, "<") {
			path += "?format=oath-csv"
		}
		r := s.send(s.clerk, "POST", path, "application/octet-stream", content)
		require.Contains(t, []int{409, 422}, r.status, "%s: %s", name, r.text)
		require.NotContains(t, r.text, banktest.SeedHex(1), name)
		require.Empty(t, s.do(s.clerk, "GET", "/v1/tokens", nil).is(200).json()["items"].([]any), name)
	}
	var many []int
	for i := range 500 {
		many = append(many, i)
	}
	r := s.send(s.clerk, "POST", "/v1/imports?format=oath-csv", "application/octet-stream", oathCSV(many...)).is(413)
	require.Contains(t, r.text, "20000 bytes")
	kind, body := form(t, part{"file", oathCSV(many...)})
	s.send(s.clerk, "POST", "/v1/imports?format=oath-csv", kind, body).is(413)
	require.False(t, s.known(0))
	s.send(s.clerk, "POST", "/v1/imports?format=none", "application/octet-stream", "x").is(422)
	s.send(s.clerk, "POST", "/v1/imports?step=0", "application/octet-stream", "x").is(422)
	s.send(s.clerk, "POST", "/v1/imports?algorithm=md5", "application/octet-stream", "x").is(422)
}

// TestImportExpiryZone: the end of a day in UTC belongs to the next day in Japan.
func TestImportExpiryZone(t *testing.T) {
	s := start(t)
	late := func(n int) string {
		return strings.ReplaceAll(file(t, "pskc", seedfile.WriteOptions{}, n), "T14:59:59Z", "T23:59:59Z")
	}
	for n, c := range []struct {
		query, expiry string
		warnings      int
	}{{"", "2031-04-01", 1}, {"?expiry_zone=japan", "2031-04-01", 0}, {"?expiry_zone=utc", "2031-03-31", 0}} {
		r := s.send(s.clerk, "POST", "/v1/imports"+c.query, "application/octet-stream", late(n)).is(201).json()
		require.Len(t, r["warnings"], c.warnings, c.query)
		if c.warnings > 0 {
			require.Contains(t, r["warnings"].([]any)[0], "(2031-04-01 in Japan, 2031-03-31 in UTC)")
		}
		tok := s.do(s.clerk, "GET", "/v1/tokens/"+banktest.Serial(n).String(), nil).is(200).json()
		require.Equal(t, c.expiry, tok["expiry"], c.query)
	}
	// 1970-01-01 is the first possible date. The token has expired; the zero time must
	// not mean that it never expires.
	first := strings.ReplaceAll(file(t, "pskc", seedfile.WriteOptions{}, 7), "2031-03-31T14:59:59Z", "1970-01-01T00:00:00Z")
	s.send(s.clerk, "POST", "/v1/imports", "application/octet-stream", first).is(201)
	list := func(condition string) (serials []string) {
		for _, item := range s.do(s.clerk, "GET", "/v1/tokens?condition="+condition, nil).is(200).json()["items"].([]any) {
			require.Equal(t, strings.ReplaceAll(condition, "+", " "), item.(m)["condition"])
			serials = append(serials, item.(m)["serial"].(string))
		}
		return serials
	}
	require.Equal(t, []string{banktest.Serial(7).String()}, list("expired"))
	require.Len(t, list("in+use"), 3)

	r := s.send(s.clerk, "POST", "/v1/imports?expiry_zone=ask", "application/octet-stream", late(8)).is(422)
	require.Contains(t, r.text, "expires on 2031-04-01 in Japan, on 2031-03-31 in UTC")
	require.Contains(t, r.text, `"location":"query.expiry_zone"`)
	require.False(t, s.known(8))
	s.send(s.clerk, "POST", "/v1/imports?expiry_zone=mars", "application/octet-stream", late(9)).is(422)
}

// TestImportManyWarnings: the answer counts the warnings that do not fit into it.
func TestImportManyWarnings(t *testing.T) {
	s := start(t)
	strange := ""
	for i := range 60 {
		strange += fmt.Sprintf(`<Strange%d xmlns="urn:example"/>`, i)
	}
	content := strings.Replace(file(t, "pskc", seedfile.WriteOptions{}, 1), "</DeviceInfo>", strange+"</DeviceInfo>", 1)
	r := s.send(s.clerk, "POST", "/v1/imports", "application/octet-stream", content).is(201).json()
	warnings := r["warnings"].([]any)
	require.Contains(t, warnings[0], "Strange0")
	var more int
	_, err := fmt.Sscanf(warnings[len(warnings)-1].(string), "and %d more", &more)
	require.NoError(t, err)
	require.Equal(t, 60, len(warnings)-1+more)
}
