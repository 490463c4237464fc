package main

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"lostpost/explain"
	"lostpost/index"
	"lostpost/index/local"
	"lostpost/index/query"
)

// options gathers whom the reader trusts and knows.
func (x *explainer) options(ctx context.Context, args []string) error {
	f := x.flags
	x.opt = explain.Options{Trust: f.trust, Me: f.me}
	if c, err := x.app.config(); err == nil && len(f.me) == 0 && c != nil {
		for _, acc := range c.Accounts {
			if acc.Address != "" {
				x.opt.Me = append(x.opt.Me, acc.Address)
			}
		}
	}
	if err := x.keys(); err != nil {
		return err
	}
	if len(f.logs) > 0 {
		var err error
		if x.logs, err = x.app.readLogs(f.logs); err != nil {
			return err
		}
	}
	// A domain that looks like the reader's own is a trick too.
	known := slices.Clone(x.opt.Me)
	if f.contacts != "" {
		b, err := os.ReadFile(f.contacts)
		if err != nil {
			return err
		}
		known = append(known, strings.Split(string(b), "\n")...)
	}
	if f.query != "" || slices.ContainsFunc(args, x.app.namesMessage) {
		list, err := x.correspondents(ctx)
		if err != nil {
			return err
		}
		if f.contacts == "" {
			known = append(known, list...)
		}
	}
	x.opt.Contacts = explain.NewContacts(known)
	return nil
}

// correspondents gives the addresses that the reader wrote to, out of the
// index, and lets bounced mail be looked up in it. Without an index there are
// none, and what is explained does not need it.
func (x *explainer) correspondents(ctx context.Context) ([]string, error) {
	ix, err := x.app.openIndex(local.Options{})
	if err != nil {
		return nil, nil
	}
	defer ix.Close()
	x.opt.Find = func(ctx context.Context, mid string) (string, error) {
		ids, err := x.app.hits(ctx, query.Term{Field: "id", Text: mid})
		if err != nil || len(ids) == 0 {
			return "", err
		}
		return ids[0].String(), nil
	}
	var sent query.Or
	for _, me := range x.opt.Me {
		sent.List = append(sent.List, query.Term{Field: "from", Text: me})
	}
	if len(sent.List) == 0 {
		sent.List = append(sent.List, query.Term{Field: "in", Text: "sent"})
	}
	res, err := ix.Search(ctx, index.Request{Query: sent, Limit: 1, Facets: []query.Field{"to", "cc"}})
	if err != nil {
		return nil, err
	}
	var known []string
	for _, field := range []query.Field{"to", "cc"} {
		for _, c := range res.Facets[field] {
			known = append(known, c.Value)
		}
	}
	return known, nil
}

// keys sets where DKIM records come from.
func (x *explainer) keys() error {
	var saved map[string]string
	if x.flags.keys != "" {
		file, err := os.Open(x.flags.keys)
		if err != nil {
			return err
		}
		defer file.Close()
		if saved, err = explain.ParseKeys(file); err != nil {
			return fail(exitFailed, `Each line is a DNS name, a tab, and its record: s1._domainkey.example.org	v=DKIM1; p=...`, "%s: %v.", x.flags.keys, err)
		}
	}
	if saved == nil && !x.flags.online {
		return nil
	}
	asked := map[string]string{}
	x.opt.Key = func(ctx context.Context, name string) (string, error) {
		if record, ok := saved[name]; ok || !x.flags.online {
			return record, nil
		}
		if record, ok := asked[name]; ok {
			return record, nil
		}
		record, err := askDNS(ctx, name)
		if err == nil {
			asked[name] = record
		}
		return record, err
	}
	return nil
}

// dnsTime is how long one question may take.
const dnsTime = 5 * time.Second

// askDNS gives the TXT record of a name, "" if there is none.
func askDNS(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	list, err := net.DefaultResolver.LookupTXT(ctx, name)
	var none *net.DNSError
	if errors.As(err, &none) && none.IsNotFound {
		return "", nil
	}
	for _, record := range list {
		if strings.Contains(record, "p=") {
			return record, nil
		}
	}
	return "", err
}
