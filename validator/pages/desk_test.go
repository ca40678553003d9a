// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

func TestDeskContractAndUsers(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("desk-1")
	a := b.fill("/desk/contracts/add", "id", "new-1", "name", "新しい会社", "address", "大阪市北区1-1", "email", "x@example.com")
	b.follow(a).shows(t, "contract.add.done", "contract.no-users")
	b.fill("/desk/contracts/add", "id", "new-1", "name", "x", "address", "y", "email", "x@example.com").shows(t, "problem.taken")
	b.fill("/desk/contracts/add", "id", "new 2", "name", "x", "address", "y", "email", "x@example.com").hasStatus(t, 422, "problem.refused")
	a = b.fill("/desk/contracts/new-1/users/add", "id", "zoe", "name", "ゾーイ", "role", "master", "password", banktest.Password)
	require.Contains(t, b.follow(a).body, "ゾーイ")
	b.fill("/desk/contracts/new-1/users/add", "id", "yan", "name", "ヤン", "password", "short").shows(t, "problem.refused")
	s.browser(t).logIn("zoe")
	// A clerk locks a user without a code. The user's sessions end.
	zoe := s.browser(t).logIn("zoe")
	b.follow(b.fill("/desk/users/zoe", "locked", "yes")).shows(t, "users.locked")
	require.Equal(t, 303, zoe.get("/").StatusCode)
	a = s.browser(t).fill("/login", "user", "zoe", "password", banktest.Password)
	require.Equal(t, "/login", a.Header.Get("Location"))
	a = b.fill("/desk/contracts/new-1/change", "address", "京都市")
	require.Contains(t, b.follow(a).body, "京都市")
	// Q11: a contract's first token is free, even if the query has an unknown cause.
	require.Contains(t, b.get("/desk/contracts/new-1/order/fee?cause=gift").body, "<strong>0円</strong>")
}

func TestDeskOrders(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	stock := s.Inventory()
	b := s.browser(t).logIn("desk-1")
	for _, c := range []struct{ cause, old, returned, fee, rule string }{
		{"additional", "", "", "2,200円", "BK-11"},
		{"loss", s.shared.String(), "", "2,200円", "BK-10"},
		{"fault", s.shared.String(), "yes", "0円", "BK-10"},
		{"fault", s.shared.String(), "", "2,200円", "BK-10"},
	} {
		a := b.fill("/desk/contracts/acme/order", "cause", c.cause, "old", c.old, "returned", c.returned)
		page := b.follow(a)
		require.Contains(t, page.body, "<strong>"+c.fee+"</strong>", c.cause)
		require.Contains(t, page.body, c.rule)
		part := b.get("/desk/contracts/acme/order/fee?cause=" + c.cause + "&returned=" + c.returned)
		require.Contains(t, part.body, "<strong>"+c.fee+"</strong>", c.cause)
		require.NotContains(t, part.body, "<html")
	}
	b.fill("/desk/contracts/acme/order", "cause", "loss", "old", "").shows(t, "problem.old")
	b.fill("/desk/contracts/acme/order", "cause", "additional", "old", s.carols.String(), "returned", "").shows(t, "problem.not-old")
	// Looking at the fee has not placed an order.
	b.get("/desk/orders").shows(t, "orders.none")
	b.follow(b.fill("/desk/contracts/acme/order", "cause", "theft", "old", s.shared.String()))
	page := b.follow(b.fill("/desk/contracts/acme/order/confirm"))
	page.shows(t, "condition.lost", "order.open")
	ship := "/desk/orders/" + s.onlyOrder() + "/ship"
	b.fill(ship, "serial", "999").shows(t, "problem.stock")
	b.fill(ship, "serial", "bad serial!").shows(t, "problem.serial")
	require.Contains(t, b.follow(b.fill(ship, "serial", stock.String())).body, stock.String())
	require.Equal(t, 404, b.get(ship).StatusCode, "the order is no longer open")
	require.Equal(t, "acme", s.token(stock).Contract)
	b.follow(b.fill("/desk/contracts/acme/order", "cause", "additional", "old", ""))
	b.fill("/desk/contracts/acme/order/confirm")
	b.follow(b.fill("/desk/orders/"+s.onlyOrder()+"/cancel")).shows(t, "orders.none")
	b.get("/desk/orders?all=yes").shows(t, "order.cancelled", "order.shipped")
}

