// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package pgtest

func (p *process) killChildren() {}
