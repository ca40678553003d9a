// SPDX-License-Identifier: Apache-2.0

// Vaulttotp serves the TOTP secrets engine of HashiCorp Vault 1.14.8 over HTTP, mounted at
// totp/ as in a Vault server, for the tests of fob conform. The engine, its storage and the
// conversion of its answers are Vault's own code. The rest of a Vault server is left out:
// there is one token for all requests, and keys are stored unencrypted.
//
// It is a module of its own, which keeps Vault's modules out of fob's.
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	log "github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/totp"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/file"
)

// mount is the path of the engine.
const mount = "/v1/totp/"

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "`address` of the server")
	dir := flag.String("dir", "", "`folder` of the keys")
	tokenFile := flag.String("token-file", "", "`file` with the token of all requests")
	flag.Parse()
	if err := run(*listen, *dir, *tokenFile); err != nil {
		fmt.Fprintln(os.Stderr, "vaulttotp:", err)
		os.Exit(1)
	}
}

func run(listen, dir, tokenFile string) error {
	if dir == "" || tokenFile == "" {
		return errors.New("want -dir and -token-file")
	}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return err
	}
	store, err := file.NewFileBackend(map[string]string{"path": dir}, log.NewNullLogger())
	if err != nil {
		return err
	}
	engine, err := totp.Factory(context.Background(), &logical.BackendConfig{
		StorageView: logical.NewLogicalStorage(store), System: &logical.StaticSystemView{}, Logger: log.NewNullLogger(),
	})
	if err != nil {
		return err
	}
	h := &host{engine: engine, storage: logical.NewLogicalStorage(store), token: strings.TrimSpace(string(token))}
	http.HandleFunc(mount, h.serve)
	http.HandleFunc("/v1/sys/health", health)
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Println("listening at", l.Addr())
	return http.Serve(l, nil)
}

// host passes requests to the engine.
type host struct {
	engine  logical.Backend
	storage logical.Storage
	token   string
}

func (h *host) serve(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Vault-Token")), []byte(h.token)) != 1 {
		reply(w, http.StatusForbidden, errorsOf("permission denied"))
		return
	}
	operations := map[string]logical.Operation{
		http.MethodGet: logical.ReadOperation, http.MethodPost: logical.UpdateOperation, http.MethodPut: logical.UpdateOperation,
		http.MethodDelete: logical.DeleteOperation, "LIST": logical.ListOperation,
	}
	req := &logical.Request{
		Operation: operations[r.Method], Path: strings.TrimPrefix(r.URL.Path, mount), Data: map[string]any{},
		Storage: h.storage, MountPoint: "totp/", ClientToken: h.token,
	}
	if req.Operation == "" {
		reply(w, http.StatusMethodNotAllowed, errorsOf("unsupported method"))
		return
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 32<<20)) // as in Vault
	d.UseNumber()
	if err := d.Decode(&req.Data); err != nil && !errors.Is(err, io.EOF) {
		reply(w, http.StatusBadRequest, errorsOf("error parsing JSON"))
		return
	}
	resp, err := h.engine.HandleRequest(r.Context(), req)
	status, err := logical.RespondErrorCommon(req, resp, err)
	switch {
	case err != nil:
		reply(w, status, errorsOf(err.Error()))
	case status != 0:
		reply(w, status, errorsOf())
	case resp == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		reply(w, http.StatusOK, logical.LogicalResponseToHTTPResponse(resp))
	}
}

// health answers like a Vault server that is ready.
func health(w http.ResponseWriter, _ *http.Request) {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/hashicorp/vault" {
				version = strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	reply(w, http.StatusOK, map[string]any{"initialized": true, "sealed": false, "standby": false, "version": version})
}

func errorsOf(texts ...string) map[string]any {
	return map[string]any{"errors": append([]string{}, texts...)}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
