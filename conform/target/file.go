// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
)

// File is a target file.
type File struct {
	Name         string            `yaml:"name" doc:"name of the server in reports" required:"true"`
	Version      string            `yaml:"version" doc:"version of the server in reports; {{NAME}} is a value that setup saves"`
	URL          string            `yaml:"url" doc:"address before the paths of requests; https, or http on loopback, such as http://127.0.0.1:{{port}} for a program of start"`
	InsecureHTTP bool              `yaml:"insecure_http" doc:"allow http beyond loopback, such as between containers"`
	Headers      map[string]string `yaml:"headers" doc:"headers of all requests, also of those to other addresses and to the pages of users; a request leaves one out with the value \"\""`
	Basic        *Basic            `yaml:"basic" doc:"HTTP Basic authentication of all requests; one leaves it out with headers: {Authorization: \"\"}"`
	Needs        map[string]string `yaml:"needs" doc:"programs that must be installed, or patterns of the paths of files, with spaces between alternatives; each with the Debian package that has it, or a few words about its origin"`
	Secrets      map[string]string `yaml:"secrets" doc:"files with secrets of one line; {{NAME}} is replaced by the secret"`
	Declares     Declares          `yaml:"declares" doc:"the behaviour that the server's documentation or configuration declares; measured if omitted"`
	Limits       Limits            `yaml:"limits" doc:"limits of the test setup"`
	Setup        []SetupStep       `yaml:"setup" doc:"done once, before the first case"`

	Import     *Verb `yaml:"import" doc:"add a token and assign it to {{user}}, who is created if necessary" required:"true"`
	Assign     *Verb `yaml:"assign" doc:"assign the token to another user, {{user}}, too"`
	Check      *Verb `yaml:"check" doc:"submit {{code}} as {{user}}" required:"true"`
	CheckOther *Verb `yaml:"check_other" doc:"submit {{code}} as {{user}} through another interface of the server"`
	Resync     *Verb `yaml:"resync" doc:"submit {{code}} and {{second}}, to correct the offset of the token's clock"`
	Unlock     *Verb `yaml:"unlock" doc:"end the lockout of the token"`
	Revoke     *Verb `yaml:"revoke" doc:"put the token out of use"`
	Remove     *Verb `yaml:"remove" doc:"delete the token"`
	Status     *Verb `yaml:"status" doc:"read the state of the token"`
	Clock      *Verb `yaml:"clock" doc:"set the server's clock to {{unix}} or {{time}}; it then stands still"`
	Restart    *Verb `yaml:"restart" doc:"restart the server; state that is only in memory must be lost"`
	ImportFile *Verb `yaml:"import_file" doc:"import the seed file {{file_text}}, of {{file_format}}, and assign its token {{serial}} to {{user}}, in {{contract}} if it is not empty"`

	Contract *Verb `yaml:"contract" doc:"bank: add the contract {{contract}}"`
	User     *Verb `yaml:"user" doc:"bank: add {{user}} with the role {{role}} (master, admin, user) to {{contract}}"`
	Activate *Verb `yaml:"activate" doc:"bank: {{user}} registers the token {{serial}} with {{code}}"`
	Operate  *Verb `yaml:"operate" doc:"bank: {{user}} does {{operation}} with {{code}}, which may be empty"`
	UnlockAs *Verb `yaml:"unlock_as" doc:"bank: {{user}} unlocks the token {{serial}} with {{code}} of their own token"`
	RevokeAs *Verb `yaml:"revoke_as" doc:"bank: {{user}} revokes the token {{serial}} with {{code}} of their own token"`
	Report   *Verb `yaml:"report" doc:"bank: record the {{condition}} of the token {{serial}}: lost, broken or in use"`
	Order    *Verb `yaml:"order" doc:"bank: apply for a token of {{contract}} for a {{cause}}: first, additional, loss, theft, damage, fault or expiry; {{old}} is the token that it replaces, and {{returned}} is true if that is given back"`
	Replace  *Verb `yaml:"replace" doc:"bank: send the token {{serial}} to {{contract}} as the replacement of {{old}}, which expires"`
	Notices  *Verb `yaml:"notices" doc:"bank: read the notices about the expiry of the token {{serial}}"`
	Daily    *Verb `yaml:"daily" doc:"bank: run the daily job"`
	Audit    *Verb `yaml:"audit" doc:"bank: read the records about the token {{serial}}"`

	options Options
	drift   *time.Duration
	wait    *time.Duration // reactivate_after
	secrets values
	saved   []string // names of the values that steps save
}

