// SPDX-License-Identifier: Apache-2.0

// Package webapi has the parts that the HTTP interfaces of running programs share: the
// form of problems, the check of the Host header and of the API key, and streams of
// server-sent events.
package webapi
