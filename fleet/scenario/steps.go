// SPDX-License-Identifier: Apache-2.0

package scenario

// steps has one field for each verb. Exactly one is set in each step of a file.
type steps struct {
	New           *newStep     `yaml:"new" doc:"make tokens; it has the fields of a lot"`
	Advance       *advance     `yaml:"advance" doc:"move the world's clock forward"`
	Age           *age         `yaml:"age" doc:"make a token older while the world's clock stays"`
	Skew          *skew        `yaml:"skew" doc:"move a token's clock"`
	Temperature   *temperature `yaml:"temperature" doc:"change the temperature around a token"`
	Battery       *battery     `yaml:"battery" doc:"remove, insert or replace the battery"`
	Press         *press       `yaml:"press" doc:"press the button"`
	ExpectDisplay *display     `yaml:"expect-display" doc:"compare the text of the display and the token's state"`
	ExpectCode    *code        `yaml:"expect-code" doc:"read the code, which becomes ${code}, and compare it with the world's time"`
	Wait          *wait        `yaml:"wait" doc:"wait for a display, a state or an event; moves a manual clock"`
	Attach        *attach      `yaml:"attach" doc:"open a serial port for a token"`
	Send          *send        `yaml:"send" doc:"send bytes to a port"`
	ExpectLine    *expectLine  `yaml:"expect-line" doc:"read lines from a port until one matches"`
	Fault         *fault       `yaml:"fault" doc:"arm faults of a token or of the line of a port, or clear them"`
	Unplug        *unplug      `yaml:"unplug" doc:"pull the cable out, at once or after some bytes"`
	Replug        *replug      `yaml:"replug" doc:"plug the cable in again"`
	Snapshot      *snapshot    `yaml:"snapshot" doc:"keep the state of tokens under a name"`
	Restore       *restore     `yaml:"restore" doc:"reset tokens to a snapshot"`
	Export        *export      `yaml:"export" doc:"write a seed file of all tokens for the server under test; needs --allow-seed-export"`
	HTTP          *httpStep    `yaml:"http" doc:"send a request to the server under test"`
	Exec          *execStep    `yaml:"exec" doc:"run a command, with the variables in its environment"`
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