// Declares is the declared behaviour; see [conform.Declared].
type Declares struct {
	Window         *int64 `yaml:"window" doc:"steps before and after the current one whose codes are accepted" min:"0" max:"1000"`
	Lockout        *int   `yaml:"lockout" doc:"wrong codes in a row that lock a token" min:"1" max:"1000"`
	Resync         *int64 `yaml:"resync" doc:"steps before and after the current one that resync searches" min:"1" max:"100000"`
	CountReplayed  *bool  `yaml:"count_replayed" doc:"used codes count as wrong ones"`
	CountMalformed *bool  `yaml:"count_malformed" doc:"entries that cannot be codes count as wrong ones"`
	DriftInterval  string `yaml:"drift_interval" doc:"time in which the stored offset moves by at most one step, such as 360h"`

	ReactivateAfter string `yaml:"reactivate_after" doc:"bank: time after a revocation before its user can activate another token, such as 30m"`
	NoticeMonths    *int   `yaml:"notice_months" doc:"bank: calendar months before expiry when the notice is sent" min:"1" max:"120"`
	Fee             *int64 `yaml:"fee" doc:"bank: yen for a token that is not free" min:"0"`
	UnlockNeedsCode *bool  `yaml:"unlock_needs_code" doc:"bank: a user who unlocks a token enters a code of their own one"`
}

// Limits are limits of the setup; see [conform.Limits].
type Limits struct {
	Tokens   int   `yaml:"tokens" doc:"tokens that the server holds at the same time; no limit by default" min:"1"`
	Period   int64 `yaml:"period" doc:"the only period of tokens in seconds that the server supports; the cases then use it in place of 60, except for C01 and C02" min:"1" max:"86400"`
	Parallel int   `yaml:"parallel" doc:"requests at the same time; no limit by default" min:"1" max:"10000"`
}

// SetupStep is a step before the first case. It may also start a program.
type SetupStep struct {
	Start *Program `yaml:"start" doc:"start a program that runs until the end of the run, such as the server; {{port}} is a free port of 127.0.0.1 for it"`
	Step  `yaml:",inline"`

	Accepted Match `yaml:"accepted" doc:"the answer if the step is done; by default a status of 2xx or 3xx, or exit code 0"`
}

// Step is one action, and values to keep of its answer.
type Step struct {
	HTTP    *Request        `yaml:"http" doc:"send a request"`
	Command *Command        `yaml:"command" doc:"run a program"`
	File    *TextFile       `yaml:"file" doc:"write or remove a file"`
	Radius  *Radius         `yaml:"radius" doc:"send an Access-Request to a RADIUS server"`
	PAM     *PAM            `yaml:"pam" doc:"log in with PAM, over pamtester"`
	Save    map[string]Read `yaml:"save" doc:"values of the answer; {{NAME}} is then replaced by the value"`
}

// Verb is a verb of a server: steps, the last of which has the answer.
type Verb struct {
	Fresh  bool   `yaml:"new_session" doc:"begin without cookies, like a new browser: for the login page of a web site, which a logged-in browser would skip"`
	Before []Step `yaml:"before" doc:"steps before this one, such as reading a form with a token against CSRF"`
	Step   `yaml:",inline"`
	After  []Step `yaml:"after" doc:"steps after this one, if it was accepted, such as assigning the token of a file. In restart, they wait until the server accepts connections, and their values are kept, such as the session of a new login"`
	Again  bool   `yaml:"start_again" doc:"in restart: stop the programs that setup has started, and start them again in the same order, with the same arguments and port"`

	Accepted Match `yaml:"accepted" doc:"the answer to a code that is accepted, or to a verb that is done; by default a status of 2xx, exit code 0, or an Access-Accept"`
	Refused  Match `yaml:"refused" doc:"the answer to a code or a verb that is refused; required by check with http or command"`
	NextCode Match `yaml:"next_code" doc:"the answer that asks for the next code"`
	Limited  Match `yaml:"limited" doc:"the answer if the code was not checked, because of too many requests; by default status 429, or a passing error of pam_wrapper"`

	Formats []string `yaml:"formats" doc:"in import_file: formats of seed files, such as pskc and oath-csv; pskc by default"`

	Locked Match `yaml:"locked" doc:"in status: the answer if the token is locked"`
	Failed Read  `yaml:"failed" doc:"in status: the number of wrong codes in a row"`
	Drift  Read  `yaml:"drift" doc:"in status: the stored offset of the token's clock"`
	Expiry Read  `yaml:"expiry" doc:"in status: the expiry date"`

	Paper Match  `yaml:"paper" doc:"in unlock_as and revoke_as: the answer if only an application on paper remains"`
	Fee   Read   `yaml:"fee" doc:"in order: the fee in yen"`
	Count string `yaml:"count" doc:"in notices: regular expression that matches once for each notice; placeholders stand for their text"`
}

