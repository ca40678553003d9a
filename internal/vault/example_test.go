// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/d204ef64/fob/internal/vault"
)

// bank is the realm of the keys of a bank.
const bank = vault.Realm("bank")

// newRing returns a ring of new data keys. A bank stores the wrapped keys in its
// database, and unwraps them each time it starts.
func newRing(master vault.Master) (*vault.Ring, error) {
	var keys []vault.Key
	for _, purpose := range vault.Purposes() {
		fresh, err := vault.NewKey(purpose, 1)
		if err != nil {
			return nil, err
		}
		wrapped, err := fresh.Wrap(master)
		if err != nil {
			return nil, err
		}
		key, err := vault.Unwrap(master, purpose, 1, wrapped)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return bank.NewRing(keys...)
}

// A bank keeps its master key in a file, and the seeds sealed in its database.
func Example() {
	dir, err := os.MkdirTemp("", "vault-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	master, err := bank.NewMaster()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer master.Destroy()
	if err := vault.WriteFile(filepath.Join(dir, "bank.key"), master); err != nil {
		fmt.Println(err)
		return
	}
	ring, err := newRing(master)
	if err != nil {
		fmt.Println(err)
		return
	}

	seed := []byte("12345678901234567890") // of RFC 4226, appendix D
	id, sealed, err := ring.Seal("2600124800001", seed)
	if err != nil {
		fmt.Println(err)
		return
	}
	opened, err := ring.Open("2600124800001", id, sealed)
	fmt.Println(string(opened) == string(seed), err)
	clear(opened)

	_, err = ring.Open("2600124800002", id, sealed)
	fmt.Println("another token:", errors.Is(err, vault.ErrAltered))
	fmt.Println(master, ring)
	// Output:
	// true <nil>
	// another token: true
	// [key redacted] [key redacted]
}
