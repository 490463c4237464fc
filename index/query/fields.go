package query

import "slices"

// An Operator is one name that may stand before a colon. docs/QUERY.md and
// "lostpost help query" are made from this table.
type Operator struct {
	Name    Field    // canonical
	Aliases []string // other spellings, of other programs
	Help    string   // one line
	Example string   // a query that parses
	Values  []Value  // if only these may follow; else nil
	kind    kind
}

// A Value is one word that a closed operator (has:, is:) takes.
type Value struct {
	Name    string
	Aliases []string
	Help    string
}

// A Form is a way of writing that needs no name.
type Form struct{ Example, Help string }

// kind says how the value of an operator is read and what it becomes.
type kind uint8

const (
	words      kind = iota // words with positions: quotes make a Phrase
	exact                  // one value as a whole: quotes only hold it together
	messageID              // exact, with or without < >
	closed                 // one of Values
	tagged                 // a flag if it is one, else a label
	yesno                  // yes or no for the Value of the same name
	dupOf                  // yes or no, near, differs, or the id of a message
	partialOf              // yes or no, or the id of a split message
	dateRange              // a day, a range, a comparison
	dateFrom               // from the start of the date on
	dateBefore             // before the start of the date
	dateUntil              // up to the end of the date
	dateNewer              // younger than an age
	dateOlder              // older than an age
	sizeRange              // octets, a range, a comparison
	sizeOver               // more octets than that
	sizeUnder              // fewer octets than that
	headerName             // header:name=value
	threadOf               // thread:{query}
)

