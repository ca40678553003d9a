// SPDX-License-Identifier: Apache-2.0

package mcp

// effect is how a tool changes the fleet.
type effect int

const (
	reads   effect = iota // changes nothing
	uses                  // uses a token as a person does, or adds to the fleet
	changes               // no tool takes the change back
	repeats               // like changes; a second call with the same arguments has no effect
)

// A tool is one operation of the fleet's HTTP interface, for agents.
type tool struct {
	name, title string
	operation   string // its id in openapi.json
	effect      effect
	about       string // description for the agent

	readOnly bool              // offered only if no tool may change the fleet
	waits    bool              // the answer can take long
	picture  bool              // the result has the display as a picture
	hide     []string          // parameters and fields of the operation that are not arguments
	fixed    map[string]string // parameters of the operation with one value
	usual    map[string]any    // values of arguments that are left out
	words    map[string]string // descriptions of arguments, instead of the operation's
	without  []string          // fields of the answer that are left out
}

// offered reports whether an agent that may or may not change the fleet gets the tool.
func (t *tool) offered(allowChanges bool) bool {
	if t.readOnly {
		return !allowChanges
	}
	return allowChanges || t.effect == reads
}

// A call that waits longer than a minute is given up by many agents.
const usualWait = "50s"

var waitWords = map[string]string{
	"real_timeout": "how long the call may take, by the machine's clock",
}

