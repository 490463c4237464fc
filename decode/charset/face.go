// Package charset turns octets in any charset that mail names, or none, into
// Unicode text.
package charset

// Result is text and how it was read.
type Result struct {
	Text     string  // valid UTF-8, always
	Declared string  // the label as given
	Used     string  // IANA preferred name, lower case, of the charset that was used
	Faults   []Fault // empty when the label was right
}

// A Fault is a repair or a loss while reading a text: charset-unknown,
// charset-false-label, charset-missing, charset-bad-octets, ...
type Fault struct {
	Code   string
	Offset int64 // octet in the input, -1 if it concerns the whole
	Lost   bool
	Detail string
}

// Decode reads b under the label; hint is the charset of a sibling part or
// field, "" if none. It never fails: what no charset explains becomes U+FFFD
// with a Fault that is Lost. The order of evidence is DECODING.md 4.2.
func Decode(b []byte, label, hint string) Result { panic("face only") }

// Canonical gives the IANA preferred name (lower case) of a label after alias
// and spelling repair, or "" if nothing is known by that name.
func Canonical(label string) string { panic("face only") }