// operators is the one table of names. Order is the order of the help.
var operators = []Operator{
	{Name: "from", Aliases: []string{"f", "sender"}, Help: "the sender: a name, an address or a part of one", Example: "from:anna"},
	{Name: "to", Aliases: []string{"t"}, Help: "a recipient in To", Example: "to:board@kvist.example"},
	{Name: "cc", Aliases: []string{"c"}, Help: "a recipient in Cc", Example: "cc:anna"},
	{Name: "bcc", Aliases: []string{"h"}, Help: "a recipient in Bcc", Example: "bcc:anna"},
	{Name: "recip", Aliases: []string{"recipient", "deliveredto"}, Help: "any recipient: To, Cc, Bcc", Example: "recip:anna"},
	{Name: "contact", Aliases: []string{"with", "participants"}, Help: "sender or any recipient", Example: "contact:anna"},
	{Name: "subject", Aliases: []string{"s"}, Help: "words of the subject", Example: `subject:"open invoice"`},
	{Name: "body", Aliases: []string{"b", "contents"}, Help: "words of the message text only", Example: "body:invoice"},
	{Name: "filename", Aliases: []string{"attachment", "attachments", "file", "j"}, Help: "name of an attachment, whole or a part", Example: "filename:contract.pdf"},
	{Name: "attached", Aliases: []string{"embed", "e"}, Help: "words inside attachments", Example: "attached:warranty"},
	{Name: "type", Aliases: []string{"mime", "mimetype", "y"}, Help: "kind of an attachment: pdf, image, document, image/png", Example: "type:pdf", kind: exact},
	{Name: "has", Help: "what a message contains", Example: "has:attachment", kind: closed, Values: []Value{
		{"attachment", []string{"attach", "attachments"}, "a part with a file name or marked as attachment"},
		{"pdf", nil, "the same as type:pdf"},
		{"image", []string{"photo", "picture"}, "the same as type:image"},
		{"document", []string{"doc"}, "the same as type:document"},
		{"spreadsheet", nil, "the same as type:spreadsheet"},
		{"presentation", nil, "the same as type:presentation"},
		{"audio", nil, "the same as type:audio"},
		{"video", nil, "the same as type:video"},
		{"problem", []string{"problems"}, "something had to be repaired or is lost"},
	}},
	{Name: "is", Aliases: []string{"flag", "g"}, Help: "flags and kinds of messages", Example: "is:unread", kind: closed, Values: []Value{
		{"unread", []string{"unseen", "new"}, "not seen yet"},
		{"read", []string{"seen"}, "seen"},
		{"flagged", []string{"starred", "important"}, "marked with a flag or star"},
		{"replied", []string{"answered"}, "answered"},
		{"forwarded", []string{"passed"}, "passed on"},
		{"deleted", []string{"trashed"}, "marked as deleted"},
		{"draft", nil, "a draft"},
		{"unsent", nil, "written and never sent"},
		{"bounce", nil, "a notice that delivery failed"},
		{"delay", nil, "a notice that delivery is tried again"},
		{"carved", nil, "recovered from a damaged file or image"},
		{"duplicate", nil, "the same octets lie in more than one place"},
		{"partial", nil, "a piece of a message, or more than could be read"},
	}},
	{Name: "tag", Help: "a flag as in is:, else a label as in in:", Example: "tag:work", kind: tagged},
	{Name: "in", Aliases: []string{"folder", "label", "mailbox", "path", "maildir", "m", "category", "x"}, Help: "a mailbox or label, by name or role (inbox, drafts, sent, trash, junk); in:anywhere is everything", Example: `in:"Work/Old"`, kind: exact},
	{Name: "read", Aliases: []string{"isread"}, Help: "yes or no: seen", Example: "read:no", kind: yesno},
	{Name: "flagged", Aliases: []string{"isflagged"}, Help: "yes or no: marked with a flag", Example: "flagged:yes", kind: yesno},
	{Name: "hasattachment", Aliases: []string{"hasattachments"}, Help: "yes or no: has an attachment", Example: "hasattachment:yes", kind: yesno},
	{Name: "dup", Aliases: []string{"duplicate"}, Help: "yes or no: the same octets lie in more than one place; near: the same message came another time, with a list's footer or written anew by a server; differs: its Message-ID is also that of another text; an id: that message and its near duplicates", Example: "dup:near", kind: dupOf},
	{Name: "partial", Help: "yes or no: a piece of a message, or more than could be read; an id: the pieces of a split message with this id (RFC 2046)", Example: "partial:yes", kind: partialOf},
	{Name: "date", Aliases: []string{"received", "sent", "d"}, Help: `a day, month, year, range or word: 2017-03, 2017-03-01..2017-03-31, 2d.., today, yesterday, "last week", march`, Example: "date:2017-03-01..2017-03-31", kind: dateRange},
	{Name: "after", Aliases: []string{"since"}, Help: "that day or later", Example: "after:2017-03-01", kind: dateFrom},
	{Name: "before", Help: "earlier than that day", Example: "before:2017-04-01", kind: dateBefore},
	{Name: "until", Help: "that day or earlier", Example: "until:2017-03-31", kind: dateUntil},
	{Name: "newer_than", Aliases: []string{"newer"}, Help: "younger than an age: 2d, 3w, 6m (months), 1y, 12h, 30min", Example: "newer_than:2d", kind: dateNewer},
	{Name: "older_than", Aliases: []string{"older"}, Help: "older than an age", Example: "older_than:1y", kind: dateOlder},
	{Name: "size", Aliases: []string{"z"}, Help: "octets of the whole message: 2k..10M, >1M, <20k; a single size is the least", Example: "size:2k..10M", kind: sizeRange},
	{Name: "larger", Aliases: []string{"larger_than"}, Help: "more octets than that", Example: "larger:10M", kind: sizeOver},
	{Name: "smaller", Aliases: []string{"smaller_than"}, Help: "fewer octets than that", Example: "smaller:20k", kind: sizeUnder},
	{Name: "id", Aliases: []string{"mid", "msgid", "rfc822msgid", "i"}, Help: "the Message-ID; <...> pasted without a name works too", Example: "id:20170301.1@kvist.example", kind: messageID},
	{Name: "list", Aliases: []string{"v"}, Help: "the mailing list, by words of its List-Id", Example: "list:gardeners"},
	{Name: "header", Help: "any field of the header: header:name=value, header:name for any value, header:*=value for any field", Example: "header:x-ticket=QX-1", kind: headerName},
	{Name: "lang", Aliases: []string{"language"}, Help: "language of a text as it declares it, in Content-Language or the lang of HTML, never guessed: lang:de also finds de-AT", Example: "lang:de", kind: exact},
	{Name: "charset", Help: "charset of a text, as declared or as read", Example: "charset:koi8-r", kind: exact},
	{Name: "problem", Help: "a problem that reading it met, by its code (problem:* for any)", Example: "problem:charset-unknown", kind: exact},
	{Name: "source", Help: "where it came from: file, imap, pop3, or the name of a file, account or server", Example: "source:takeout.zip", kind: exact},
	{Name: "state", Help: "what its source said of it: unsent, deleted, carved", Example: "state:unsent", kind: exact},
	{Name: "draft", Help: "what lostpost drafts would call it by itself: draft, probable, unsent, deleted, template", Example: "draft:probable", kind: exact},
	{Name: "reason", Help: "why a delivery failed", Example: "reason:mailboxfull", kind: exact},
	{Name: "status", Help: "the code that a delivery notice states", Example: "status:5.1.1", kind: exact},
	{Name: "thread", Help: "whole threads in which one message is found, or the thread of a message", Example: "thread:{from:anna invoice}", kind: threadOf},
}

