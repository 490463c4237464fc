package query

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// now is a Wednesday in a zone of its own, so that a forgotten zone shows.
var now = time.Date(2024, time.March, 13, 15, 30, 0, 0, time.FixedZone("", 2*3600))

// TestParseGivesCanonicalText has the tree as its canonical text, which
// TestTree ties to the types.
func TestParseGivesCanonicalText(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		// Everything.
		{"", "*"},
		{"  \t\n", "*"},
		{"*", "*"},
		{"**", "*"},
		{`""`, "*"},
		{"in:anywhere", "*"},
		{`in:"anywhere"`, `in:"anywhere"`},

		// Words.
		{"invoice", "invoice"},
		{"Invoice MARCH", "Invoice MARCH"},
		{"71450/36214", "71450/36214"},
		{"salt & pepper", "salt pepper"},
		{"a - b", "a b"},
		{"don't", "don't"},
		{"10:30", "10:30"},
		{"re:invoice", "re:invoice"},
		{"AW: WG: Rechnung", "AW: WG: Rechnung"},
		{"http://kvist.example/a?b=c", "http://kvist.example/a?b=c"},
		{"gopher://kvist.example", "gopher://kvist.example"},
		{"file:///tmp/a", "file:///tmp/a"},
		{`C:\Temp`, `C:\Temp`},
		{"/usr/bin/", "/usr/bin/"},
		{"Or And Not", "Or And Not"},
		{"near", "near"},
		{"around 5", "around 5"},
		{"快乐", "快乐"},
		{"🎉", "🎉"},
		{"\u00a0invoice\u3000march", "invoice march"},

		// Quotes.
		{`"open invoice"`, `"open invoice"`},
		{`"  open   invoice "`, `"open invoice"`},
		{`"word"`, `"word"`},
		{`"from:anna or -b"`, `"from:anna or -b"`},
		{`"say ""hi"" now"`, `"say ""hi"" now"`},
		{"“open invoice”", `"open invoice"`},
		{"„offene Rechnung“", `"offene Rechnung"`},
		{"«facture ouverte»", `"facture ouverte"`},
		{`subject:"open invoice"`, `subject:"open invoice"`},
		{"+word", `"word"`},
		{"+49 170", `"49" 170`},
		{`a"b c"d`, `a "b c" d`},

		// Stars, edits, expressions.
		{"config*", "config*"},
		{"*voice*", "*voice*"},
		{"*voice", "*voice*"},
		{"invoise~1", "invoise~1"},
		{"invoise~2", "invoise~2"},
		{"invoise~3", "invoise~3"},
		{"from:*", "from:*"},
		{"/inv.*e/", "/inv.*e/"},
		{`subject:/a\/(b|c)/ d`, `subject:/a\/(b|c)/ d`},
		{"(/a/)", "/a/"},

		// Near duplicates, pieces, languages.
		{"dup:yes dup:no", "is:duplicate -is:duplicate"},
		{"dup:NEAR duplicate:differs", "dup:near dup:differs"},
		{"dup:9f2c01ab dup:<a1@ex.example>", "dup:9f2c01ab dup:<a1@ex.example>"},
		{"partial:no partial:Scan-7@ex.example", "-is:partial partial:Scan-7@ex.example"},
		{"lang:de language:pt-BR", "lang:de lang:pt-BR"},
		{"header:*=QX-1", "header:*=QX-1"},

		// Operators and their aliases.
		{"from:anna f:anna sender:anna FROM:anna", "from:anna from:anna from:anna from:anna"},
		{"to:a cc:b bcc:c t:a c:b h:c", "to:a cc:b bcc:c to:a cc:b bcc:c"},
		{"recip:a deliveredto:b", "recip:a recip:b"},
		{"contact:a with:b participants:c", "contact:a contact:b contact:c"},
		{"s:a b:a contents:a", "subject:a body:a body:a"},
		{"filename:a attachment:a file:a j:a", "filename:a filename:a filename:a filename:a"},
		{"attached:a embed:a e:a", "attached:a attached:a attached:a"},
		{"type:pdf mime:image/png y:pdf has:pdf", "type:pdf type:image/png type:pdf type:pdf"},
		{"has:attachment has:attach tag:attachment flag:attach", "has:attachment has:attachment has:attachment has:attachment"},
		{"hasattachment:yes hasattachments:no", "has:attachment -has:attachment"},
		{"is:unread is:Starred flag:unread tag:flagged", "is:unread is:flagged is:unread is:flagged"},
		{"isread:no read:yes isflagged:true", "-is:read is:read is:flagged"},
		{"in:inbox folder:a label:b mailbox:c tag:work", "in:inbox in:a in:b in:c in:work"},
		{`in:"Old Work/2017"`, `in:"Old Work/2017"`},
		{`in:"a*"`, `in:"a*"`},
		{"in:Work/*", "in:Work/*"},
		{"id:<a.1@kvist.example> mid:a.1@kvist.example", "id:a.1@kvist.example id:a.1@kvist.example"},
		{"<a.1@kvist.example>", "id:a.1@kvist.example"},
		{"list:gardeners v:gardeners", "list:gardeners list:gardeners"},
		{"header:X-Ticket=QX-1", "header:x-ticket=QX-1"},
		{`header:x-ticket="open one"`, `header:x-ticket="open one"`},
		{"header:x-ticket", "header:x-ticket=*"},
		{"header:x-ticket=", "header:x-ticket=*"},
		{"thread:{from:a b}", "thread:{from:a b}"},
		{"thread:(a or b)", "thread:{a or b}"},
		{"thread:42", "thread:42"},
		{"charset:KOI8-R problem:base64-junk", "charset:KOI8-R problem:base64-junk"},
		{"source:takeout.zip state:unsent", "source:takeout.zip state:unsent"},
		{"draft:latest reason:mailboxfull", "draft:latest reason:mailboxfull"},
		{"dup:yes partial:no is:partial", "is:duplicate -is:partial is:partial"},
		{"from:-x", "from:-x"},
		{"subject:re:invoice", "subject:re:invoice"},

		// Sizes.
		{"larger:10M", "size:10485761.."},
		{"smaller:20k", "size:..20479"},
		{"size:2k..10M", "size:2048..10485760"},
		{"z:2k..", "size:2048.."},
		{"size:>1MB", "size:1048577.."},
		{"size:<=1.5k", "size:..1536"},
		{"size:1000000", "size:1000000.."},

		// Together.
		{"a and b", "a b"},
		{"a AND b", "a b"},
		{"a or b c", "a or b c"},
		{"(a or b) c", "(a or b) c"},
		{"a or (b or c)", "a or b or c"},
		{"a (b (c d))", "a b c d"},
		{"((a))", "a"},
		{"-a not b NOT c", "-a -b -c"},
		{"not not a", "a"},
		{"--a", "a"},
		{"-(a b)", "-(a b)"},
		{"a and not (b or c)", "a -(b or c)"},
		{"{a b c}", "a or b or c"},
		{"{a and b c}", "a b or c"},
		{"{from:a to:a} b", "(from:a or to:a) b"},
		{"subject:(a or b)", "subject:a or subject:b"},
		{"subject:{a b}", "subject:a or subject:b"},
		{"is:(unread or flagged)", "is:unread or is:flagged"},
		{"in:{sent drafts}", "in:sent or in:drafts"},
		{"to:(a thread:{b})", "to:a thread:{b}"},
		{"subject:(a -b from:c)", "subject:a -subject:b from:c"},
		{`subject:("a b" c*)`, `subject:"a b" subject:c*`},
		{"a xor b", "a -b or -a b"},
		{"a xor b c or d", "a -(b c) or -a b c or d"},
		{"-a xor b", "-a -b or a b"},
		{"a NEAR/5 b", "a NEAR/5 b"},
		{"a near/5 b c", "a NEAR/5 b c"},
		{"a NEAR b", "a NEAR/10 b"},
		{"a AROUND 5 b", "a NEAR/5 b"},
		{"a AROUND(5) b", "a NEAR/5 b"},
		{"a NEAR/3 b NEAR/3 c", "a NEAR/3 b NEAR/3 c"},
		{"-(a NEAR/5 b)", "-(a NEAR/5 b)"},
		{`subject:("a b" NEAR/2 c*)`, `subject:"a b" NEAR/2 subject:c*`},
	} {
		t.Run(c.query, func(t *testing.T) {
			e, err := Parse(c.query, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			roundTrip(t, e)
		})
	}
}

