// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/token"
)

const noticeColumns = `id, serial, contract, mail_to, language, expiry, due_from, due_to, order_id, status, made, began,
	sent, tries, problem`

func scanNotice(s sqldb.Scanner) (n Notice, err error) {
	var serial string
	var expiry, from, to int32
	var status uint8
	err = s.Scan(&n.ID, &serial, &n.Contract, &n.To, &n.Language, &expiry, &from, &to, &n.Order, &status, &n.Made, &n.Began,
		&n.Sent, &n.Tries, &n.Problem)
	if err != nil {
		return n, err
	}
	n.Status = NoticeStatus(status)
	if n.Serial, err = serialOf(serial); err != nil {
		return n, err
	}
	if n.Expiry, err = dateFromDays(expiry); err != nil {
		return n, err
	}
	if n.ArrivesFrom, err = dateFromDays(from); err != nil {
		return n, err
	}
	n.ArrivesBy, err = dateFromDays(to)
	return n, err
}

// Notice returns a notice. In a transaction that writes, it locks the row.
func (tx *Tx) Notice(id string) (n Notice, err error) {
	return sqldb.QueryOne(tx.sql, scanNotice, "SELECT "+noticeColumns+" FROM notice WHERE id = $1"+tx.sql.Locked(), id)
}

// AddNotice adds a notice. The error wraps [ErrExists] if the token already has one.
func (tx *Tx) AddNotice(n Notice) error {
	return tx.sql.ExecOne(`INSERT INTO notice (id, serial, contract, mail_to, language, expiry, due_from, due_to, order_id, status,
		made, began, sent, tries, problem) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		n.ID, n.Serial.String(), n.Contract, n.To, string(n.Language), int64(n.Expiry.Days()), int64(n.ArrivesFrom.Days()),
		int64(n.ArrivesBy.Days()), n.Order, int64(n.Status), int64(n.Made), int64(n.Began), int64(n.Sent), int64(n.Tries), n.Problem)
}

// PutNotice updates a notice.
func (tx *Tx) PutNotice(n Notice) error {
	return tx.sql.ExecOne("UPDATE notice SET mail_to = $2, status = $3, began = $4, sent = $5, tries = $6, problem = $7 WHERE id = $1",
		n.ID, n.To, int64(n.Status), int64(n.Began), int64(n.Sent), int64(n.Tries), n.Problem)
}

// NoticesBefore returns up to most notices of a status that were last handed to the
// mail server before an instant, oldest first.
func (tx *Tx) NoticesBefore(s NoticeStatus, began token.UnixSeconds, most int) ([]Notice, error) {
	return sqldb.QueryAll(tx.sql, scanNotice, fmt.Sprintf("SELECT %s FROM notice WHERE status = $1 AND began < $2 ORDER BY id LIMIT %d%s",
		noticeColumns, most, tx.sql.Locked()), int64(s), int64(began))
}

// Notices lists notices, oldest first. If status is not nil, it lists only notices of
// that status.
func (tx *Tx) Notices(status *NoticeStatus, p Page) ([]Notice, string, error) {
	var w sqldb.Where
	if status != nil {
		w.Add("status = $", int64(*status))
	}
	if p.After != "" {
		w.Add("id > $", p.After)
	}
	return sqldb.QueryPage(tx.sql, scanNotice, func(n Notice) string { return n.ID }, p,
		"SELECT "+noticeColumns+" FROM notice"+w.String()+" ORDER BY id", w.Args()...)
}
