// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestGeneratedClient generates a client from the description with oapi-codegen,
// compiles it and uses it. The program in testdata/client is a separate module. It
// knows the bank only through the description.
func TestGeneratedClient(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	s.User("c1", "carol", validator.Master)
	serial := s.Issued("c1")

	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "client"))))
	spec := s.do("", "GET", "/openapi.json", nil).is(200).text
	require.NoError(t, os.WriteFile(filepath.Join(dir, "openapi.json"), []byte(spec), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "api"), 0o700))

	goCommand := func(stdin []byte, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=readonly")
		cmd.Stdin = bytes.NewReader(stdin)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return string(out) + stderr.String(), err
		}
		return string(out), nil
	}
	if out, err := goCommand(nil, "mod", "download"); err != nil {
		tooltest.Missing(t, "oapi-codegen (its modules cannot be downloaded: "+out+")")
	}
	out, err := goCommand(nil, "tool", "oapi-codegen", "-config", "config.yaml", "openapi.json")
	require.NoError(t, err, out)

	input, err := json.Marshal(map[string]string{
		"URL": s.srv.URL, "Check": s.check, "Clerk": s.clerk,
		"Serial": serial.String(), "Code": s.Code(serial, 0), "Wrong": s.WrongCode(serial),
		"User": "carol", "Password": banktest.Password,
		"Contract": "C-2002", "Name": "株式会社 例", "Mail": "it@example.com",
	})
	require.NoError(t, err)
	out, err = goCommand(input, "run", ".")
	require.NoError(t, err, out)
	require.Equal(t, "contract 201 C-2002 false\n"+
		"token "+serial.String()+" 2031-03-31 6\n"+
		"no contract 404 404\n"+
		"check 200 false refused\n"+
		"check 200 true accepted\n"+
		"check 200 false refused\n"+
		"login 401 Unauthorized\n"+
		"login 201 carol true\n", out)
}
