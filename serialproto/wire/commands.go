// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strconv"

	"github.com/d204ef64/fob/serialproto"
)

// The operations of requests and their answers.
const (
	read  = "read"
	write = "write"
)

// command identifies a command and its operation.
type command struct {
	group, command int
	write          bool
}

const (
	groupOS    = int(serialproto.GroupOS)
	groupEnum  = int(serialproto.GroupEnum)
	groupToken = int(serialproto.GroupToken)
	groupRig   = int(serialproto.GroupRig)
)

// groups has the short names of the groups.
var groups = map[int]string{groupOS: "os", groupEnum: "enum", groupToken: "token", groupRig: "rig"}

// commands has the names of PROTOCOL.md.
var commands = map[command]string{
	{groupOS, serialproto.CmdOSEcho, false}:     "echo",
	{groupOS, serialproto.CmdOSEcho, true}:      "echo",
	{groupOS, serialproto.CmdOSDatetime, false}: "datetime",
	{groupOS, serialproto.CmdOSDatetime, true}:  "datetime",
	{groupOS, serialproto.CmdOSReset, true}:     "reset",
	{groupOS, serialproto.CmdOSParams, false}:   "parameters",
	{groupOS, serialproto.CmdOSInfo, false}:     "info",

	{groupEnum, serialproto.CmdEnumCount, false}:   "count",
	{groupEnum, serialproto.CmdEnumList, false}:    "list",
	{groupEnum, serialproto.CmdEnumSingle, false}:  "single",
	{groupEnum, serialproto.CmdEnumDetails, false}: "details",

	{groupToken, serialproto.CmdTokenInfo, false}:      "info",
	{groupToken, serialproto.CmdTokenClock, false}:     "clock",
	{groupToken, serialproto.CmdTokenClock, true}:      "clock",
	{groupToken, serialproto.CmdTokenDisplay, false}:   "display",
	{groupToken, serialproto.CmdTokenProvBegin, false}: "prov-begin",
	{groupToken, serialproto.CmdTokenProvCommit, true}: "prov-commit",
	{groupToken, serialproto.CmdTokenLock, true}:       "lock",
	{groupToken, serialproto.CmdTokenSelfTest, false}:  "uptime",
	{groupToken, serialproto.CmdTokenSelfTest, true}:   "self-test",
	{groupToken, serialproto.CmdTokenWipe, true}:       "wipe",

	{groupRig, serialproto.CmdRigPress, true}:       "press",
	{groupRig, serialproto.CmdRigHold, true}:        "hold",
	{groupRig, serialproto.CmdRigDisplay, false}:    "display",
	{groupRig, serialproto.CmdRigSupply, true}:      "supply",
	{groupRig, serialproto.CmdRigTemperature, true}: "temperature",
	{groupRig, serialproto.CmdRigSkew, true}:        "skew",
	{groupRig, serialproto.CmdRigPowerCut, true}:    "power-cut",
}

// nameOf returns the name of a group and a command, or their numbers.
func nameOf(group, number int, operation string) string {
	g, ok := groups[group]
	if !ok {
		g = "group " + strconv.Itoa(group)
	}
	c, ok := commands[command{group, number, operation == write}]
	if !ok {
		c = "command " + strconv.Itoa(number)
	}
	return g + " " + c
}
