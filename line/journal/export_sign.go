// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"

	"github.com/d204ef64/fob/internal/sshsig"
)

// ExportNamespace is the purpose of the signatures of exports: ssh-keygen -Y verify -n
// fob-line-export.
const ExportNamespace = "fob-line-export"

// SignExport signs the manifest of an export, as ssh-keygen -Y sign does. The same
// manifest has the same signature.
func (j *Journal) SignExport(manifest []byte) ([]byte, error) {
	signer, err := sshsig.NewSigner(j.key)
	if err != nil {
		return nil, err
	}
	s, err := sshsig.Sign(manifest, signer, ExportNamespace)
	if err != nil {
		return nil, err
	}
	return s.Armor(), nil
}

// ExportHead returns the head that was signed for an export: the newest one of its order
// when the export was made.
func (j *Journal) ExportHead(ctx context.Context, e Export) (h SignedHead, found bool, err error) {
	list, err := j.Heads(ctx, e.Order)
	for _, one := range list {
		if !one.Made.After(e.Made) {
			h, found = one, true
		}
	}
	return h, found, err
}

// Purge removes the encrypted seeds that were deleted from the files of the database.
func (j *Journal) Purge(ctx context.Context) error { return broken(j.db.Purge(ctx)) }
