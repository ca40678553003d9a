// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxClients     = 10_000  // lines in a clients file
	maxClientsFile = 1 << 20 // bytes in a clients file
)

// insecureWord at the end of a line in a clients file sets
// InsecureNoMessageAuthenticator.
const insecureWord = "insecure-no-message-authenticator"

// ReadClients reads a clients file. Each line is a client: its name, its network or
// address, and the file with its secret, relative to the folder of the clients file. An
// optional fourth word, insecure-no-message-authenticator, sets
// InsecureNoMessageAuthenticator. Empty lines and lines that begin with # are ignored.
//
//	# name   network        secret
//	vpn      192.0.2.0/24   vpn.secret
//	gateway  2001:db8::7    gateway.secret
//
// Secrets are in separate files, which allows showing the clients file to others.
func ReadClients(path string) ([]Client, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var clients []Client
	in := bufio.NewScanner(io.LimitReader(f, maxClientsFile))
	line := 0
	for in.Scan() {
		line++
		words := strings.Fields(in.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		c, err := readClient(words, filepath.Dir(path))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if clients = append(clients, c); len(clients) > maxClients {
			return nil, fmt.Errorf("%s: %w: more than %d clients", path, ErrOptions, maxClients)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, line+1, err)
	}
	return clients, nil
}

func readClient(words []string, folder string) (Client, error) {
	if len(words) < 3 || len(words) > 4 {
		return Client{}, fmt.Errorf("%w: want a name, a network and the name of a secret file", ErrOptions)
	}
	c := Client{Name: words[0]}
	var err error
	if c.Network, err = netip.ParsePrefix(words[1]); err != nil {
		a, aerr := netip.ParseAddr(words[1])
		if aerr != nil || a.Zone() != "" {
			return c, fmt.Errorf("%w: network %q: want an address, or a network such as 192.0.2.0/24", ErrOptions, words[1])
		}
		c.Network = netip.PrefixFrom(a, a.BitLen())
	}
	if len(words) == 4 {
		if words[3] != insecureWord {
			return c, fmt.Errorf("%w: fourth word %q: want %s", ErrOptions, words[3], insecureWord)
		}
		c.InsecureNoMessageAuthenticator = true
	}
	secret := words[2]
	if !filepath.IsAbs(secret) {
		secret = filepath.Join(folder, secret)
	}
	c.Secret, err = ReadSecret(secret)
	return c, err
}
