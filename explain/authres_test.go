package explain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/authres"
)

// words gives a statement in one line.
func (st *Stated) words() string {
	var s []string
	add := func(name string, r Result) {
		if r.Value == "" {
			return
		}
		w := name + "=" + r.Value
		if r.Domain != "" {
			w += ":" + r.Domain
		}
		if r.HELO {
			w += "(helo)"
		}
		s = append(s, w)
	}
	add("spf", st.SPF)
	for _, d := range st.DKIM {
		add("dkim", d)
	}
	add("dmarc", st.DMARC)
	add("arc", st.ARC)
	add("compauth", st.Comp)
	return st.By + "; " + strings.Join(s, " ")
}

func TestReadResults(t *testing.T) {
	for _, c := range []struct{ field, want string }{
		{"mx.b.example; spf=pass smtp.mailfrom=ada@a.example; dkim=pass header.d=a.example header.s=k; dmarc=pass header.from=a.example",
			"mx.b.example; spf=pass:a.example dkim=pass:a.example dmarc=pass:a.example"},
		{"mx.b.example 1; none", "mx.b.example; "},
		{"mx.b.example;\n\tdkim=fail (body hash; did not verify) header.d=a.example;\n\tdkim=pass header.i=@List.example", "mx.b.example; dkim=fail:a.example dkim=pass:list.example"},
		// Microsoft: no name of a server.
		{"spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=a.example; dkim=pass (signature was verified)\n header.d=a.example;dmarc=pass action=none\n header.from=a.example;compauth=pass reason=100",
			"; spf=pass:a.example dkim=pass:a.example dmarc=pass:a.example compauth=pass"},
		// No semicolons, a version of the method, words in quotation marks.
		{`mx.b.example; spf=fail smtp.mailfrom="ada@a.example" dkim/1=none dmarc=fail`, "mx.b.example; spf=fail:a.example dkim=none dmarc=fail"},
		{"mx.b.example; spf=none smtp.helo=out.a.example", "mx.b.example; spf=none:out.a.example(helo)"},
		{"mx.b.example; arc=pass (i=1 spf=pass spfdomain=a.example dkim=pass); dmarc=fail (p=NONE; arc=pass) header.from=a.example", "mx.b.example; dmarc=fail:a.example arc=pass"},
		// The first result of a method counts.
		{"mx.b.example; dmarc=fail; dmarc=pass header.from=a.example", "mx.b.example; dmarc=fail"},
		{"", "; "},
	} {
		st := readResults([]byte(c.field), false)
		if got := st.words(); got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.field, got, c.want)
		}
	}
	st := readResults([]byte("i=2; mx.b.example; dkim=pass header.d=a.example"), true)
	if got := st.words(); got != "mx.b.example; dkim=pass:a.example" {
		t.Errorf("ARC: got %s", got)
	}
}

func TestReadReceivedSPF(t *testing.T) {
	for _, c := range []struct{ field, want string }{
		{"pass (mx.b.example: domain of ada@a.example designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1; envelope-from=ada@a.example; helo=out", "mx.b.example; spf=pass:a.example"},
		{`Fail (protection.outlook.com: domain of a.example) receiver=protection.outlook.com; envelope-from="ada@a.example"`, "protection.outlook.com; spf=fail:a.example"},
		{"none receiver=mx.b.example; client-ip=192.0.2.1", "mx.b.example; spf=none"},
	} {
		st := readReceivedSPF([]byte(c.field))
		if got := st.words(); got != c.want {
			t.Errorf("%q: got %s, want %s", c.field, got, c.want)
		}
	}
}

