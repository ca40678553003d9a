// SPDX-License-Identifier: Apache-2.0

package ui

// Field is a field of a form, for template "field".
type Field struct {
	Name         string
	Label        string
	Hint         string
	Error        string // "" if the input is valid
	Type         string // of an input element, or "select" or "textarea"
	Value        string // of a checkbox, "" means that it is not checked
	Secret       bool   // Value is not written into the page
	Options      []Option
	Suggest      string // path from which htmx requests options while the user types
	Optional     bool
	Fixed        bool   // shown, but cannot be changed
	Digits       bool   // shown large
	Verbatim     bool   // no spelling corrections, no capitals
	Autocomplete string // attributes
	Inputmode    string
	MaxLength    int
	Picture      *Picture // shows the place of the input, for example on a device
}

// ID returns the ID of the input element.
func (f Field) ID() string { return "f-" + f.Name }

// Option is a choice of a select element, or a suggestion for an input element.
type Option struct{ Value, Text string }

// Problems is a summary of the errors of a form, for template "problems". It comes
// before the form.
type Problems struct {
	Fields []Field // with errors
	Text   string  // if the problem belongs to no field
	Detail string
}

// Pager links to the neighbours of a part of a list, for template "pager". A path is ""
// if there is none.
type Pager struct{ Prev, Next string }

// Fact is a line of template "facts".
type Fact struct{ Label, Text string }

// Picture is a picture with its caption, for template "picture". The caption may add
// to the alternative text, but not repeat it.
type Picture struct {
	Asset         string // name
	Width, Height int    // in pixels, for the space until it is loaded
	Alt           string
	Caption       string
}

// Table is the data of template "table". On a narrow screen each row becomes a card.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]Cell // one cell for each column
	Tight   bool     // more columns fit
}

// Column is a column of a table. Its class gives its kind of content: "id", "serial",
// "date", "time" and "number" stay on one line, "word" breaks between words, "any"
// breaks anywhere.
type Column struct{ Text, Class string }

// Cell is a cell of a table.
type Cell struct {
	Text  string // "" is shown as a dash
	Path  string // of a link
	Tag   Tone   // shows the text as a tag
	Small string // after the text
}

// Tone is the colour of a tag. It only supports the text.
type Tone string

// The tones.
const (
	Good  Tone = "good"
	Bad   Tone = "bad"
	Warn  Tone = "warn"
	Info  Tone = "info"
	Quiet Tone = "quiet"
)

// Progress is a bar with its label, for template "progress". Text gives the progress in
// words, such as "312 of 500".
type Progress struct {
	ID, Label, Text string
	Value, Max      int
}

// Tile is a large panel that is readable from across the room, for templates "tile" and
// "tiles". Each state differs in colour, edge and symbol.
type Tile struct {
	ID       string
	Name     string // "Port 3"
	Title    string // shown when the pointer is on the name; "" for none
	State    TileState
	Word     string // the state in the page's language: "WAIT"
	Subject  string // large, such as a serial number
	Text     string // the current step, or the reason of a failure
	Advice   string // the task of the reader
	Due      string // a task that keeps the tile from being used again
	Button   *TileButton
	Progress *Progress
}

// TileButton is a button on a tile, whose effect is a matter of the site's script.
type TileButton struct{ Name, Value, Text string }

// TileState is the state of a tile.
type TileState string

// The states of tiles.
const (
	TileOff     TileState = "off"  // not in use
	TileWait    TileState = "wait" // a device may be inserted
	TileWorking TileState = "working"
	TilePass    TileState = "pass"
	TileFail    TileState = "fail"
	TileKnown   TileState = "known" // the device was finished before
)

// Dialog asks for the confirmation of an action, for template "dialog". A button with
// the attribute data-dialog opens it; its value is the ID. Browsers without scripts
// cannot open it, and need a page instead.
type Dialog struct {
	ID, Title string
	Text      []string
	Action    string // path that receives the form
	FormToken string
	Hidden    map[string]string // further fields
	Submit    string            // text of the button
	Danger    bool              // the action cannot be undone
}
