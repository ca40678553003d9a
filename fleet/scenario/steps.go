// SPDX-License-Identifier: Apache-2.0

package scenario

// steps has one field for each verb. Exactly one is set in each step of a file.
type steps struct {
	New           *newStep     `yaml:"new" doc:"make tokens; it has the fields of a lot" example:"{name: alice, ready: true, crystal: c200, age: P1Y, age_to: P3Y}"`
	Advance       *advance     `yaml:"advance" doc:"move the world's clock forward" example:"{by: P6M}"`
	Age           *age         `yaml:"age" doc:"make a token older while the world's clock stays" example:"{token: alice, by: P3Y, celsius: 10}"`
	Skew          *skew        `yaml:"skew" doc:"move a token's clock" example:"{token: alice, by: -95s}"`
	Temperature   *temperature `yaml:"temperature" doc:"change the temperature around a token" example:"{celsius: -10}"`
	Battery       *battery     `yaml:"battery" doc:"remove, insert or replace the battery" example:"{token: alice, do: replace}"`
	Press         *press       `yaml:"press" doc:"press the button" example:"{hold: 6s}"`
	ExpectDisplay *display     `yaml:"expect-display" doc:"compare the text of the display and the token's state" example:"{state: LOCKED, text: '\\d{6}'}"`
	ExpectCode    *code        `yaml:"expect-code" doc:"read the code, which becomes ${code}, and compare it with the world's time" example:"{token: alice, window: 2, passes: true}"`
	Wait          *wait        `yaml:"wait" doc:"wait for a display, a state or an event; moves a manual clock" example:"{event: power-lost, within: P12Y}"`
	Attach        *attach      `yaml:"attach" doc:"open a serial port for a token" example:"{name: rig, as: tcp}"`
	Send          *send        `yaml:"send" doc:"send bytes to a port" example:"{port: rig, line: hello}"`
	ExpectLine    *expectLine  `yaml:"expect-line" doc:"read lines from a port until one matches" example:"{port: rig, match: 'battery=(?P<level>.+)'}"`
	Fault         *fault       `yaml:"fault" doc:"arm faults of a token or of the line of a port, or clear them" example:"{token: alice, dead: [d0.g], power_cut_at: 3}"`
	Unplug        *unplug      `yaml:"unplug" doc:"pull the cable out, at once or after some bytes" example:"{port: rig, after_bytes: 300}"`
	Replug        *replug      `yaml:"replug" doc:"plug the cable in again" example:"{port: rig}"`
	Snapshot      *snapshot    `yaml:"snapshot" doc:"keep the state of tokens under a name" example:"{name: before, tokens: [alice]}"`
	Restore       *restore     `yaml:"restore" doc:"reset tokens to a snapshot" example:"{name: before}"`
	Export        *export      `yaml:"export" doc:"write a seed file of all tokens for the server under test; needs --allow-seed-export" example:"{file: tokens.xml, format: pskc}"`
	HTTP          *httpStep    `yaml:"http" doc:"send a request to the server under test" example:"{url: 'http://127.0.0.1:8081/login', body: 'code=${code}', status: 200}"`
	Exec          *execStep    `yaml:"exec" doc:"run a command, with the variables in its environment" example:"{run: [sh, -c, 'echo $FOB_CODE'], stdout: '^[0-9]{6}'}"`
}

// FieldsAre returns the word for the fields in the errors of a file.
func (steps) FieldsAre() string { return "step" }

// onToken names the token of a step.
type onToken struct {
	Token string `yaml:"token" doc:"name of the token: from new, or a serial number or hardware id; the newest by default"`
}

// onPort names the port of a step.
type onPort struct {
	Port string `yaml:"port" doc:"name of the port, from attach; the newest by default"`
}