var forms = []Form{
	{"invoice march", "both words, anywhere in the message; other spellings of accents too"},
	{`"open invoice"`, "these words side by side; quotes make anything literal"},
	{"+invoice", "this word and no other form of it"},
	{"invo*", "words that begin so"},
	{"*voice*", "words that contain it"},
	{"invoise~1", "words that differ in one letter (~2: two)"},
	{"subject:/inv.*e/", "words that match a regular expression"},
	{"invoice or bill", "one of both"},
	{"{invoice bill}", "the same"},
	{"invoice -paid", "the first without the second; also: not paid"},
	{"invoice xor bill", "one of both, not both"},
	{"from:anna (invoice or bill)", "round brackets group"},
	{"subject:(invoice or bill)", "a name before brackets is meant for each word in them"},
	{"invoice NEAR/5 march", "at most 5 words apart, in any order; also: AROUND 5"},
	{"<20170301.1@kvist.example>", "the message with this Message-ID"},
	{"*", "every message"},
}

// Operators gives the names of the language in the order in which help shows
// them. The slice is the caller's; what it points to must not be changed.
func Operators() []Operator { return slices.Clone(operators) }

// Forms gives the ways of writing that need no name. The slice is the caller's.
func Forms() []Form { return slices.Clone(forms) }

// lookup finds an operator by its name or an alias, in lower case.
func lookup(name string) *Operator {
	for i := range operators {
		if op := &operators[i]; string(op.Name) == name || slices.Contains(op.Aliases, name) {
			return op
		}
	}
	return nil
}

// value gives the canonical name of one of the values of a closed operator.
func (op *Operator) value(name string) (string, bool) {
	for _, v := range op.Values {
		if v.Name == name || slices.Contains(v.Aliases, name) {
			return v.Name, true
		}
	}
	return "", false
}

// kindOf says how a field of a tree is written.
func kindOf(f Field) kind {
	if op := lookup(string(f)); op != nil {
		return op.kind
	}
	if isHeader(f) {
		return headerName
	}
	return words
}

// textPrefixes stand before a colon in mail text without being operators: the
// answer and forward marks of subject lines in many languages, and schemes.
var textPrefixes = []string{
	"re", "fw", "fwd", "aw", "wg", "sv", "vs", "vb", "antw", "ant", "doorst", "tr", "rv", "enc", "res",
	"odp", "pd", "ynt", "ilt", "ha", "vl", "rif", "bls", "trs", "ref", "bv",
	"http", "https", "ftp", "ftps", "sftp", "ssh", "git", "mailto", "news", "nntp", "imap", "imaps", "pop",
	"tel", "sip", "sms", "urn", "doi", "isbn", "issn", "data", "cid", "about", "webcal", "ldap", "irc", "magnet", "spotify",
}