// Request is an HTTP request. Placeholders are escaped as their place requires: in path, in
// form, and in a body with a JSON, form or XML content type.
type Request struct {
	Method  string            `yaml:"method" doc:"GET by default, or POST with a form or body"`
	Path    string            `yaml:"path" doc:"path and query after url, or a whole URL" required:"true"`
	Headers map[string]string `yaml:"headers" doc:"headers in addition to those of the file, or in place of them; one with the value \"\" is left out"`
	Basic   *Basic            `yaml:"basic" doc:"HTTP Basic authentication"`
	Form    map[string]string `yaml:"form" doc:"fields of a form"`
	Upload  map[string]string `yaml:"upload" doc:"fields of a multipart form; empty ones are left out. A name that ends in @ is a file"`
	Body    string            `yaml:"body" doc:"body; the header Content-Type decides how placeholders are escaped, application/json by default"`
}

// Basic is the name and password of HTTP Basic authentication (RFC 7617).
type Basic struct {
	User     string `yaml:"user" doc:"name, without a colon" required:"true"`
	Password string `yaml:"password" doc:"{{NAME}} of secrets" required:"true"`
}

// Command is a program. It gets no terminal, and secrets only over stdin.
type Command struct {
	Argv               []string          `yaml:"argv" doc:"program and arguments" required:"true"`
	Stdin              string            `yaml:"stdin" doc:"standard input"`
	Env                map[string]string `yaml:"env" doc:"variables in addition to the environment"`
	Dir                string            `yaml:"dir" doc:"working folder; by default the one in which fob runs"`
	SecretsInArguments bool              `yaml:"secrets_in_arguments" doc:"allow seeds, codes and secrets in argv, for programs without another way: all users of the machine can read them"`

	limit time.Duration // until it must have ended; 0: requestTimeout
}

// Program is a program that runs beside the cases. It and the processes that it starts are
// ended with the run.
type Program struct {
	Command `yaml:",inline"`
	Ready   Ready `yaml:"ready" doc:"how it shows that it is ready; by default it is ready at once"`
}

// Ready describes when a program is ready: one of line, http and tcp.
type Ready struct {
	Line    string `yaml:"line" doc:"regular expression for a line of its output"`
	HTTP    string `yaml:"http" doc:"URL that it answers, with a status below 500"`
	TCP     string `yaml:"tcp" doc:"HOST:PORT where it accepts connections"`
	Timeout string `yaml:"timeout" doc:"time until it must be ready; 2m by default"`

	line    *regexp.Regexp
	timeout time.Duration
}

// Radius is an Access-Request with PAP and a Message-Authenticator. If it follows a challenge
// in the same verb, it has the challenge's State.
type Radius struct {
	Address    string            `yaml:"address" doc:"HOST:PORT of the server" required:"true"`
	Secret     string            `yaml:"secret" doc:"the shared secret: {{NAME}} of secrets, or {{random}}" required:"true"`
	Attributes map[string]string `yaml:"attributes" doc:"attributes by name, such as NAS-Identifier; User-Name is {{user}} and User-Password {{code}} by default"`
	Retry      string            `yaml:"retry" doc:"time after which the same packet is sent again if no answer has come; 3s by default"`

	retry time.Duration
}

// PAM is a login over PAM.
type PAM struct {
	Service string   `yaml:"service" doc:"name of a service in /etc/pam.d"`
	Rules   string   `yaml:"rules" doc:"instead of service: the lines of a service that is only for the run. pam_wrapper reads them, so neither root nor /etc/pam.d is needed"`
	User    string   `yaml:"user" doc:"name of the user; {{user}} by default"`
	Entries []string `yaml:"entries" doc:"what the user enters at each prompt; only {{code}} by default"`
}

