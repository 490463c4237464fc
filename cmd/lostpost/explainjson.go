package main

import "lostpost/explain"

// explanation is the JSON form of a report (`lostpost help json`).
type explanation struct {
	Type    string      `json:"type"`
	Path    string      `json:"path,omitempty"`
	ID      string      `json:"id"`
	Kind    string      `json:"kind"`
	Verdict verdictJSON `json:"verdict"`
	Trace   traceJSON   `json:"trace"`
	Auth    authJSON    `json:"auth"`
	Bounce  *bounceJSON `json:"bounce,omitempty"`
	Log     []delivery  `json:"log,omitempty"`
}

type factJSON struct {
	Text   string `json:"text"`
	Field  string `json:"field,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
	Value  string `json:"value,omitempty"`
}

type verdictJSON struct {
	Kind     string     `json:"kind"`
	Sure     string     `json:"sure"`
	Short    string     `json:"short"`
	Evidence []factJSON `json:"evidence,omitempty"`
	Against  []factJSON `json:"against,omitempty"`
	Advice   []string   `json:"advice,omitempty"`
	Missing  []string   `json:"missing,omitempty"`
}

type traceJSON struct {
	Hops     []hopJSON  `json:"hops"`
	Slowest  *slowest   `json:"slowest,omitempty"`
	Total    *float64   `json:"total_s,omitempty"`
	Origin   *origin    `json:"origin,omitempty"`
	Own      string     `json:"own,omitempty"`
	Problems []factJSON `json:"problems,omitempty"`
}

type slowest struct {
	By    string  `json:"by"`
	Delay float64 `json:"delay_s"`
}

type origin struct {
	IP   string `json:"ip"`
	By   string `json:"by,omitempty"`
	Sure bool   `json:"sure"`
}

type hopJSON struct {
	From     string        `json:"from,omitempty"`
	Name     string        `json:"name,omitempty"`
	IP       string        `json:"ip,omitempty"`
	By       string        `json:"by,omitempty"`
	Protocol string        `json:"protocol,omitempty"`
	User     string        `json:"user,omitempty"`
	SignedIn bool          `json:"signed_in,omitempty"`
	ID       string        `json:"queue,omitempty"`
	For      string        `json:"for,omitempty"`
	Time     string        `json:"time,omitempty"`
	Delay    *float64      `json:"delay_s,omitempty"`
	TLS      explain.State `json:"tls"`
	Version  string        `json:"tls_version,omitempty"`
	Cipher   string        `json:"cipher,omitempty"`
	Skew     *float64      `json:"skew,omitempty"` // seconds ahead
	Unsure   bool          `json:"unsure,omitempty"`
	Trust    explain.Trust `json:"trust"`
	Offset   int64         `json:"offset"`
}

type authJSON struct {
	From     string          `json:"from,omitempty"`
	Aligned  bool            `json:"aligned"`
	StatedBy string          `json:"stated_by,omitempty"`
	SPF      string          `json:"spf,omitempty"`
	DMARC    string          `json:"dmarc,omitempty"`
	ARC      string          `json:"arc,omitempty"`
	DKIM     []signatureJSON `json:"dkim,omitempty"`
}

type signatureJSON struct {
	Domain   string `json:"domain"`
	Selector string `json:"selector,omitempty"`
	Result   string `json:"result"`
	BodyHash string `json:"bodyhash"`
	Verified bool   `json:"verified"`
	Key      string `json:"key,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

type bounceJSON struct {
	By         string          `json:"by,omitempty"`
	Form       string          `json:"form,omitempty"`
	Language   string          `json:"language,omitempty"`
	Recipients []recipientJSON `json:"recipients"`
	Original   *originalJSON   `json:"original,omitempty"`
}

type recipientJSON struct {
	Recipient  string   `json:"recipient,omitempty"`
	Original   string   `json:"original,omitempty"`
	Status     string   `json:"status,omitempty"`
	StatusFrom string   `json:"status_from,omitempty"`
	Reply      string   `json:"reply,omitempty"`
	Action     string   `json:"action,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	Retry      bool     `json:"retry"`
	Who        string   `json:"who,omitempty"`
	Host       string   `json:"host,omitempty"`
	Text       string   `json:"text,omitempty"`
	Means      string   `json:"means,omitempty"`
	Advice     []string `json:"advice,omitempty"`
}

type originalJSON struct {
	MID     string `json:"mid,omitempty"`
	ID      string `json:"id,omitempty"`
	Subject string `json:"subject,omitempty"`
	Date    string `json:"date,omitempty"`
}

func newExplanation(it *item, rep *explain.Report) explanation {
	e := explanation{Type: "explanation", Path: it.path, ID: it.id.String(), Kind: rep.Kind, Trace: newTrace(&rep.Trace)}
	v := &rep.Verdict
	e.Verdict = verdictJSON{v.Kind, v.Sure, v.Short, facts(v.Evidence), facts(v.Against), v.Advice, v.Missing}
	a := &rep.Auth
	e.Auth = authJSON{From: a.From, Aligned: a.Aligned, StatedBy: a.StatedBy, SPF: a.SPF.Value, DMARC: a.DMARC.Value, ARC: a.ARC.Value}
	for _, s := range a.DKIM {
		e.Auth.DKIM = append(e.Auth.DKIM, signatureJSON{s.Domain, s.Selector, s.Result, s.BodyHash, s.Verified, s.Key, s.Problem})
	}
	if b := rep.Bounce; b != nil {
		e.Bounce = newBounce(b)
	}
	return e
}

func newTrace(t *explain.Trace) traceJSON {
	j := traceJSON{Hops: []hopJSON{}, Own: t.Own, Problems: facts(t.Problems)}
	for i := range t.Hops {
		h := &t.Hops[i]
		x := hopJSON{From: h.From, Name: h.FromName, IP: h.IP, By: h.By, Protocol: h.Protocol, User: h.User, SignedIn: h.SignedIn, ID: h.ID, For: h.For,
			Time: dateJSON(h.Time), TLS: h.TLS, Version: h.Version, Cipher: h.Cipher, Unsure: h.Unsure, Trust: h.Trust, Offset: h.Offset}
		if h.HasDelay {
			x.Delay = ptr(h.Delay.Seconds())
		}
		if h.Skewed {
			x.Skew = ptr(h.Skew.Seconds())
		}
		j.Hops = append(j.Hops, x)
	}
	if t.Slowest >= 0 {
		h := &t.Hops[t.Slowest]
		j.Slowest = &slowest{h.By, h.Delay.Seconds()}
		j.Total = ptr(t.Total.Seconds())
	}
	if t.Origin.IP != "" {
		j.Origin = &origin{t.Origin.IP, t.Origin.By, t.Origin.Sure}
	}
	return j
}

func newBounce(b *explain.Bounce) *bounceJSON {
	j := &bounceJSON{By: b.By, Form: b.Form, Language: b.Language, Recipients: []recipientJSON{}}
	for _, r := range b.Recipients {
		j.Recipients = append(j.Recipients, newRecipient(r))
	}
	if o := b.Original; o != nil {
		j.Original = &originalJSON{o.MessageID, o.ID, o.Subject, dateJSON(o.Date)}
	}
	return j
}

func newRecipient(r explain.Recipient) recipientJSON {
	return recipientJSON{r.Address, r.Original, r.Status, r.StatusFrom, r.Reply, r.Action, r.Reason, r.Retry, r.Who, r.RemoteHost, r.Said, r.Means, r.Advice}
}

func facts(list []explain.Fact) []factJSON {
	var out []factJSON
	for _, f := range list {
		j := factJSON{Text: f.Text, Field: f.Field, Value: f.Value}
		if f.Offset >= 0 {
			j.Offset = ptr(f.Offset)
		}
		out = append(out, j)
	}
	return out
}