// Of what go-msgauth reads, the same must come out here.
func TestReadResultsAgainstOracle(t *testing.T) {
	for _, spf := range []string{"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"} {
		for _, dkim := range []string{"pass", "fail", "none", "policy"} {
			for _, comment := range []string{"", " (good)"} {
				field := fmt.Sprintf("mx.b.example; spf=%s%s smtp.mailfrom=ada@a.example;\r\n dkim=%s header.d=s.example; dmarc=%s header.from=a.example", spf, comment, dkim, spf)
				id, list, err := authres.Parse(strings.ReplaceAll(field, comment, ""))
				if err != nil {
					t.Fatal(err)
				}
				want := Stated{By: id}
				for _, r := range list {
					switch r := r.(type) {
					case *authres.SPFResult:
						want.SPF = Result{Value: string(r.Value), Domain: domainOf(r.From)}
					case *authres.DKIMResult:
						want.DKIM = append(want.DKIM, Result{Value: string(r.Value), Domain: r.Domain})
					case *authres.DMARCResult:
						want.DMARC = Result{Value: string(r.Value), Domain: r.From}
					}
				}
				got := readResults([]byte(field), false)
				if got.words() != want.words() {
					t.Errorf("%q: got %s, want %s", field, got.words(), want.words())
				}
			}
		}
	}
}

// Whose word counts depends on where it stands and whose name it bears.
func TestStatementsByPlace(t *testing.T) {
	const (
		edge  = "Received: from a.example (a.example [192.0.2.1]) by mx.own.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:02 +0000\n"
		inner = "Received: from mx.own.example (mx.own.example [10.0.0.2]) by box.own.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:03 +0000\n"
		below = "Received: from c.example (c.example [192.0.2.2]) by a.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:01 +0000\n"
		fail  = "Authentication-Results: mx.own.example; dmarc=fail header.from=a.example\n"
		pass  = "Authentication-Results: mx.own.example; dmarc=pass header.from=a.example\n"
		other = "Authentication-Results: mx.a.example; dmarc=pass header.from=a.example\n"
		bare  = "Authentication-Results: dmarc=pass header.from=a.example\n"
		short = "Authentication-Results: box; dmarc=pass header.from=a.example\n"
		spf   = "Received-SPF: fail (mx.own.example: no) envelope-from=x@a.example\n"
		tail  = "From: ada@a.example\n\ntext\n"
	)
	for _, c := range []struct{ name, head, want string }{
		{"above the edge", fail + edge + below, ForgedFrom},
		{"right below the edge", edge + fail + below, ForgedFrom},
		{"below a stranger's line", edge + below + pass, CannotTell},
		{"the upper one counts", edge + fail + below + pass, ForgedFrom},
		{"another's name", edge + other + below, CannotTell},
		{"no name, and not Microsoft", edge + bare + below, CannotTell},
		{"a short name behind the edge", inner + short + edge + below, ThroughAccount},
		{"a short name below the edge", edge + short + below, CannotTell},
		{"SPF alone", edge + spf + below, ForgedFrom},
		{"SPF alone, a pass", edge + strings.Replace(spf, "fail", "pass", 1) + below, CannotTell},
		{"SPF without a name", edge + "Received-SPF: pass envelope-from=ada@a.example\n" + below, CannotTell},
		{"a pass of SPF above the edge", strings.Replace(spf, "fail", "pass", 1) + edge + below, ThroughAccount},
		{"both at once", edge + "Authentication-Results: mx.own.example; dmarc=fail header.from=a.example; spf=pass smtp.mailfrom=x@mail.a.example\n" + below, CannotTell},
		{"signed, and dmarc=fail", edge + "Authentication-Results: mx.own.example; dmarc=fail header.from=a.example; dkim=pass header.d=mail.a.example\n" + below + "DKIM-Signature: v=1; d=mail.a.example; bh=AAAA; b=AAAA; h=from\n", CannotTell},
		{"inside, says anybody", edge + "X-MS-Exchange-Organization-AuthAs: Internal\n", CannotTell},
		{"signed in, says the peer's name", strings.Replace(edge, "from a.example", "from x(authenticated)", 1), CannotTell},
		{"no trace", pass, CannotTell},
		{"a pass and a fail of one server", edge + pass + fail + below, ThroughAccount},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := readOctets(t, []byte(c.head+tail), Options{}).Verdict; v.Kind != c.want {
				t.Errorf("got %s, want %s: %s", v.Kind, c.want, v.Short)
			}
		})
	}
}
