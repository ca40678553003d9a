// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

type orderInput struct {
	Body struct {
		Contract string `json:"contract" maxLength:"32"`
		Cause    string `json:"cause" enum:"first,additional,loss,theft,damage,fault,expiry" doc:"reason for the order; fault: the token failed without damage"`
		Kind     string `json:"kind,omitempty" enum:"hardware,software" default:"hardware"`
		Returned bool   `json:"returned,omitempty" doc:"the old token is returned (BK-10)"`
		Old      string `json:"old,omitempty" maxLength:"64" doc:"serial number of the token that it replaces"`
		Address  string `json:"address,omitempty" maxLength:"200" doc:"omit it, or give the address of the contract (BK-11)"`
	}
}

type orderView struct {
	ID       string `json:"id"`
	Contract string `json:"contract"`
	Cause    string `json:"cause"`
	Returned bool   `json:"returned"`
	Old      string `json:"old,omitempty"`
	New      string `json:"new,omitempty" doc:"the token that was sent"`
	Fee      int64  `json:"fee_yen" doc:"tax included"`
	Rule     string `json:"rule" doc:"rule that determines the fee"`
	Status   string `json:"status" enum:"open,shipped,cancelled"`
	Address  string `json:"address"`
	Applied  string `json:"applied" format:"date"`
	From     string `json:"from,omitempty" format:"date" doc:"first day of the expected delivery"`
	To       string `json:"to,omitempty" format:"date" doc:"last day of the expected delivery"`
	By       string `json:"by" doc:"the clerk, or the daily job"`
}

func viewOrder(o bank.Order) orderView {
	return orderView{
		ID: o.ID, Contract: o.Contract, Cause: o.Cause.String(), Returned: o.Returned,
		Old: o.Old.String(), New: o.New.String(), Fee: int64(o.Fee), Rule: o.Rule.String(), Status: o.Status.String(),
		Address: o.Address, Applied: day(o.Applied), From: day(o.From), To: day(o.To), By: o.By,
	}
}

// day formats a date, or returns "" for the zero date.
func day(e token.Expiry) string {
	if e.IsZero() {
		return ""
	}
	return e.String()
}

type orderAnswer struct {
	Outcome
	Order *orderView `json:"order,omitempty"`
}

// OrderPath is the path parameter for an order.
type OrderPath struct {
	Order string `path:"order" maxLength:"64"`
}

type shipInput struct {
	OrderPath
	Body struct {
		Serial string `json:"serial" minLength:"1" maxLength:"64" doc:"serial number of a token in the inventory"`
	}
}

type ordersInput struct {
	Contract string `query:"contract" maxLength:"32"`
	Open     bool   `query:"open" doc:"only open orders"`
	Paging
}

func (s *server) orders() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/orders", id: "makeOrder", role: clerkRole,
		summary: "Order a token that was applied for on paper",
		more:    "201 if the order was created; 200 if a rule refused it.",
		change:  alsoCreated[orderAnswer](s),
	}, func(ctx context.Context, req *request, in *orderInput) (*statusBody[orderAnswer], error) {
		if err := checkText("body.contract", in.Body.Contract); err != nil {
			return nil, err
		}
		old, err := serial("body.old", in.Body.Old)
		if err != nil {
			return nil, err
		}
		o, out, err := s.bank.Order(ctx, req.by(), bank.NewOrder{
			Contract: in.Body.Contract, Cause: validator.ParseCause(in.Body.Cause),
			Kind:     parseName(in.Body.Kind, validator.Hardware, validator.Software),
			Returned: in.Body.Returned, Old: old, Address: in.Body.Address,
		})
		if err != nil {
			return nil, err
		}
		var a statusBody[orderAnswer]
		a.Body.Outcome, a.Status = s.viewCreated(req, out)
		if out.Done {
			v := viewOrder(o)
			a.Body.Order = &v
		}
		return &a, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/orders", id: "listOrders", role: userRole | clerkRole,
		summary: "List orders",
	}, func(ctx context.Context, req *request, in *ordersInput) (*body[listOf[orderView]], error) {
		contract, err := s.contractOf(ctx, req, in.Contract)
		if err != nil {
			return nil, err
		}
		return pageOf(viewOrder)(s.bank.Orders(ctx, req.by(), contract, in.Open, bank.Page{After: in.After, Limit: in.Limit}))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/orders/{order}/shipment", id: "shipOrder", role: clerkRole,
		summary: "Ship a token from the inventory for an order",
	}, func(ctx context.Context, req *request, in *shipInput) (*body[orderView], error) {
		sn, err := serial("body.serial", in.Body.Serial)
		if err != nil {
			return nil, err
		}
		return answerOf(viewOrder)(s.bank.Ship(ctx, req.by(), in.Order, sn))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/orders/{order}/cancellation", id: "cancelOrder", role: clerkRole,
		summary: "Cancel an order",
	}, func(ctx context.Context, req *request, in *OrderPath) (*body[orderView], error) {
		return answerOf(viewOrder)(s.bank.CancelOrder(ctx, req.by(), in.Order))
	})
}