var tools = []*tool{
	{
		name: "list", title: "List tokens", operation: "list-tokens", effect: reads,
		about: "List the tokens of the fleet, 20 a page. Give the field next of an answer as after to get the following page.",
		hide:  []string{"before"}, usual: map[string]any{"limit": 20},
	},
	{
		name: "token", title: "Read a token", operation: "get-token", effect: reads,
		about: "Read one token: its state, display, clock, battery and faults.",
	},
	{
		name: "code", title: "Read a code", operation: "code", effect: reads, readOnly: true, waits: true,
		about: "Read the code that a token shows. The code stays valid for at least min_remaining: if the present one does not, " +
			"the call waits for the next one. No button is pressed, so a token with a button must show its code already.",
		hide: []string{"fresh"}, fixed: map[string]string{"read_only": "true"},
		usual: map[string]any{"min_remaining": "10s", "real_timeout": usualWait},
		words: map[string]string{
			"min_remaining": "how long the code must stay valid; 0s for any code", "real_timeout": waitWords["real_timeout"],
		},
	},
	{
		name: "code", title: "Get a code", operation: "code", effect: uses, waits: true,
		about: "Get a code of a token to type into a login page. The button is pressed if the display is off. The code stays " +
			"valid for at least min_remaining: if the present one does not, the call waits for the next one, or advances a " +
			"manual clock to it. Give fresh for each further login of a token, because a server accepts each code once.",
		hide: []string{"read_only"}, usual: map[string]any{"min_remaining": "10s", "real_timeout": usualWait},
		words: map[string]string{
			"min_remaining": "how long the code must stay valid; 0s for any code", "real_timeout": waitWords["real_timeout"],
			"fresh": "true for a code that no earlier call with fresh has returned",
		},
	},
	{
		name: "press", title: "Press the button", operation: "press", effect: uses,
		about: "Press the button of a token. A press while the display is on turns it off. Call code to get a code: it presses only if necessary.",
	},
	{
		name: "display", title: "Look at the display", operation: "display", effect: reads, picture: true, without: []string{"view"},
		about: "Look at the display of a token. The result has its text and a picture (PNG).",
	},
	{
		name: "events", title: "Read events", operation: "events", effect: reads,
		about: "Read the log of everything that happened in the fleet, 50 events a page. Give the field next of an answer as after_seq to get the following page.",
		usual: map[string]any{"limit": 50}, words: map[string]string{"limit": "events of a page", "kind": "only events of these kinds; capabilities lists them"},
	},
	{
		name: "wait", title: "Wait for a token", operation: "wait", effect: reads, waits: true,
		about: "Wait until a token has a display, a state or an event. All of them that are given must hold. The answer comes as soon as they do.",
		hide:  []string{"advance"}, usual: map[string]any{"real_timeout": usualWait}, words: waitWords,
	},
	{
		name: "time", title: "Read the clock", operation: "get-time", effect: reads,
		about: "Read the clock of the world, which all tokens share: its time, and whether it is manual, real or scaled.",
	},
	{
		name: "set_time", title: "Set the clock", operation: "set-time", effect: repeats,
		about: "Change how the clock of the world runs: manual, real or scaled, paused or not. The time does not jump when the mode changes.",
	},
	{
		name: "advance", title: "Advance the clock", operation: "advance", effect: changes,
		about: "Move the clock of the world forward. Give exactly one of by, to and until. Ten years take no longer than ten seconds. " +
			"A server under test that has a clock of its own does not follow: use age or skew for it.",
	},
	{
		name: "advance_until", title: "Advance the clock until a token is ready", operation: "wait", effect: changes, waits: true,
		about: "Advance a manual clock to the first instant at which a token has a display, a state or an event. All of them that are given must hold then.",
		fixed: map[string]string{"advance": "true"}, usual: map[string]any{"real_timeout": usualWait}, words: waitWords,
	},
	{
		name: "age", title: "Make a token older", operation: "age", effect: changes,
		about: "Make a token older: its clock drifts, its battery drains and its expiry date comes nearer. The clock of the world stays, " +
			"so this works with a server on real time. Call forecast first to see the effect.",
	},
	{
		name: "forecast", title: "Forecast an older token", operation: "forecast", effect: reads, without: []string{"view"},
		about: "Show how a token would be if it were older, without changing it. The field offset is the number of time steps by which its code would be off.",
	},
	{
		name: "skew", title: "Move a token's clock", operation: "skew", effect: uses,
		about: "Move the clock of one token forwards or backwards by a period with a sign. Its codes are then those of another time.",
	},
	{
		name: "battery", title: "Handle the battery", operation: "battery", effect: changes,
		about: "Remove, insert or replace the battery of a token. A token without a battery loses its time.",
	},
	{
		name: "faults", title: "Read faults", operation: "get-faults", effect: reads,
		about: "Read the faults of the display and the flash of a token.",
	},
	{
		name: "set_faults", title: "Break or mend a token", operation: "set-faults", effect: repeats,
		about: "Break or mend the display and the flash of a token. The given faults replace all that it has: call it without faults to mend the token.",
	},
	{
		name: "oracle", title: "Check a code", operation: "oracle", effect: reads,
		about: "Find the time step to which a code belongs, and whether a server with correct time would accept it. " +
			"Use it to explain why a login was refused.",
	},
	{
		name: "snapshots", title: "List snapshots", operation: "list-snapshots", effect: reads,
		about: "List the snapshots that the fleet keeps.",
	},
	{
		name: "take_snapshot", title: "Take a snapshot", operation: "take-snapshot", effect: changes,
		about: "Keep the state of tokens under a name. An older snapshot of that name is replaced.",
	},
	{
		name: "restore", title: "Restore a snapshot", operation: "restore", effect: changes,
		about: "Set the tokens of a snapshot back to it. The clock of the world does not go back.",
	},
	{
		name: "fork", title: "Fork a snapshot", operation: "fork", effect: uses,
		about: "Add a new token for each one in a snapshot, with the same serial number, seed and state. Only the hardware id differs.",
	},
	{
		name: "drop_snapshot", title: "Drop a snapshot", operation: "drop-snapshot", effect: repeats,
		about: "Remove a snapshot. The tokens stay as they are.",
	},
	{
		name: "capabilities", title: "Read capabilities", operation: "capabilities", effect: reads, without: []string{"world_seed"},
		about: "Read the models, states and kinds of events and faults that the fleet has.",
	},
}
