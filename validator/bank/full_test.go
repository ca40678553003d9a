// SPDX-License-Identifier: Apache-2.0

package bank_test

func childFull(c *child) {}