func TestDeskProcedures(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("desk-1")
	at := "/desk/tokens/" + s.shared.String()
	// A token that has never been registered is not in use.
	b.get("/desk/tokens/"+s.Issued("acme").String()).shows(t, "condition.unused")
	require.NotContains(t, b.get(at).body, "利用開始前")
	s.Suspend("bob", s.shared)
	b.fill(at+"/lift").shows(t, "problem.paper", "condition.suspended")
	b.get(at).shows(t, "condition.suspended")
	require.Contains(t, b.follow(b.fill(at+"/lift", "paper", "yes")).body, "利用停止を解除しました")
	b.follow(b.fill(at+"/lift", "paper", "yes")).shows(t, "verdict.not-suspended")
	b.follow(b.fill(at+"/resync", "first", s.Code(s.shared, 29), "second", s.Code(s.shared, 30))).shows(t, "resync.done", "resync.done.more")
	b.follow(b.fill(at+"/resync", "first", "000000", "second", "111111")).shows(t, "resync.refused")
	b.follow(b.fill(at+"/broken", "paper", "yes")).shows(t, "condition.broken", "desk.found.title")
	b.follow(b.fill(at+"/found", "paper", "yes")).shows(t, "condition.in-use")
	b.follow(b.fill(at+"/lost", "paper", "yes")).shows(t, "condition.lost")
	b.follow(b.fill(at+"/revoke", "paper", "yes")).shows(t, "condition.revoked")
	require.Equal(t, 409, b.fill(at+"/lost", "paper", "yes").StatusCode)
	record := s.LastAudit(s.shared)
	require.Equal(t, "desk-1", record.Clerk)
	require.Equal(t, "page", record.Channel)
	a := b.postFormToken("/desk/audit/verify", b.get("/desk/audit").body)
	a.shows(t, "audit.whole")
	a = b.get("/desk/audit?rule=BK-07")
	a.shows(t, "channel.page")
	require.NotContains(t, a.body, "<span lang=\"en\">log in</span>")
}

// postFormToken posts only the form token of a page.
func (b *browser) postFormToken(path, page string) answer {
	return b.post(path, map[string][]string{"form-token": {formTokenIn(page)}})
}

