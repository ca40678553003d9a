// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// privateService is the name of a service whose rules are in the target file.
const privateService = "fob"

// The answers of pamtester, in the words of Linux-PAM's pam_strerror. The last ones are
// pam_wrapper's, with many processes at once.
var (
	pamAccepted = Match{Exit: new(0), Body: "successfully authenticated"}
	pamRefused  = Match{Exit: new(1), Body: "Authentication failure|Permission denied|User not known|maximum number of retries|has expired|no longer valid|token expired|Insufficient credentials"}
	pamLimited  = Match{Exit: new(1), Body: `^\s*$|pwrap_init: Failed|pwrap_clean_stale_dirs: Failed|error reading PAM configuration file|auth=try_again`}
)

// prepare checks a login, and adds the defaults.
func (p *PAM) prepare() error {
	switch {
	case (p.Service == "") == (p.Rules == ""):
		return errors.New("want one of service and rules")
	case p.Service != "" && !regexp.MustCompile(`^[A-Za-z0-9._{}-]+$`).MatchString(p.Service):
		return errors.New("service: want the name of a file in /etc/pam.d; rules has the lines of one")
	}
	if p.User == "" {
		p.User = "{{user}}"
	}
	if len(p.Entries) == 0 {
		p.Entries = []string{"{{code}}"}
	}
	return nil
}

func (p *PAM) texts() []string {
	return append(slices.Clone(p.Entries), p.Service, p.Rules, p.User)
}

// logIn runs pamtester, which authenticates the user and then checks the account, as
// programs with a login do.
func (t *Open) logIn(ctx context.Context, p *PAM, v values, ready func()) (*answer, error) {
	c := &Command{
		Argv:  []string{"pamtester", p.Service, p.User, "authenticate", "acct_mgmt"},
		Stdin: strings.Join(p.Entries, "\n") + "\n",
		Env:   map[string]string{"LC_ALL": "C"},
	}
	if p.Rules != "" {
		dir, err := t.privateServices(v.Fill(p.Rules, reqtemplate.Plain))
		if err != nil {
			return nil, err
		}
		c.Argv[1] = privateService
		c.Env["LD_PRELOAD"], c.Env["PAM_WRAPPER"], c.Env["PAM_WRAPPER_SERVICE_DIR"] = "libpam_wrapper.so", "1", dir
	}
	return run(ctx, c, v, ready)
}

// privateServices returns a folder with a service that has these rules. There is one
// folder for each service, because pam_wrapper copies all files of its folder.
func (t *Open) privateServices(rules string) (string, error) {
	sum := sha256.Sum256([]byte(rules))
	dir := filepath.Join(t.dir, "pam-"+hex.EncodeToString(sum[:8]))
	t.pam.Lock()
	defer t.pam.Unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	// With many processes at once, pam_wrapper may remove the folder of another one. The
	// service "other", which is then used, must not look like a refusal.
	other := "auth required pam_debug.so auth=try_again\naccount required pam_debug.so acct=acct_expired\n"
	return dir, errors.Join(
		atomicfile.Overwrite(filepath.Join(dir, privateService), []byte(rules)),
		atomicfile.Overwrite(filepath.Join(dir, "other"), []byte(other)),
	)
}