// roundTrip sees that the canonical text of e gives e.
func roundTrip(t *testing.T, e Expr) {
	t.Helper()
	again, err := Parse(e.String(), now)
	if err != nil {
		t.Fatalf("canonical text %q: %v", e.String(), err)
	}
	if !Equal(e, again) || again.String() != e.String() {
		t.Errorf("canonical text %q became %q", e.String(), again.String())
	}
}

// TestTree ties the canonical text of the other tests to the types.
func TestTree(t *testing.T) {
	for _, c := range []struct {
		query string
		want  Expr
	}{
		{"a", Term{"", "a", 0}},
		{"from:a@b.example", Term{"from", "a@b.example", 0}},
		{`x subject:"a b"`, And{[]Expr{Term{"", "x", 0}, Phrase{"subject", []string{"a", "b"}, 2}}}},
		{"+a", Phrase{"", []string{"a"}, 0}},
		{"a*", Prefix{"", "a", 0}},
		{"*a*", Infix{"", "a", 0}},
		{"ab~2", Fuzzy{"", "ab", 2, 0}},
		{`from:/a\/b/`, Regexp{"from", "a/b", 0}},
		{"header:x-a", Prefix{"header:x-a", "", 0}},
		{"header:x-a=b", Term{"header:x-a", "b", 0}},
		{"a or -b", Or{[]Expr{Term{"", "a", 0}, Not{Term{"", "b", 0}}}}},
		{"a NEAR/5 b", Near{[]Expr{Term{"", "a", 0}, Term{"", "b", 0}}, 5}},
		{"thread:{a}", Thread{Term{"", "a", 0}}},
		{"size:1..2", Range{"size", 1, 3}},
		{"date:@5..@9", Range{"date", 5, 10}},
	} {
		t.Run(c.query, func(t *testing.T) {
			e, err := Parse(c.query, now)
			if err != nil {
				t.Fatal(err)
			}
			if !Equal(e, c.want) {
				t.Errorf("got %#v, want %#v", e, c.want)
			}
		})
	}
}

