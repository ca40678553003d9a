// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"embed"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator/bank"
)

// The bank writes its errors and the notes of its audit log in English. The file
// catalog/bank.ja.json has the Japanese texts. Its keys are the format strings in
// package bank, such as "contract %q already exists". A test reads the source of
// package bank to find any that are missing.

//go:embed catalog/bank.ja.json
var bankFile embed.FS

// phrasebook translates the bank's sentences.
type phrasebook struct{ *ui.Phrases }

// readPhrases reads the phrasebook of a language. English is the bank's own.
func readPhrases(lang string) phrasebook {
	if lang != ui.Japanese {
		return phrasebook{}
	}
	return phrasebook{ui.ReadPhrases(bankFile, "catalog/bank.ja.json", "内容が正しくありません。")}
}

// note translates the note of an audit record. Text that is not a phrase, such as a
// user ID, is returned unchanged.
func (b phrasebook) note(s string) string {
	if text, ok := b.Find(s); ok {
		return text
	}
	return s
}

// warning translates a warning about a seed file. Some warnings begin with the name of
// the file's format, which the translation omits.
func (b phrasebook) warning(text string) string {
	if translated, ok := b.Find(text); ok {
		return translated
	}
	if _, rest, ok := strings.Cut(text, ": "); ok {
		if translated, ok := b.Find(rest); ok {
			return translated
		}
	}
	return text
}

// maxWarned is the maximum size in bytes of the warnings on a page. They reach the page
// in a cookie (see maxSealed).
const maxWarned = 2000

// warnings returns a message with the first warnings and the number of the rest.
// dropped is the number that was already left out.
func (b phrasebook) warnings(all []string, dropped int) msg {
	var texts []string
	size := 0
	for _, w := range all {
		text := b.warning(w)
		inCookie, err := json.Marshal(text)
		if size += len(inCookie); err != nil || size > maxWarned {
			break
		}
		texts = append(texts, text)
	}
	text := strings.Join(texts, " / ")
	if more := len(all) - len(texts) + dropped; more > 0 {
		return newMsg("import.warnings-more", text, strconv.Itoa(more))
	}
	return newMsg("import.warnings", text)
}

// fieldPhrases are texts for errors whose only content is that a field is wrong.
var fieldPhrases = map[string]string{
	"address": "郵送先を個別に指定することはできません。お届け住所宛の郵送となります。",
}

// filePhrases are the texts for kinds of faults in a seed file. The first kind that
// matches is used.
var filePhrases = []struct {
	kind error
	text string
}{
	{seedfile.ErrFormat, "対応していないファイル形式です。"},
	{seedfile.ErrNoPeriod, "ファイルに更新間隔の記載がありません。更新間隔を選択してください。"},
	{seedfile.ErrNoFactorProfile, "OktaのファクタープロファイルのIDが必要です。"},
	{seedfile.ErrUnsupported, "対応していない内容が含まれています。"},
	{seedfile.ErrDuplicate, "ファイル内で重複しています。"},
	{seedfile.ErrNoMAC, "改ざん検知用の値(MAC)がないため、取り込めません。"},
	{seedfile.ErrMAC, "改ざん検知用の値(MAC)が一致しません。鍵またはパスワードが正しくないか、ファイルが変更されています。"},
	{seedfile.ErrNoKey, "ファイルが暗号化されています。鍵またはパスワードを入力してください。"},
	{seedfile.ErrSignature, "電子署名が一致しません。"},
	{seedfile.ErrLimit, "大きすぎる値が含まれています。"},
	{seedfile.ErrLost, "この形式では表せない内容が含まれています。"},
	{seedfile.ErrValue, "値が正しくありません。"},
	{seedfile.ErrSyntax, "ファイルの構文が正しくありません。"},
}

// fault describes in Japanese a fault in a seed file and its place.
func fault(err error) (string, bool) {
	for _, p := range filePhrases {
		if !errors.Is(err, p.kind) {
			continue
		}
		var where []string
		var file *seedfile.Error
		if errors.As(err, &file) {
			if file.Line > 0 {
				where = append(where, strconv.Itoa(file.Line)+"行目")
			}
			if file.Record != "" {
				where = append(where, "トークン "+file.Record)
			}
			if file.Field != "" {
				where = append(where, "項目 "+file.Field)
			}
		}
		if len(where) == 0 {
			return p.text, true
		}
		return strings.Join(where, "、") + ": " + p.text, true
	}
	return "", false
}

// detail describes in the page's language the problem that the bank found. It returns
// "" if there is no text in that language.
func (c *call) detail(err error) string {
	var own *bank.Error
	isOwn := errors.As(err, &own)
	if c.lang == ui.English {
		if isOwn {
			return sentence(own.Problem)
		}
		return sentence(err.Error())
	}
	if text, ok := fault(err); ok {
		return text
	}
	if !isOwn {
		return ""
	}
	if text, ok := fault(own.Cause); ok {
		return text
	}
	if text, ok := c.phrases[c.lang].Find(own.Problem); ok {
		return text
	}
	return fieldPhrases[own.Field]
}

// sentence turns the text of an error into a sentence.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
