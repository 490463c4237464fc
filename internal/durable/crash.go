package durable

// CrashPoints names every step of a commit at which a program built with the
// tag crashpoints kills itself when LOSTPOST_CRASHPOINT says so, in the order
// in which a commit comes by.
var CrashPoints = []string{
	"begin-synced",    // the ledger says that a run has begun
	"tmp-written",     // one message is in tmp, not synced
	"tmp-synced",      // all messages of the batch are in tmp and synced
	"folder-made",     // a folder of a mailbox was made
	"renamed",         // one message has its name in cur
	"linked",          // one message has its name in a further mailbox
	"dir-synced",      // all names of the batch are durable
	"ledger-appended", // the lines are written, not synced
	"ledger-synced",   // the commit point has passed
	"removed",         // one name of a removed message is gone
	"cache-written",   // cache/ids was replaced
	"closed",          // the clean mark is written
}
