// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// vector is one case in testdata/*.json; see testdata/README.md.
type vector struct {
	ID        string `json:"id"`
	Comment   string `json:"comment"`
	Source    string `json:"source"`
	Result    string `json:"result"`
	Algorithm string `json:"algorithm"`
	Digits    uint8  `json:"digits"`
	Key       string `json:"key"`
	Step      *int64 `json:"step"`
	Time      int64  `json:"time"`
	Period    int64  `json:"period"`
	T0        int64  `json:"t0"`
	Code      string `json:"code"`
	Error     string `json:"error"`
}

// loadVectors returns all cases of testdata. It fails the test if there are no cases,
// or a duplicate, an unknown field or a case without a source: a corpus must not
// disappear unnoticed.
func loadVectors(t *testing.T) []vector {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var all []vector
	seen := map[string]bool{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		var file struct {
			Notes   string   `json:"notes"`
			Vectors []vector `json:"vectors"`
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		require.NoError(t, dec.Decode(&file), name)
		require.NotEmpty(t, file.Notes, name)
		require.NotEmpty(t, file.Vectors, name)
		for _, v := range file.Vectors {
			require.NotEmpty(t, v.ID, name)
			require.False(t, seen[v.ID], "%s: duplicate ID %s", name, v.ID)
			seen[v.ID] = true
			require.NotEmpty(t, v.Comment, v.ID)
			require.NotEmpty(t, v.Source, v.ID)
			require.Contains(t, []string{"valid", "invalid"}, v.Result, v.ID)
		}
		all = append(all, file.Vectors...)
	}
	return all
}

// step returns the step of v, and checks that StepAt and StepAtMilli agree on it.
func (v vector) step(t *testing.T) int64 {
	t.Helper()
	if v.Step != nil {
		require.Zero(t, v.Period, "a vector has either a step or a period")
		return *v.Step
	}
	require.NotZero(t, v.Period, "a vector has either a step or a period")
	p := token.Profile{Step: token.UnixSeconds(v.Period), T0: token.UnixSeconds(v.T0)}
	step := p.StepAt(token.UnixSeconds(v.Time))
	require.Equal(t, step, p.StepAtMilli(token.UnixSeconds(v.Time).Milli()+999))
	return step
}

func TestVectors(t *testing.T) {
	sentinels := map[string]error{
		"digits":    token.ErrDigits,
		"key":       token.ErrKeyLength,
		"algorithm": token.ErrAlgorithm,
		"step":      token.ErrStep,
	}
	for _, v := range loadVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			key, err := hex.DecodeString(v.Key)
			require.NoError(t, err)
			step := v.step(t)
			alg, algErr := token.ParseAlgorithm(v.Algorithm)
			if v.Result == "invalid" {
				want := sentinels[v.Error]
				require.Error(t, want, "unknown error %q", v.Error)
				if algErr != nil {
					require.ErrorIs(t, algErr, want)
					alg = 3
				}
				dst := []byte("unchanged")
				require.Equal(t, "unchanged", string(token.AppendCode(dst, key, alg, v.Digits, step)))
				if step < 0 {
					_, err = token.Profiles()[0].Code(mustSeed(t, key), step)
				} else {
					_, err = token.HOTPCode(key, alg, v.Digits, uint64(step))
				}
				require.ErrorIs(t, err, want)
				return
			}
			require.NoError(t, algErr)
			require.Equal(t, v.Code, string(token.AppendCode(nil, key, alg, v.Digits, step)))
			code, err := token.HOTPCode(key, alg, v.Digits, uint64(step))
			require.NoError(t, err)
			require.Equal(t, v.Code, code.String())

			p := token.Profile{Step: 60, Digits: v.Digits, Algorithm: alg}
			code, err = p.Code(mustSeed(t, key), step)
			require.NoError(t, err)
			require.Equal(t, v.Code, code.String())
			coder, err := p.Coder(mustSeed(t, key))
			require.NoError(t, err)
			require.Equal(t, v.Code, string(coder(nil, step)))
			require.Equal(t, v.Code, string(coder(nil, step)), "calling a Coder must not change its state")
		})
	}
}
