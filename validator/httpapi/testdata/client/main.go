// SPDX-License-Identifier: Apache-2.0

// Command client uses the bank through a client that oapi-codegen generated from the
// bank's description. It reads its input as JSON from standard input and prints the
// bank's answers in order.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"client/api"
)

type input struct {
	URL, Check, Clerk    string
	Serial, Code, Wrong  string
	User, Password       string
	Contract, Name, Mail string
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	as := func(secret string) (*api.ClientWithResponses, error) {
		return api.NewClientWithResponses(in.URL, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+secret)
			return nil
		}))
	}

	// The back office adds a contract and lists tokens.
	clerk, err := as(in.Clerk)
	if err != nil {
		return err
	}
	made, err := clerk.AddContractWithResponse(ctx, api.AddContractJSONRequestBody{
		Id: in.Contract, Name: in.Name, Address: "Tokyo", Email: in.Mail,
	})
	if err != nil {
		return err
	}
	fmt.Println("contract", made.StatusCode(), made.JSON201.Id, made.JSON201.HadFree)
	tokens, err := clerk.ListTokensWithResponse(ctx, nil)
	if err != nil {
		return err
	}
	for _, t := range tokens.JSON200.Items {
		fmt.Println("token", t.Serial, *t.Expiry, t.Digits)
	}
	none, err := clerk.GetContractWithResponse(ctx, "none")
	if err != nil {
		return err
	}
	fmt.Println("no contract", none.StatusCode(), *none.ApplicationproblemJSON404.Status)

	// Another system checks codes.
	check, err := as(in.Check)
	if err != nil {
		return err
	}
	for _, code := range []string{in.Wrong, in.Code, in.Code} {
		answer, err := check.CheckWithResponse(ctx, api.CheckJSONRequestBody{Serial: &in.Serial, Code: code})
		if err != nil {
			return err
		}
		fmt.Println("check", answer.StatusCode(), answer.JSON200.Done, *answer.JSON200.Answer)
	}

	// A user logs in, first with a wrong password.
	nobody, err := as("")
	if err != nil {
		return err
	}
	for _, password := range []string{"not " + in.Password, in.Password} {
		login, err := nobody.LogInWithResponse(ctx, api.LogInJSONRequestBody{User: &in.User, Password: password})
		if err != nil {
			return err
		}
		if login.JSON201 == nil {
			fmt.Println("login", login.StatusCode(), *login.ApplicationproblemJSON401.Title)
			continue
		}
		fmt.Println("login", login.StatusCode(), *login.JSON201.User, !login.JSON201.Ends.Before(login.JSON201.Started))
	}
	return nil
}