// TextFile is a file that only its owner can read.
type TextFile struct {
	Path   string `yaml:"path" doc:"path; {{dir}} is a temporary folder of the run" required:"true"`
	Text   string `yaml:"text" doc:"contents"`
	From   string `yaml:"from" doc:"file that has the contents, instead of text; placeholders in it are not replaced"`
	Remove bool   `yaml:"remove" doc:"remove the file"`

	from []byte // contents of From
}

// Match describes answers: all that is given must match. The zero value matches none.
type Match struct {
	Status int               `yaml:"status" doc:"HTTP status" min:"100" max:"599"`
	Body   string            `yaml:"body" doc:"regular expression for the body, the output of a program, or the Reply-Message of a RADIUS server"`
	JSON   map[string]string `yaml:"json" doc:"values by JSON pointer, such as /result/value: \"true\""`
	Exit   *int              `yaml:"exit" doc:"exit code"`
	Packet string            `yaml:"packet" doc:"answer of a RADIUS server" values:"accept,reject,challenge"`

	re *regexp.Regexp
}

// Read describes a value in an answer.
type Read struct {
	JSON   string `yaml:"json" doc:"JSON pointer"`
	Body   string `yaml:"body" doc:"regular expression for the body; its first group is the value"`
	Header string `yaml:"header" doc:"name of a header"`
	Cookie string `yaml:"cookie" doc:"name of a cookie that the answer sets"`
	Unit   string `yaml:"unit" doc:"of drift: steps by default" values:"steps,seconds"`

	re *regexp.Regexp
}

// Options are the options of [Parse].
type Options struct {
	// Secret reads the file of a secret. It is nil if the file must have none.
	Secret func(path string) ([]byte, error)
	// Read reads the file of a field from. It is nil if the file must have none.
	Read func(path string) ([]byte, error)
	// URL replaces the url of the file, such as the one of a preset.
	URL string
	// Timeout is how long a request waits for its answer; 0 means 30 s.
	Timeout time.Duration
}

// ErrMissing is the error of a target that needs programs that are not installed.
var ErrMissing = errclass.New(errclass.Unsupported, "not installed")

// ErrFile is the error of a target file that cannot be used.
var ErrFile = conform.ErrTarget

// Parse parses a target file. Unknown fields are errors. The error wraps [ErrFile].
func Parse(text []byte, o Options) (*File, error) {
	o.Timeout = cmp.Or(o.Timeout, requestTimeout)
	f := &File{options: o, secrets: values{}}
	if _, err := yamlfile.DecodeInRange(text, f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if o.URL != "" {
		if f.URL == "" {
			return nil, fmt.Errorf("%w: its requests have no url to replace", ErrFile)
		}
		f.URL = o.URL
	}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return f, nil
}

// Schema returns the JSON Schema of a target file, for editors.
func Schema() ([]byte, error) {
	return yamlfile.Schema("A target of fob conform", File{}, yamlfile.Options{Shared: []reflect.Type{
		reflect.TypeFor[Verb](), reflect.TypeFor[Step](), reflect.TypeFor[Request](), reflect.TypeFor[Basic](), reflect.TypeFor[Command](),
		reflect.TypeFor[TextFile](), reflect.TypeFor[Match](), reflect.TypeFor[Read](),
	}})
}

// verbs returns the verbs of the file by name.
func (f *File) verbs() map[conform.Verb]*Verb {
	return map[conform.Verb]*Verb{
		conform.VerbImport: f.Import, conform.VerbAssign: f.Assign, conform.VerbCheck: f.Check, conform.VerbCheckOther: f.CheckOther,
		conform.VerbResync: f.Resync, conform.VerbUnlock: f.Unlock, conform.VerbRevoke: f.Revoke, conform.VerbRemove: f.Remove,
		conform.VerbStatus: f.Status, conform.VerbClock: f.Clock, conform.VerbRestart: f.Restart, conform.VerbImportFile: f.ImportFile,
		conform.VerbContract: f.Contract, conform.VerbUser: f.User, conform.VerbActivate: f.Activate, conform.VerbOperate: f.Operate,
		conform.VerbUnlockAs: f.UnlockAs, conform.VerbRevokeAs: f.RevokeAs, conform.VerbReport: f.Report, conform.VerbOrder: f.Order,
		conform.VerbReplace: f.Replace, conform.VerbNotices: f.Notices, conform.VerbDaily: f.Daily, conform.VerbAudit: f.Audit,
	}
}
