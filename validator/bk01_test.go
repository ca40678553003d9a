// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// Q1. ワンタイムパスワードとは?
// ワンタイムパスワード生成機(トークン)によって生成され、60秒毎に変更となる、一回限り
// 有効な使い捨てパスワードです。
func TestBK01Profile(t *testing.T) {
	require.NoError(t, validator.CheckProfile(token.Profile{Step: 60, Digits: 6}))
	require.NoError(t, validator.CheckProfile(token.Profile{Step: 60, Digits: 8, T0: token.Epoch2000}))

	err := validator.CheckProfile(token.Profile{Step: 30, Digits: 6})
	require.ErrorIs(t, err, validator.ErrNotBanks)
	require.EqualError(t, err, "not a token of this bank: Step is 30, allowed is 60 s")
	require.ErrorIs(t, validator.CheckProfile(token.Profile{Step: 60, Digits: 7}), token.ErrProfile)
}

// TestBK01Vectors checks the codes of RFC 6238's seeds and times at 60 s.
func TestBK01Vectors(t *testing.T) {
	data, err := os.ReadFile("../token/testdata/x60.json")
	require.NoError(t, err)
	var file struct {
		Vectors []struct {
			ID, Result, Algorithm, Key, Code string
			Digits                           uint8
			Time, Period, T0                 int64
		}
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.NotEmpty(t, file.Vectors)
	for _, v := range file.Vectors {
		key, err := hex.DecodeString(v.Key)
		require.NoError(t, err)
		seed, err := token.NewSeed(key)
		require.NoError(t, err)
		alg, err := token.ParseAlgorithm(v.Algorithm)
		require.NoError(t, err)
		tok := validator.Token{
			Profile: token.Profile{
				Step: token.UnixSeconds(v.Period), Digits: v.Digits, Algorithm: alg, T0: token.UnixSeconds(v.T0),
			},
			Seed: seed, Condition: validator.InUse,
		}
		s := validator.DefaultSettings()
		d, state := validator.Check(s, tok, validator.State{}, token.UnixSeconds(v.Time), v.Code)
		require.Equal(t, validator.Accepted, d.Answer, v.ID)
		require.Equal(t, v.Time/60, d.Step, v.ID)
		require.Equal(t, d.Step+1, state.Next, v.ID)
	}
}

// TestBK01ChangesEachMinute enters codes in each second of two minutes: the valid code
// changes at the full minute.
func TestBK01ChangesEachMinute(t *testing.T) {
	s := validator.DefaultSettings()
	s.Window, s.LookAhead = 0, 0
	for second := range token.UnixSeconds(120) {
		for step := range int64(4) {
			d, _ := validator.Check(s, rfcToken(t), validator.State{}, at(1, second), codeOf(t, step))
			require.Equal(t, step == 1+int64(second/60), d.Answer == validator.Accepted, "%d s, step %d", second, step)
		}
	}
}