func TestPosIsWhereTheLeafBegins(t *testing.T) {
	e, err := Parse(`über from:"anna b"`, now)
	if err != nil {
		t.Fatal(err)
	}
	got := e.(And).List[1].(Phrase).Pos
	if want := len("über "); got != want {
		t.Errorf("got octet %d, want %d", got, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		query   string
		pos     int
		msg     string // a part of it
		suggest string
	}{
		{"fron:anna", 0, `unknown operator "fron:"`, "from:"},
		{"a subjct:b", 2, "unknown operator", "subject:"},
		{"sibject:b", 0, "unknown operator", "subject:"},
		{"frmo:b", 0, "unknown operator", "from:"},
		{"filname:b", 0, "unknown operator", "filename:"},
		{"larger-than:5", 0, "unknown operator", "larger_than:"},
		{"quux:b", 0, "quotes make it text", ""},
		{"dup:yess", 4, "dup: is yes, no, near, differs", "dup:yes"},
		{"dup:9f2c", 4, "8 digits or more", ""},
		{"from:(fron:a)", 6, "unknown operator", "from:"},
		{"is:unraed", 3, "unknown value", "is:unread"},
		{"has:atachment", 4, "unknown value", "has:attachment"},
		{"is:purple", 3, "unknown value", ""},
		{"from:", 0, "needs a value", ""},
		{"from: anna", 0, "needs a value", ""},
		{`from:""`, 0, "needs a value", ""},
		{`subject:" "`, 8, "no word in the quotes", ""},
		{"subject:!", 8, "needs a word", ""},
		{"isread:maybe", 7, "yes or no", ""},
		{"&", 0, "no word", ""},
		{`"open`, 0, "not closed", ""},
		{"(a", 0, `not closed by ")"`, ""},
		{"{a)", 0, `not closed by "}"`, ""},
		{"a)", 1, "closes nothing", ""},
		{"()", 1, "nothing to search for before", ""},
		{"a or", 2, `after "or"`, ""},
		{"or a", 0, "between two words", ""},
		{"a and or b", 2, `after "and"`, ""},
		{"not", 0, `after "not"`, ""},
		{"a*b", 0, "* stands at the end", ""},
		{"subject:/a(/", 8, "regular expression", ""},
		{"is:/a/", 3, "takes no regular expression", ""},
		{"a NEAR/0 b", 2, "1 to 1000", ""},
		{"a NEAR/9999999999999999999 b", 2, "1 to 1000", ""},
		{"a NEAR/5", 2, "after", ""},
		{"a NEAR/5 (b c)", 9, "single words", ""},
		{"in:a NEAR/5 in:b", 0, "single words", ""},
		{"from:a NEAR/5 to:b", 14, "one field", ""},
		{"a NEAR/5 b NEAR/6 c", 11, "one distance", ""},
		{"a AROUND b", 2, "number", ""},
		{"size:big", 5, "not a size", ""},
		{"size:5..2", 5, "no size", ""},
		{"smaller:0", 8, "no size", ""},
		{"header:", 0, "name of a field", ""},
		{"header:a:b", 8, "followed by", ""},
		{"header:(a)", 0, "name of a field", ""},
		{"date:3/4/2017", 5, "3/4/2017 is 3 April 2017 (2017-04-03) or 4 March 2017 (2017-03-04)", ""},
		{"date:soon", 5, "not a date", ""},
		{"date:2017-02-30", 5, "not a date", ""},
		{"date:2018..2017", 5, "ends before it begins", ""},
		{"newer_than:soon", 11, "needs an age", ""},
		{"a\xffb", 1, "UTF-8", ""},
		{strings.Repeat("x", 1025), 0, "1024 octets", ""},
		{strings.Repeat("a ", 5000), -1, "4096", ""},
		{strings.Repeat("a xor ", 5000) + "a", -1, "4096", ""},
		{strings.Repeat("(", 101) + "a" + strings.Repeat(")", 101), 100, "100 brackets", ""},
	} {
		t.Run(c.query[:min(30, len(c.query))], func(t *testing.T) {
			e, err := Parse(c.query, now)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, %v, want a SyntaxError", e, err)
			}
			if c.pos >= 0 && syntax.Pos != c.pos {
				t.Errorf("got octet %d, want %d", syntax.Pos, c.pos)
			}
			if !strings.Contains(syntax.Msg, c.msg) || syntax.Suggest != c.suggest {
				t.Errorf("got %q, suggesting %q; want %q, suggesting %q", syntax.Msg, syntax.Suggest, c.msg, c.suggest)
			}
		})
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := Parse("fron:anna", now)
	want := `unknown operator "fron:" (quotes make it text); did you mean "from:"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestHostileQueriesEndSoon: a megabyte of anything is answered at once and
// without deep recursion.
func TestHostileQueriesEndSoon(t *testing.T) {
	for _, s := range []string{
		"(", ")", "{", "-", "not ", "\"", "\"\"", "a", "a ", "a or ", "a xor ", "from:(", "thread:{", "/(", "/(x", "/\\",
		"*", "a NEAR/5 ", "AROUND ", "header:", "date:last ", "“", "\x00", "<", "a:", "\\/(/", "date:\"", "+", "x~1",
	} {
		start := time.Now()
		e, err := Parse(strings.Repeat(s, 1<<20/len(s)), now)
		if err == nil {
			roundTrip(t, e)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%q a megabyte long took %v", s, d)
		}
	}
}

func TestEveryExampleParses(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range Operators() {
		e, err := Parse(op.Example, now)
		if err != nil {
			t.Errorf("%s: %v", op.Name, err)
			continue
		}
		if !strings.HasPrefix(op.Example, string(op.Name)+":") {
			t.Errorf("%s: example %q is of something else", op.Name, op.Example)
		}
		roundTrip(t, e)
		for _, name := range append([]string{string(op.Name)}, op.Aliases...) {
			if seen[name] {
				t.Errorf("%s: stands for two operators", name)
			}
			seen[name] = true
		}
		for _, v := range op.Values {
			if _, err := Parse(string(op.Name)+":"+v.Name, now); err != nil {
				t.Error(err)
			}
		}
	}
	for _, f := range Forms() {
		if _, err := Parse(f.Example, now); err != nil {
			t.Errorf("%s: %v", f.Example, err)
		}
	}
}

// TestHandMadeTreesQuoteTheirText: a text that would be read as something else
// stands in quotes.
func TestHandMadeTreesQuoteTheirText(t *testing.T) {
	for _, c := range []struct {
		tree Expr
		want string
	}{
		{Term{"", "or", 0}, `"or"`},
		{Term{"", "from:anna", 0}, `"from:anna"`},
		{Term{"", "two words", 0}, `"two words"`},
		{Term{"", "-a", 0}, `"-a"`},
		{Term{"subject", "(a)", 0}, `subject:"(a)"`},
		{And{}, "*"},
		{Or{}, "-*"},
		{And{[]Expr{Or{}, Term{"", "a", 0}}}, "-* a"},
	} {
		if got := c.tree.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if _, err := Parse(c.want, now); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{
		`from:anna (invoice or "open bill") -paid`, "a NEAR/5 b", "{a b}", "subject:/a\\/b/", "date:last week", "date:3/4/2017",
		"x xor y xor z", "header:x-a=*", "*ab*", "ab~1", "“a b”", "thread:{a}", "size:2k..", "<a@b.example>", "AROUND(5)", "in:\"a b\"", "http://x", "a:b", "+a", "- -",
		"date:\"last week\"..today", "is:unread", "hasattachment:no",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s, now)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(s) || syntax.Error() == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		roundTrip(t, e)
	})
}