// upload sends a seed file as a browser does.
func (b *browser) upload(token string, file []byte, pairs ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(b.t, w.WriteField("form-token", token))
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(b.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("file", "seeds.xml")
	require.NoError(b.t, err)
	_, err = part.Write(file)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	r := b.request("POST", "/desk/stock/import", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

// seeds returns a PSKC file of n tokens, encrypted unless key is nil.
func seeds(t *testing.T, key []byte, n int) []byte {
	format, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	var b bytes.Buffer
	var o seedfile.WriteOptions
	if key != nil {
		o.Encrypt = &seedfile.Encryption{Key: key, KeyName: "k"}
	}
	w, err := format.NewWriter(&b, o)
	require.NoError(t, err)
	for i := range n {
		r := banktest.Record(1000 + i)
		require.NoError(t, w.Write(&r))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestDeskImport(t *testing.T) {
	s := newSite(t, Options{MaxImport: 1 << 20}, false)
	b := s.browser(t).logIn("desk-1")
	token := formTokenIn(b.get("/desk/stock/import").body)
	key := bytes.Repeat([]byte{7}, 16)
	file := seeds(t, key, 3)
	a := b.upload(token, file, "key", hex.EncodeToString(key[:15]))
	a.hasStatus(t, 422, "problem.key")
	b.upload(token, file).hasStatus(t, 422, "problem.file")
	wrong := bytes.Repeat([]byte{8}, 16)
	a = b.upload(token, file, "key", hex.EncodeToString(wrong))
	require.Equal(t, 422, a.StatusCode)
	require.NotContains(t, a.body, hex.EncodeToString(wrong))
	require.Equal(t, 422, b.upload(token, []byte("<nonsense>")).StatusCode)
	require.Equal(t, 403, b.upload("", file, "key", hex.EncodeToString(key)).StatusCode)
	b.get("/desk/stock").shows(t, "stock.none")
	page := b.follow(b.upload(token, file, "key", hex.EncodeToString(key)))
	require.Contains(t, page.body, "3個のトークンを取り込みました")
	require.Contains(t, page.body, banktest.Serial(1002).String())
	a = b.upload(token, file, "key", hex.EncodeToString(key))
	require.Equal(t, 422, a.StatusCode, "the tokens are already registered")
	require.Equal(t, 413, b.upload(token, seeds(t, nil, 2500)).StatusCode)
	require.Equal(t, 303, s.browser(t).logIn("alice").upload(token, file).StatusCode, "a user is not a clerk")
	b.follow(b.fill("/desk/stock/issue", "serial", banktest.Serial(1000).String(), "contract", "acme"))
	require.Equal(t, "acme", s.token(banktest.Serial(1000)).Contract)
}

// TestDeskImportWarnings: the page shows the warnings about a file in the reader's
// language. The clerk chooses the time zone of the dates on the back labels.
func TestDeskImportWarnings(t *testing.T) {
	s := newSite(t, Options{}, false)
	b := s.browser(t).logIn("desk-1")
	// late returns a file with elements that the bank ignores. Its token expires at the
	// end of a day in UTC, which is the next day in Japan.
	n := 0
	end := "2031-03-31T23:59:59Z"
	late := func(extra string) ([]byte, string) {
		n++
		r := banktest.Record(n)
		return fmt.Appendf(nil, `<?xml version="1.0"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
<DeviceInfo><Manufacturer>fob</Manufacturer><SerialNo>%s</SerialNo><ExpiryDate>%s</ExpiryDate></DeviceInfo>
<Key Id="k" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
<Data><Secret><PlainValue>%s</PlainValue></Secret><TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data></Key></KeyPackage>%s</KeyContainer>`,
			r.Serial, end, base64.StdEncoding.EncodeToString(banktest.Seed(n)), extra), r.Serial.String()
	}
	upload := func(extra string, pairs ...string) (answer, string) {
		file, serial := late(extra)
		return b.follow(b.upload(formTokenIn(b.get("/desk/stock/import").body), file, pairs...)), serial
	}
	expiry := func(serial string) string {
		number, err := token.ParseSerial(serial)
		require.NoError(t, err)
		return s.token(number).Expiry.String()
	}

	// The page asks for the time zone before anything is imported, and the clerk
	// chooses one.
	file, serial := late("")
	page := b.upload(formTokenIn(b.get("/desk/stock/import").body), file)
	page.hasStatus(t, 422, "problem.expiry-zone")
	require.Contains(t, page.body, `<label for="f-file">シードファイル</label>`, "the file must be chosen again")
	require.Contains(t, page.body, "トークン "+serial+" の有効期限は、日本時間では2031-04-01、UTCでは2031-03-31です。")
	number, err := token.ParseSerial(serial)
	require.NoError(t, err)
	_, err = s.Bank.Token(t.Context(), banktest.Clerk, number)
	require.ErrorIs(t, err, bank.ErrNotFound)
	b.follow(b.upload(formTokenIn(page.body), file, "zone", "japan"))
	require.Equal(t, "2031-04-01", expiry(serial))
	page, serial = upload("", "zone", "utc")
	require.NotContains(t, page.body, "ご確認ください:")
	require.Equal(t, "2031-03-31", expiry(serial))
	file, _ = late("")
	require.Equal(t, 400, b.upload(formTokenIn(b.get("/desk/stock/import").body), file, "zone", "mars").StatusCode)

	// 1970-01-01 is the first possible date. The token has expired; the zero time must
	// not mean that it never expires.
	end = "1970-01-01T00:00:00Z"
	_, serial = upload("")
	b.get("/desk/tokens/"+serial).shows(t, "condition.expired")
	end = "2031-03-31T23:59:59Z"

	// A warning from the reader of the format.
	unsigned := `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`
	page, _ = upload(unsigned, "zone", "utc")
	require.Contains(t, page.body, "署名は確認されていません")
	require.Contains(t, page.body, "1個のトークンを取り込みました")

	b.post("/desk/language", map[string][]string{"form-token": {formTokenIn(b.get("/desk/").body)}, "language": {"en"}})
	file, serial = late("")
	page = b.upload(formTokenIn(b.get("/desk/stock/import").body), file)
	require.Contains(t, page.body, "Token "+serial+" expires on 2031-04-01 in Japan, on 2031-03-31 in UTC, and nothing was imported")
	page, _ = upload(unsigned, "zone", "utc")
	require.Contains(t, page.body, "its signature was not checked")
}

// refusingMailer is a mail server that refuses every mail permanently.
type refusingMailer struct{}

func (refusingMailer) SendExpiry(context.Context, bank.ExpiryMail) error {
	return fmt.Errorf("%w: mail.example.com:25: 550 no such user", bank.ErrMailRefused)
}

func TestNotices(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	require.NotContains(t, alice.get("/").body, catalogOf("ja")["notice.heading"])
	s.failNotices()
	alice = s.browser(t).logIn("alice")
	page := alice.get("/")
	page.shows(t, "notice.heading")
	require.Contains(t, page.body, "2031年3月31日")
	b := s.browser(t).logIn("desk-1")
	failed := b.get("/desk/notices?status=failed")
	failed.shows(t, "notice.failed", "notices.resend")
	require.Contains(t, failed.body, "メールサーバが受信を拒否しました: mail.example.com:25: 550 no such user")
	list, _, err := s.Bank.Notices(t.Context(), banktest.Clerk, nil, bank.Page{})
	require.NoError(t, err)
	require.NotEmpty(t, list)
	a := b.postFormToken("/desk/notices/"+list[0].ID+"/resend", b.get("/desk/notices").body)
	require.Contains(t, b.follow(a).body, "再送を受け付けました")
	b.get("/desk/notices?status=due").shows(t, "notice.due")
}

func TestUsersOfAContract(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("carol")
	add := []string{"id", "dave", "name", "デイブ", "password", "a long first password", "code"}
	a := b.fill("/users/add", append(add, s.WrongCode(s.carols))...)
	page := b.follow(a)
	page.shows(t, "answer.refused")
	require.Contains(t, page.body, `value="デイブ"`, "input that is not secret is kept")
	b.follow(b.fill("/users/add", append(add, s.Code(s.carols, 0))...))
	require.Contains(t, b.get("/users").body, "デイブ")
	s.Step(1)
	b.follow(b.fill("/users/change/dave", "name", "デイビッド", "code", s.Code(s.carols, 0)))
	require.Contains(t, b.get("/users").body, "デイビッド")
	b.follow(b.fill("/users/change/dave", "code", "123456")).shows(t, "users.change.same")

	// An admin with a separate token revokes another user's token (Q10).
	s.Step(1)
	b.fill("/token/revoke", "serial", s.shared.String(), "code", s.Code(s.carols, 0)).hasStatus(t, 422, "problem.sure")
	require.Contains(t, b.follow(b.fill("/token/revoke", "serial", s.shared.String(), "sure", "yes", "code", s.Code(s.carols, 0))).body, "の失効が完了しました")
	require.Equal(t, validator.Revoked, s.token(s.shared).Condition)
}

// If all users share one token, its revocation requires a paper form. The page explains
// that before it asks for a code (BK-17).
func TestRevocationOnPaper(t *testing.T) {
	s := newSite(t, Options{}, false)
	serial := s.Issued("acme")
	for _, u := range []string{"alice", "bob", "carol"} {
		s.Activate(u, serial)
	}
	a := s.browser(t).logIn("alice").get("/token/revoke")
	a.shows(t, "revoke.paper", "way.on-paper")
	require.NotContains(t, a.body, `name="code"`)
	// A suspension also requires a paper form (BK-07).
	s.Suspend("bob", serial)
	s.browser(t).logIn("carol").get("/suspended").shows(t, "suspended.paper")
}

// The longest accepted form input fits into the cookie that carries it.
func TestLongestFormFits(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	b := s.browser(t).logIn("alice")
	long := func(n int) string { return strings.Repeat("漢", n) }
	a := b.fill("/operations/transfer", "payee", long(48), "bank", long(30), "branch", long(30), "account", "1234567",
		"amount", "999999999999", "memo", long(40))
	require.Contains(t, b.follow(a).body, long(48))
	b.fill("/operations/transfer", "payee", long(49), "bank", "b", "branch", "b", "account", "1", "amount", "1").hasStatus(t, 422, "problem.long")
	b = s.browser(t).logIn("desk-1")
	a = b.fill("/desk/contracts/acme/users/add", "id", strings.Repeat("x", 64), "name", long(100),
		"email", strings.Repeat("x", 242)+"@example.com", "password", "short")
	require.Equal(t, 422, a.StatusCode)
}
