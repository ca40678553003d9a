// SPDX-License-Identifier: Apache-2.0

// Package practice runs a provisioning line with virtual operators and virtual tokens.
//
// The operators plug tokens into the sockets of one or several stations, wait for the
// result, scan the label and remove the token. Some tokens and operators make mistakes,
// as a [Plan] describes. The result is compared with the result of a perfect line.
package practice
