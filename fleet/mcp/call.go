// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// call performs a call of the tool. The result of a call that fails has the error.
func (b *bound) call(ctx context.Context, c *control.Client, r *sdk.CallToolRequest, o Options) *sdk.CallToolResult {
	path, body, err := b.request(r.Params.Arguments)
	var fields map[string]json.RawMessage
	if err == nil {
		var out any
		if b.output != nil {
			out = &fields
		}
		stop := b.report(ctx, r, cmp.Or(o.Progress, 5*time.Second))
		err = c.Do(ctx, b.method, path, body, out)
		stop()
	}
	var result *sdk.CallToolResult
	if err == nil {
		result, err = b.result(fields)
	}
	if err != nil {
		return &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: b.explain(err, o)}}}
	}
	return result
}

// request returns the path and the body of the request for a call. The body is nil if the
// operation has none.
func (b *bound) request(arguments json.RawMessage) (path string, body any, err error) {
	var args map[string]json.RawMessage
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &args); err != nil {
			return "", nil, errors.New("the arguments are not a JSON object")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if b.places[name] == "" {
			return "", nil, fmt.Errorf("%s: there is no such argument: %s", name, b.arguments())
		}
	}
	maps.DeleteFunc(args, func(name string, value json.RawMessage) bool { // agents send null for an argument that they leave out
		return b.places[name] != inBody && string(value) == "null"
	})
	for _, name := range b.required {
		if len(args[name]) == 0 {
			return "", nil, fmt.Errorf("%s: it is missing: %v", name, b.properties[name].(schema)["description"])
		}
	}
	path = b.path
	query := url.Values{}
	fields := map[string]json.RawMessage{}
	for name, value := range b.fixed {
		query.Set(name, value)
	}
	for name, value := range b.usual {
		query.Set(name, fmt.Sprint(value))
	}
	for name, value := range args {
		if b.places[name] == inBody {
			fields[name] = value
			continue
		}
		text, err := plain(value)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		if b.places[name] == inQuery {
			query.Set(name, text)
			continue
		}
		if text == "" || text == "." || text == ".." { // parts that a path would lose
			return "", nil, fmt.Errorf("%s: %q is not a name", name, text)
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(text))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if b.RequestBody == nil {
		return path, nil, nil
	}
	return path, fields, nil
}

// arguments lists the names of the arguments.
func (b *bound) arguments() string {
	switch names := slices.Sorted(maps.Keys(b.places)); len(names) {
	case 0:
		return b.name + " has none"
	case 1:
		return b.name + " has only " + names[0]
	default:
		return b.name + " has " + strings.Join(names, ", ")
	}
}

// plain returns an argument as it is written in a path or a query.
func plain(value json.RawMessage) (string, error) {
	switch value[0] {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	case '[':
		var list []string
		if err := json.Unmarshal(value, &list); err != nil {
			return "", errors.New("want a list of text")
		}
		return strings.Join(list, ","), nil
	case '{':
		return "", errors.New("want text, not an object")
	}
	return string(value), nil // a number, true or false
}

// result returns the result of a call for an answer of the API.
func (b *bound) result(fields map[string]json.RawMessage) (*sdk.CallToolResult, error) {
	if b.output == nil {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "done"}}}, nil
	}
	required, _ := b.output["required"].([]any)
	for _, name := range required {
		if len(fields[name.(string)]) == 0 {
			return nil, fmt.Errorf("%w: not the answer of a fleet: it has no field %s", control.ErrUnreachable, name)
		}
	}
	var picture []byte
	if b.picture { // from the same answer as the text, so both show one instant
		var view virtual.View
		if err := json.Unmarshal(fields["view"], &view); err != nil {
			return nil, fmt.Errorf("%w: not the display of a token: %w", control.ErrUnreachable, err)
		}
		var err error
		if picture, err = view.PNG(virtual.Picture{Bezel: true}); err != nil {
			return nil, err
		}
	}
	for _, name := range b.without {
		delete(fields, name)
	}
	structured, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	result := &sdk.CallToolResult{
		StructuredContent: json.RawMessage(structured),
		Content:           []sdk.Content{&sdk.TextContent{Text: string(structured)}},
	}
	if picture != nil {
		result.Content = append(result.Content, &sdk.ImageContent{Data: picture, MIMEType: "image/png"})
	}
	return result, nil
}

// report sends the progress of a call that waits, if the agent has asked for it, until
// stop is called. An agent that hears nothing would give up.
func (b *bound) report(ctx context.Context, r *sdk.CallToolRequest, every time.Duration) (stop func()) {
	token := r.Params.GetProgressToken()
	if !b.waits || token == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		begin := time.Now()
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			_ = r.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{
				ProgressToken: token, Progress: time.Since(begin).Seconds(), Message: "the fleet has not answered yet",
			})
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// explain returns the text of an error, with the code of the problem and with the next
// action that helps.
func (b *bound) explain(err error, o Options) string {
	var refused *control.RefusedError
	if !errors.As(err, &refused) {
		return err.Error()
	}
	text := refused.Detail + " (" + refused.Code + ")"
	if next := b.remedy(refused.Code, o); next != "" {
		text += ": " + next
	}
	return text
}

// remedy returns the action that helps after a problem with a code, "" if the detail of
// the problem has it.
func (b *bound) remedy(code string, o Options) string {
	const allow = "the person who runs fob mcp can give --allow-changes, which offers tools that change the fleet"
	switch code {
	case "not_found":
		if b.places["token"] == "" && b.places["name"] != "" {
			return "call snapshots for their names"
		}
		return "call list for the names of the tokens"
	case "no_code":
		if !o.AllowChanges {
			return "a token with a button shows a code only after a press: " + allow
		}
		return "call token to see why"
	case "clock_stopped", "no_event":
		if !o.AllowChanges {
			return allow
		}
		return "call set_time to change how the clock runs, or advance"
	case "real_timeout":
		const again = "call the tool again to go on waiting, "
		if !o.AllowChanges {
			return again + "unless the clock is manual: then it stands still, and " + allow
		}
		return again + "or advance_until to move a manual clock"
	case "ended":
		return "start fob run again"
	}
	return ""
}
