// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

const secretMode = 0o600

// Correct is the folder of the correct files.
const Correct = "correct"

// Write writes the file with a function, and beside it the files NAME.key with the
// pre-shared key in hexadecimal and NAME.password. The correct file with its tokens, if it
// has one, is written to the folder [Correct] in the same way.
func (f *File) Write(write func(name string, text []byte, mode fs.FileMode) error) error {
	err := f.write("", write)
	if err == nil && f.Right != nil {
		err = f.Right.write(Correct+"/", write)
	}
	return err
}

func (f *File) write(folder string, write func(string, []byte, fs.FileMode) error) error {
	err := write(folder+f.Name, f.Text, secretMode)
	if err == nil && f.Key != nil {
		err = write(folder+f.keyFile(), []byte(hex.EncodeToString(f.Key)+"\n"), secretMode)
	}
	if err == nil && f.Password != "" {
		err = write(folder+f.passwordFile(), []byte(f.Password+"\n"), secretMode)
	}
	return err
}

func (f *File) keyFile() string      { return f.Name + ".key" }
func (f *File) passwordFile() string { return f.Name + ".password" }

// Enter describes the entries that the file needs.
func (f *File) Enter() (texts []string) {
	if f.Key != nil {
		texts = append(texts, "the key in "+f.keyFile())
	}
	if f.Password != "" {
		texts = append(texts, "the password in "+f.passwordFile())
	}
	if f.Period != 0 {
		texts = append(texts, fmt.Sprintf("a time step of %d s", f.Period))
	}
	return texts
}

// entry is a file in the manifest.
type entry struct {
	ID           string       `json:"id"`
	File         string       `json:"file"`
	Correct      string       `json:"correct_file,omitempty"`
	Format       string       `json:"format"`
	KeyFile      string       `json:"key_file,omitempty"`
	PasswordFile string       `json:"password_file,omitempty"`
	Period       int64        `json:"enter_period,omitempty"` // seconds
	Verdict      Verdict      `json:"importer_must"`
	Must         bool         `json:"required_by_standard"`
	Requirement  string       `json:"requirement"`
	Why          string       `json:"why"`
	Source       string       `json:"source"`
	Tokens       []entryToken `json:"tokens"`
}

// entryToken is a token in the manifest. It has no seed.
type entryToken struct {
	Serial    string     `json:"serial"`
	Algorithm string     `json:"algorithm"`
	Digits    uint8      `json:"digits"`
	Period    int64      `json:"period"`
	Drift     int64      `json:"drift_steps"`
	Start     *time.Time `json:"start,omitempty"`
	Expiry    *time.Time `json:"expiry,omitempty"`
}

// Manifest describes files in JSON: the required result of each, and its tokens.
func Manifest(number uint64, files []File) ([]byte, error) {
	list := []entry{}
	for i := range files {
		f := &files[i]
		e := entry{
			ID: f.ID, File: f.Name, Format: f.Format, Period: f.Period, Verdict: f.Verdict, Must: f.Must,
			Requirement: f.Requirement, Why: f.Why, Source: f.Source,
		}
		if f.Key != nil {
			e.KeyFile = f.keyFile()
		}
		if f.Password != "" {
			e.PasswordFile = f.passwordFile()
		}
		if f.Right != nil {
			e.Correct = Correct + "/" + f.Name
		}
		for _, t := range f.Tokens {
			e.Tokens = append(e.Tokens, entryToken{
				Serial: t.Serial, Algorithm: t.Algorithm.String(), Digits: t.Digits, Period: t.Period, Drift: t.Drift,
				Start: given(t.Start), Expiry: given(t.Expiry),
			})
		}
		list = append(list, e)
	}
	text, err := json.MarshalIndent(struct {
		Seed  uint64  `json:"run_seed"`
		Files []entry `json:"files"`
	}{number, list}, "", "  ")
	return append(text, '\n'), err
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Page describes files in Markdown, for people who try them by hand.
func Page(number uint64, files []File) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Seed files to test an importer

These files were made by fob conform import --seed %d. The seeds are not secret: anyone can
make them from this number. Use the files only with a test system.

For each file, enter the key, password or time step that the table names, and import the file.

- **import**: the tokens must then be in the server, as manifest.json describes them. Their
  codes must be accepted.
- **refuse**: the server must refuse the file, and none of its tokens may be in the server.
  The file of the same name in the folder correct has some of its tokens, and must be imported
  afterwards. Otherwise the server has refused the file for another reason. If the requirement
  says "unless", the server may also import the file, and must then refuse the code alone.
- **either**: the server may refuse the file. If it imports the file, the tokens must be as
  manifest.json describes them.

| file | an importer must | to enter | requirement | source |
|---|---|---|---|---|
`, number)
	escape := strings.NewReplacer("|", `\|`)
	for i := range files {
		f := &files[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Name, f.Verdict, strings.Join(f.Enter(), ", "), escape.Replace(f.Requirement), escape.Replace(f.Source))
	}
	return b.String()
}
