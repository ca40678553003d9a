// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"

	"github.com/d204ef64/fob/internal/sqldb"
)

// SocketNumber returns the number of a socket, which it keeps for good: people mark it on
// the hub, and it stands on labels. A new socket gets the next number, from 1 on.
func (j *Journal) SocketNumber(ctx context.Context, name string) (number int, err error) {
	err = j.write(ctx, "", func(tx *sqldb.Tx) error {
		err := tx.Row("SELECT number FROM socket WHERE name = $1", []any{name}, &number)
		if !errors.Is(err, sqldb.ErrNotFound) {
			return err
		}
		if err := tx.Row("SELECT COALESCE(MAX(number), 0) + 1 FROM socket", nil, &number); err != nil {
			return err
		}
		return tx.ExecOne("INSERT INTO socket (name, number) VALUES ($1, $2)", name, number)
	})
	return number, err
}

// ForgetSockets makes the sockets get new numbers, as they appear.
func (j *Journal) ForgetSockets(ctx context.Context) error {
	return j.write(ctx, "", func(tx *sqldb.Tx) error {
		_, err := tx.Exec("DELETE FROM socket")
		return err
	})
}
